"""Cells: those of a notebook, and those that lines like `# %% [markdown]` mark in a .py file.

Both sides of the sandbox use this file, so it imports nothing but the standard library.
"""

import re
from typing import Any, NamedTuple

MARK = re.compile(r"^# ?%%(?P<about>[^\n]*)\n?", re.MULTILINE)
MARKDOWN = re.compile(r"\[(markdown|md|raw)\]")


class Marked(NamedTuple):
    """One cell of a .py file."""

    about: str  # what stands on its mark, behind the signs
    first: int  # number of its first line in the file, from 1
    source: str

    @property
    def is_code(self) -> bool:
        """Whether it is Python, not prose."""
        return MARKDOWN.search(self.about[:200]) is None


def marked(text: str) -> list[Marked]:
    r"""Return the cells of a text; what stands before the first mark is the first cell.

    >>> marked("import math\n# %% [markdown]\n# Hello\n# %% a\nx = 1\n")[2]
    Marked(about=' a', first=5, source='x = 1\n')
    """
    found, about, start, line = [], "", 0, 1
    for mark in MARK.finditer(text):
        found.append(Marked(about, line, text[start : mark.start()]))
        line += text.count("\n", start, mark.end())
        about, start = mark["about"], mark.end()
    return [*found, Marked(about, line, text[start:])]


class NoNotebook(ValueError):
    """Some JSON that is no notebook."""


def of_notebook(told: Any) -> list[tuple[int, str, str]]:
    """Return number (from 1, prose counts), id and source of each code cell of a notebook that was parsed from JSON.

    Format 3 keeps its cells in worksheets, and calls a source "input". Raises NoNotebook.
    """
    if not isinstance(told, dict) or not isinstance(
        told.get("cells", told.get("worksheets")), list
    ):
        raise NoNotebook
    sheets = [told] if "cells" in told else [s for s in told["worksheets"] if isinstance(s, dict)]
    cells = [cell for sheet in sheets for cell in _list(sheet.get("cells"))]
    return [
        (number, str(cell.get("id")), _source(cell.get("source", cell.get("input"))))
        for number, cell in enumerate(cells, 1)
        if isinstance(cell, dict) and cell.get("cell_type") == "code"
    ]


def _list(told: Any) -> list[Any]:
    return told if isinstance(told, list) else []


def _source(told: Any) -> str:
    if isinstance(told, str):
        return told
    return "".join(line for line in _list(told) if isinstance(line, str))
