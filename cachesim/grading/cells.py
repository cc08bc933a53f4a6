"""Cells of a lab: read from percent format, written to it and to notebooks.

The percent format marks a cell by a line `# %% [markdown] id="intro" tags=["visible"]`; markdown is commented out.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from cachesim.errors import BadInput
from cachesim.grading.box.cells import Marked, marked

SOLUTION = re.compile(r"^( *)# BEGIN SOLUTION\n.*?^ *# END SOLUTION\n?", re.MULTILINE | re.DOTALL)
MARKERS = re.compile(r"^ *# (BEGIN|END) SOLUTION\n?", re.MULTILINE)


class Cell(NamedTuple):
    """One cell."""

    id: str
    is_code: bool
    tags: tuple[str, ...]
    source: str


def from_percent(text: str) -> list[Cell]:
    r"""Return the cells of a percent-format file. Raises BadInput if the tags of one cannot be read.

    >>> from_percent('# %% [markdown] id="a"\n# Hello\n# %% id="b" tags=["visible"]\nx = 1\n')[1]
    Cell(id='b', is_code=True, tags=('visible',), source='x = 1\n')
    """
    before, *cells = marked(text)
    first = [before] if before.source.strip() else []
    return [_cell(cell, number) for number, cell in enumerate(first + cells)]


def _cell(cell: Marked, number: int) -> Cell:
    named = re.search(r'id="([^"]+)"', cell.about)
    tags = cell.about.partition("tags=")[2]
    source = cell.source.strip("\n") + "\n"
    if not cell.is_code:
        source = "".join(re.sub(r"^# ?", "", line) for line in source.splitlines(keepends=True))
    return Cell(named[1] if named else f"cell-{number:02d}", cell.is_code, _tags(tags), source)


def _tags(text: str) -> tuple[str, ...]:
    try:
        return tuple(map(str, json.loads(text or "[]")))
    except (ValueError, TypeError, RecursionError):
        raise BadInput(f'tags must be a list such as ["visible"], got {text[:60]}') from None


def to_percent(cells: Iterable[Cell]) -> str:
    """Return cells as a percent-format file."""
    return "\n".join(_percent(cell) for cell in cells)


def _percent(cell: Cell) -> str:
    tags = f" tags={json.dumps(list(cell.tags))}" if cell.tags else ""
    kind = "" if cell.is_code else " [markdown]"
    lines = cell.source.splitlines()
    body = lines if cell.is_code else [f"# {line}".rstrip() for line in lines]
    return "\n".join([f'# %%{kind} id="{cell.id}"{tags}', *body]) + "\n"


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
