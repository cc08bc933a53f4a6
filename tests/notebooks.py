"""How the tests read and run the lesson notebooks: claims, figures in the text, plots, worlds.

docs/howto/write_a_notebook.md tells authors the rules that stand here as code.
"""

import ast
import json
import os
import re
import shutil
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from cachesim.experiments.claims import figures
from tests.patience import PATIENCE

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SERVERS = ("redis-server", "valkey-server", "memcached", "cc", "gcc", "clang")

# Runs before the first cell: what a figure is made of stands beside its picture.
LOOK = """
import json as _json
import numpy as _np
from matplotlib.figure import Figure as _Figure

def _drawn(ax):
    lines = [_np.isfinite(_np.asarray(line.get_ydata(), float)) for line in ax.lines]
    if any(len(line) and not line.any() for line in lines):
        return 0  # a line of which nothing is seen
    lines = [line.sum() for line in lines]
    others = [len(collection.get_paths()) for collection in ax.collections]
    return int(sum(lines) + sum(others) + len(ax.patches))

def _told(figure, printer, cycle):
    axes = [(_drawn(ax), ax.get_xlabel(), ax.get_ylabel() or ",".join(
        label.get_text() for label in ax.get_yticklabels())) for ax in figure.axes]
    printer.text(_json.dumps(axes))

def _look(*_):  # before every cell: "%matplotlib inline" forgets it
    get_ipython().display_formatter.formatters["text/plain"].for_type(_Figure, _told)

get_ipython().events.register("pre_run_cell", _look)
"""


def read(path):
    """Return the cells of a notebook."""
    return nbformat.read(path, as_version=4).cells


def asks_for_servers(path):
    """Return whether the code of a notebook names a program of SERVERS."""
    code = [cell.source for cell in read(path) if cell.cell_type == "code"]
    return any(f'"{server}"' in source for source in code for server in SERVERS)


def tagged(cell, tag):
    """Return whether a cell has a tag."""
    return tag in cell.metadata.get("tags", [])


def cells_of_page(path):
    """Return a page of Markdown as cells; a block of Python whose calls are claims is a claims cell.

    A claim speaks of the text above it since the heading, so a heading begins a cell.
    """
    cells = []
    for number, part in enumerate(
        re.split(r"^```python\n(.*?)^```$", path.read_text("utf-8"), flags=re.M | re.S)
    ):
        if number % 2:
            cells.append(nbformat.v4.new_code_cell(part, metadata={"tags": ["claims"]}))
        else:
            cells += map(nbformat.v4.new_markdown_cell, re.split(r"(?=^#)", part, flags=re.M))
    return cells


def claims(cell):
    """Return the texts that a cell claims something of, and what is wrong with its calls."""
    texts, wrong = [], []
    for node in ast.parse(cell.source).body:
        call = node.value if isinstance(node, ast.Expr) else None
        if not isinstance(call, ast.Call) or ast.unparse(call.func) != "claim":
            continue
        if not isinstance(call.args[0], ast.Constant):
            wrong.append(f"{ast.unparse(call)}: the text must be a literal")
        elif not any(isinstance(part, ast.Name) for part in ast.walk(call.args[1])):
            wrong.append(f"{ast.unparse(call)}: nothing was measured")
        else:
            texts.append(call.args[0].value)
    return texts, wrong


def places(text, source):
    """Return where a text stands in a source, whatever its line ends."""
    words = r"\s+".join(map(re.escape, text.split()))
    return [found.span() for found in re.finditer(rf"(?<!\w){words}(?!\w)", source)]


def untold(cells):
    """Return a sentence for each figure without a claim, and for each claim without a text.

    The claims cells below a Markdown cell, up to the next one, speak of it. Questions ("Now you") say no result.
    """
    offences, source, covered, number = [], "", [], 0
    for place, cell in enumerate([*cells, nbformat.v4.new_markdown_cell()], 1):
        if cell.cell_type == "markdown":
            offences += [
                f'cell {number}: "{source[f.start - 20 : f.end + 10]!r}" has no claim'
                for f in figures(source)
                if not any(start <= f.start and f.end <= end for start, end in covered)
            ]
            source, covered, number = cell.source.partition("**Now you.**")[0], [], place
        elif tagged(cell, "claims"):
            texts, wrong = claims(cell)
            found = {text: places(text, source) for text in texts}
            offences += [f"cell {place}: {sentence}" for sentence in wrong]
            offences += [
                f'cell {place}: "{text}" stands {len(spans)} times in cell {number}, not once'
                for text, spans in found.items()
                if len(spans) != 1
            ]
            covered += [span for spans in found.values() for span in spans]
    return offences


def laptop(folder):
    """Return an environment in which no server and no C compiler is found."""
    tools = Path(folder, "bin")
    tools.mkdir()
    for name in ("python", "python3"):
        tools.joinpath(name).symlink_to(sys.executable)
    return {**os.environ, "PATH": str(tools)}


def has_servers():
    """Return whether a notebook finds real servers here."""
    return all(map(shutil.which, ("redis-server", "memcached", "cc")))


def executed(path, environment):
    """Return the cells of a notebook after a run in an environment; errors stay in their cells."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.insert(0, nbformat.v4.new_code_cell(LOOK))
    client = NotebookClient(
        notebook,
        timeout=PATIENCE,
        kernel_name="python3",
        allow_errors=True,
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.execute(env=environment)
    return notebook.cells[1:]


def complaints(cells):
    """Return a sentence for each error, warning, nan and empty plot in the outputs."""
    return [
        f"cell {place}: {sentence}"
        for place, cell in enumerate(cells, 1)
        for output in cell.get("outputs", [])
        for sentence in _wrong(output)
    ]


def _wrong(output):
    if output.output_type == "error":
        yield f"{output.ename}: {output.evalue}"
        return
    if output.output_type == "stream" and output.name == "stderr":
        yield f"says on stderr: {output.text[:300]}"
    data = output.get("data", {"text/plain": output.get("text", "")})
    shown = f"{data.get('text/plain', '')} {data.get('text/html', '')}"
    if re.search(r"\bnan\b", shown, re.I):
        yield f"shows nan: {shown[:300]}"
    if "warning" in shown.lower():
        yield f"shows a warning: {shown[:300]}"
    if "image/png" in data:
        yield from _faults_of(json.loads(data["text/plain"]))


def _faults_of(axes):
    """Say what a figure lacks: axes, something drawn on them, words at them."""
    if not axes:
        yield "an empty figure"
    for drawn, x, y in axes:
        if drawn < 2:
            yield f"a plot with {drawn} things in it"
        if not x or not y:
            yield f'a plot whose axes are called "{x}" and "{y}"'


def plots(cell):
    """Return how many pictures a cell shows."""
    return sum("image/png" in output.get("data", {}) for output in cell.get("outputs", []))
