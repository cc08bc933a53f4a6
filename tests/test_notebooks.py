"""Every lesson notebook says what is so, with real servers and without them, and shows something."""

import os
import re

import nbformat
import pytest

from cachesim.experiments.claims import figures
from tests import notebooks
from tests.notebooks import NOTEBOOKS, ROOT

HEAD = ("**Goal.**", "**You need.**", "**Time.**", "**Next.**")
ANSWERS = [ROOT / "docs" / "answers" / f"{path.stem}.md" for path in NOTEBOOKS]
md, code = nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell


def claims(source):
    return code(source, metadata={"tags": ["claims"]})


by_name = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def test_there_are_notebooks():
    """The folder is not empty, or the tests below would test nothing."""
    assert len(NOTEBOOKS) >= 11


@by_name
def test_a_notebook_is_stored_clean(path):
    """No outputs, no counts: they are made when it runs."""
    cells = [cell for cell in notebooks.read(path) if cell.cell_type == "code"]

    assert [] == [cell.id for cell in cells if cell.outputs or cell.execution_count]


@by_name
def test_a_notebook_says_what_it_is_for(path):
    """Its first cell has the goal, what comes before, the minutes, and the exercise that follows."""
    first = notebooks.read(path)[0].source

    assert [] == [part for part in HEAD if part not in first]
    assert re.search(r"\*\*Time\.\*\* \d+ minutes", first)
    assert re.search(r"\*\*Next\.\*\*.* exercises? \d\d", first, re.IGNORECASE)


@by_name
def test_a_notebook_records_a_guess(path):
    """A cell keeps the student's guess before the run, and a later one draws it."""
    sources = [cell.source for cell in notebooks.read(path) if cell.cell_type == "code"]
    asked = [n for n, source in enumerate(sources) if re.search(r"^guess = ", source, re.M)]

    assert asked
    assert any(re.search(r"\bguess\b", source) for source in sources[asked[0] + 1 :])


@by_name
def test_every_figure_of_a_notebook_is_claimed(path):
    """No figure in the text without a claim, no claim without its text."""
    assert [] == notebooks.untold(notebooks.read(path))


@by_name
def test_no_figure_of_a_notebook_can_change_alone(path):
    """Whatever figure of the text is written otherwise, and wherever one is added, it is found."""
    cells = notebooks.read(path)
    for cell in cells:
        if cell.cell_type != "markdown":
            continue
        text = cell.source
        asserted = text.partition("**Now you.**")[0]
        for figure in figures(asserted):
            cell.source = f"{text[: figure.start]}987,654{text[figure.end :]}"
            assert notebooks.untold(cells), text[figure.start : figure.end]
        cell.source = f"LRU hits 71.3 %.\n\n{text}"
        assert notebooks.untold(cells)
        cell.source = text


@pytest.mark.parametrize("page", ANSWERS, ids=lambda page: page.stem)
def test_every_figure_of_an_answer_is_claimed(page):
    """The key for teachers keeps the same rule; tests/test_docs.py runs its code."""
    assert [] == notebooks.untold(notebooks.cells_of_page(page))


@by_name
def test_every_question_has_an_answer(path):
    """As many numbered questions after "Now you" as numbered answers on the teacher's page."""
    texts = [cell.source for cell in notebooks.read(path) if cell.cell_type == "markdown"]
    asked = texts[-1].partition("**Now you.**")[2]
    page = (ROOT / "docs" / "answers" / f"{path.stem}.md").read_text("utf-8")
    questions = re.findall(r"^(\d)\. ", asked, re.M)

    assert questions
    assert questions == re.findall(r"^## (\d) · ", page, re.M)


# Every notebook runs without servers; one that looks for them runs with them as well.
WORLDS = [
    (path, world)
    for path in NOTEBOOKS
    for world in ("laptop", "servers")
    if world == "laptop" or notebooks.asks_for_servers(path)
]


def test_a_notebook_runs_with_servers():
    """At least one does; the others cannot know whether there are any."""
    assert "servers" in {world for _, world in WORLDS}


