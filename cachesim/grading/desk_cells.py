"""The cells of a student's notebook that are no answer: the question, a cell to predict in, a cell to check with."""

from collections.abc import Sequence
from typing import Any

from cachesim.grading.cells import Cell
from cachesim.grading.choices import lettered

DESK = "desk"  # the tag of these cells: they are neither graded nor run by a grader


def with_desk(cells: Sequence[Cell], number: str, asked: dict[str, Any]) -> list[Cell]:
    """Add the cells of the desk: the question after the text, the check after the cells to fill in.

    Cells that have them already (a handout's) and exercises without a question stay as they are.
    """
    if not {"question", "choices"} <= set(asked) or any(DESK in cell.tags for cell in cells):
        return list(cells)
    text = sum(1 for cell in cells if not cell.is_code and cell is cells[0])
    answers = [n for n, cell in enumerate(cells, 1) if "# BEGIN SOLUTION" in cell.source]
    end = max(answers, default=len(cells))
    check = _cell("check", "ex.check()\n")
    return [*cells[:text], *_question(number, asked), *cells[text:end], check, *cells[end:]]


def _question(number: str, asked: dict[str, Any]) -> list[Cell]:
    choices = "\n".join(f"- {choice}" for choice in lettered(asked["choices"]))
    text = (
        f"**Predict first.** {asked['question']}\n\n{choices}\n\n"
        "Write your choice between the quotes and run the cell. A wrong guess costs nothing: it opens the tests, too.\n"
    )
    code = f'import cachesim as cs\n\nex = cs.exercise("{number}")\nex.predict("...")\n'
    return [
        Cell("predict-question", is_code=False, tags=(DESK,), source=text),
        _cell("predict", code),
    ]


def _cell(name: str, code: str) -> Cell:
    return Cell(name, is_code=True, tags=(DESK,), source=code)
