"""Cells of a lab: read from percent format and from notebooks, written to both.

The percent format marks a cell by a line `# %% [markdown] id="intro" tags=["visible"]`; markdown is commented out.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from cachesim.errors import BadInput

MARK = re.compile(r"^# %%(?P<markdown> \[markdown\])?(?P<rest>[^\n]*)$", re.MULTILINE)
SOLUTION = re.compile(r"^( *)# BEGIN SOLUTION\n.*?^ *# END SOLUTION\n?", re.MULTILINE | re.DOTALL)
MARKERS = re.compile(r"^ *# (BEGIN|END) SOLUTION\n?", re.MULTILINE)


class Cell(NamedTuple):
    """One cell."""

    id: str
    is_code: bool
    tags: tuple[str, ...]
    source: str


def from_percent(text: str) -> list[Cell]:
    r"""Return the cells of a percent-format file.

    >>> from_percent('# %% [markdown] id="a"\n# Hello\n# %% id="b" tags=["visible"]\nx = 1\n')[1]
    Cell(id='b', is_code=True, tags=('visible',), source='x = 1\n')
    """
    marks = list(MARK.finditer(text))
    before = text[: marks[0].start()] if marks else text
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    first = [Cell("before", is_code=True, tags=(), source=before)] if before.strip() else []
    return first + [
        _cell(m, text[m.end() + 1 : end], n)
        for n, (m, end) in enumerate(zip(marks, ends, strict=True))
    ]


def _cell(mark: re.Match[str], body: str, number: int) -> Cell:
    named = re.search(r'id="([^"]+)"', mark["rest"])
    tagged = re.search(r"tags=(\[[^\]]*\])", mark["rest"])
    tags = tuple(json.loads(tagged[1])) if tagged else ()
    source = body.strip("\n") + "\n"
    if mark["markdown"]:
        source = "".join(re.sub(r"^# ?", "", line) for line in source.splitlines(keepends=True))
    return Cell(named[1] if named else f"cell-{number:02d}", not mark["markdown"], tags, source)


def to_percent(cells: Iterable[Cell]) -> str:
    """Return cells as a percent-format file."""
    return "\n".join(_percent(cell) for cell in cells)


def _percent(cell: Cell) -> str:
    tags = f" tags={json.dumps(list(cell.tags))}" if cell.tags else ""
    kind = "" if cell.is_code else " [markdown]"
    lines = cell.source.splitlines()
    body = lines if cell.is_code else [f"# {line}".rstrip() for line in lines]
    return "\n".join([f'# %%{kind} id="{cell.id}"{tags}', *body]) + "\n"


def from_notebook(text: str) -> list[Cell]:
    """Return the cells of a notebook. Raises BadInput if it is none."""
    try:
        return [_from_json(cell, number) for number, cell in enumerate(json.loads(text)["cells"])]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise BadInput(
            "this is no notebook that Jupyter could have written; save it again"
        ) from None


def _from_json(cell: dict[str, Any], number: int) -> Cell:
    source = cell["source"]
    text = source if isinstance(source, str) else "".join(source)
    tags = tuple(map(str, cell.get("metadata", {}).get("tags", ())))
    return Cell(str(cell.get("id", f"cell-{number:02d}")), cell["cell_type"] == "code", tags, text)


def to_notebook(cells: Iterable[Cell]) -> str:
    """Return cells as a notebook; the same cells always give the same bytes."""
    return notebook_of(map(to_json, cells))


def notebook_of(cells: Iterable[dict[str, Any]]) -> str:
    """Return a notebook of cells that are JSON already."""
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    about = {"kernelspec": kernel, "language_info": {"name": "python"}}
    notebook = {"cells": list(cells), "metadata": about, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def to_json(cell: Cell) -> dict[str, Any]:
    """Return a cell as notebooks hold it: never run, without outputs."""
    source = cell.source.rstrip("\n").splitlines(keepends=True)
    common = {"id": cell.id, "metadata": {"tags": list(cell.tags)} if cell.tags else {}}
    if not cell.is_code:
        return {"cell_type": "markdown", **common, "source": source}
    ran: dict[str, Any] = {"execution_count": None, "outputs": []}
    return {"cell_type": "code", **common, **ran, "source": source}


def for_students(cells: Iterable[Cell]) -> Iterator[Cell]:
    """Yield the cells that students get: no hidden ones, and `...` for each solution."""
    for cell in cells:
        if "hidden" not in cell.tags:
            yield cell._replace(source=SOLUTION.sub(r"\1...\n", cell.source))


def solved(cells: Iterable[Cell]) -> Iterator[Cell]:
    """Yield the cells with their solutions, without the marks and without hidden cells."""
    for cell in cells:
        if "hidden" not in cell.tags:
            yield cell._replace(source=MARKERS.sub("", cell.source))