@pytest.mark.parametrize(
    ("path", "world"), WORLDS, ids=[f"{path.stem}-{world}" for path, world in WORLDS]
)
def test_a_notebook_is_true(path, world, tmp_path):
    """No cell fails, a claim's least of all; no nan, no warning, no empty plot; each plot is told in words."""
    if world == "servers" and not notebooks.has_servers():
        pytest.skip("redis-server, memcached or cc is not installed")
    environment = dict(os.environ) if world == "servers" else notebooks.laptop(tmp_path)

    cells = notebooks.executed(path, environment)
    shown = [n for n, cell in enumerate(cells) if notebooks.plots(cell)]
    told = [n for n, cell in enumerate(cells) if cell.source.startswith("*The plot:*")]

    assert [] == notebooks.complaints(cells)
    assert shown
    assert [] == [n + 1 for n in shown if not is_told(n, told, shown)]


def is_told(place, told, shown):
    """Return whether a text about the plot stands between it and the next plot."""
    after = min([n for n in shown if n > place], default=10**6)
    return any(place < n < after for n in told)


# --- the rules themselves, each broken once

RIGHT = [md("LRU hits 33.2 %."), code("x = 0.332"), claims('claim("33.2 %", x)')]
BROKEN = {
    "no claim": ([RIGHT[0], RIGHT[1]], "has no claim"),
    "another figure": ([md("LRU hits 36.6 %."), *RIGHT[1:]], "stands 0 times in cell 1, not once"),
    "a second figure": ([md("33.2 %, FIFO 30 %"), *RIGHT[1:]], "has no claim"),
    "a word": ([md("It is twice as good."), RIGHT[1]], "has no claim"),
    "too far away": ([RIGHT[0], md("So."), *RIGHT[1:]], "has no claim"),
    "said and not measured": ([RIGHT[0], claims('claim("33.2 %", 0.332)')], "nothing was measured"),
    "twice the same": ([md("33.2 % or 33.2 %"), *RIGHT[1:]], "stands 2 times"),
    "no literal": ([RIGHT[0], claims('claim(f"{1}", x)')], "must be a literal"),
    "not tagged": ([RIGHT[0], code('claim("33.2 %", x)')], "has no claim"),
}


def test_a_true_text_is_let_through():
    """The text, what it is about, and the claim."""
    assert [] == notebooks.untold(RIGHT)


@pytest.mark.parametrize("broken", BROKEN)
def test_an_untold_figure_is_found(broken):
    """Each way to have a figure without a claim, or a claim without its figure."""
    cells, sentence = BROKEN[broken]

    assert any(sentence in offence for offence in notebooks.untold(cells))


WRONG = {
    "a claim": (
        'from cachesim.experiments.claims import claim\nclaim("33 %", 0.5)',
        "AssertionError",
    ),
    "nan": ('print("measured", float("nan"))', "shows nan"),
    "a nan in a table": ("import pandas as pd\npd.DataFrame({'a': [float('nan')]})", "shows nan"),
    "a warning": ('import warnings\nwarnings.warn("odd")', "says on stderr"),
    "an empty plot": (
        "from matplotlib.figure import Figure\nf = Figure()\nf.subplots().set(xlabel='x', ylabel='y')\nf",
        "a plot with 0 things",
    ),
    "a plot of nan beside one of numbers": (
        "from matplotlib.figure import Figure\nf = Figure()\na = f.subplots()\na.axhline(1)\na.axhline(2)\n"
        "a.set(xlabel='x', ylabel='y')\na.plot([1, 2], [float('nan')] * 2)\nf",
        "a plot with 0 things",
    ),
    "no labels": (
        "from matplotlib.figure import Figure\nf = Figure()\nf.subplots().plot([1, 2])\nf",
        "a plot whose axes are called",
    ),
}


def test_what_is_wrong_is_seen(tmp_path):
    """Each kind of wrong output, in one notebook, is named with its cell."""
    path = tmp_path / "wrong.ipynb"
    sources = [source for source, _ in WRONG.values()]
    nbformat.write(
        nbformat.v4.new_notebook(cells=list(map(code, ["%matplotlib inline", *sources]))), path
    )

    found = notebooks.complaints(notebooks.executed(path, notebooks.laptop(tmp_path)))

    for place, (_, sentence) in enumerate(WRONG.values(), 2):
        assert any(f"cell {place}: " in told and sentence in told for told in found), (
            sentence,
            found,
        )


def test_a_laptop_has_no_servers(tmp_path):
    """In the second world none of the programs is found."""
    path = tmp_path / "look.ipynb"
    look = f"import shutil\nassert not any(map(shutil.which, {notebooks.SERVERS}))"
    nbformat.write(nbformat.v4.new_notebook(cells=[code(look)]), path)

    assert [] == notebooks.complaints(notebooks.executed(path, notebooks.laptop(tmp_path)))
