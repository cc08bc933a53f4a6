"""A student's work where the student sits: cells that were run in this notebook, or the files that `start` wrote."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from cachesim.errors import BadInput
from cachesim.grading.exercise import Exercise, all_paths
from cachesim.grading.parts import Part
from cachesim.grading.submission import Submission, is_attempted, read

KINDS = (".py", ".ipynb")  # of the files that `start` writes


class Work(NamedTuple):
    """What a check looks at."""

    name: str  # as the student knows it: "01_lru.py", "In [5]"
    submission: Submission
    notes: tuple[str, ...] = ()


def work_on(task: Exercise, path: Path | None = None) -> list[Work]:
    """Return what is to be judged: a file, or what was run here, or each of the student's files that was changed.

    Raises
    ------
    BadInput
        There is nothing that could be judged; the sentence says what to do.
    """
    if path is not None:
        return [_read(task, path)]
    inputs = run_here()
    if inputs is not None:
        return [_run(task, inputs)]
    found = [_read(task, path) for path in own_files(task)]
    return [work for work in found if is_attempted(work.submission, task)] or found[:1]


def files_here(task: Exercise) -> list[Path]:
    """Return those of the files that `start` writes which are here."""
    return [path for kind in KINDS if (path := Path(f"{task.name}{kind}")).is_file()]


def own_files(task: Exercise) -> list[Path]:
    """Return the student's files. Raises BadInput if there is none."""
    found = files_here(task)
    if not found:
        raise BadInput(
            f"there is no {task.name}.py here; begin with: cachesim exercise start {task.id}"
        )
    return found


def _read(task: Exercise, path: Path) -> Work:
    if not path.exists():
        raise BadInput(f'there is no "{path}" here; give the name of your file')
    submission = read(path, task)
    return Work(str(path), submission, (*submission.notes, *_for_another(task, path, submission)))


def _for_another(task: Exercise, path: Path, submission: Submission) -> Iterator[str]:
    """Say if a file without an attempt at this exercise answers another one."""
    if is_attempted(submission, task):
        return
    for other in map(Exercise, all_paths()):
        if other.id != task.id and is_attempted(read(path, other), other):
            yield (
                f'"{path}" looks like an answer to exercise {other.id}, {other.title}: '
                f"cachesim exercise check {other.id} {path}"
            )


def run_here() -> list[str] | None:
    """Return the cells that were run in this notebook, by their number, as they were written; None outside of one."""
    shell = sys.modules.get("IPython")
    running: Any = shell.get_ipython() if shell is not None else None
    if running is None:
        return None
    history = getattr(running, "history_manager", None)
    written = getattr(history, "input_hist_raw", None) or running.user_ns.get("In", [])
    return [str(text) for text in written]


def _run(task: Exercise, inputs: list[str]) -> Work:
    submission = from_inputs(inputs, task)
    where = [part.where for part in submission.parts if part.where]
    if not where:
        names = " and ".join(task.entry_points)
        raise BadInput(
            f"no cell that defines {names} was run in this notebook: run it, then check again; "
            f'to check a file: ex.check("{task.name}.py")'
        )
    return Work(", ".join(where), submission, tuple(_run_again(task, inputs)))


def _run_again(task: Exercise, inputs: list[str]) -> Iterator[str]:
    """Say which of several versions counts."""
    for name in task.entry_points:
        *before, last = [n for n, text in enumerate(inputs) if _defines(text, name)] or [0]
        if any(inputs[n].strip() != inputs[last].strip() for n in before):
            yield f"{name} was run in In [{before[-1]}] and again in In [{last}]: In [{last}] counts"


def _defines(text: str, name: str) -> bool:
    return re.search(rf"^(class|def) {name}\b", text, re.MULTILINE) is not None


def saved(task: Exercise, ran: Submission) -> Iterator[str]:
    """Say if the notebook's file holds another answer than the one that was run."""
    path = Path(f"{task.name}.ipynb")
    if path.is_file() and _code(read(path, task)) != _code(ran):
        yield (
            f"{path} holds another answer than the one that was run here: run all cells from top to bottom, "
            "save the notebook and check again before you hand it in"
        )


def _code(submission: Submission) -> list[str]:
    return submission.source.split()


def unwritten(task: Exercise, submission: Submission) -> list[str]:
    """Stand in for Exercise.unwritten: the entry points that an answer lacks."""
    return [name for name in task.entry_points if not _defines(submission.source, name)]


def from_inputs(texts: list[str], exercise: Exercise) -> Submission:
    """Stand in for submission.from_inputs: of each entry point the cell that defined it last."""
    chosen = [
        max(n for n, text in enumerate(texts) if _defines(text, name))
        for name in exercise.entry_points
        if any(_defines(text, name) for text in texts)
    ]
    imports = [cell.source for cell in exercise.cells if cell.id == "imports"] if chosen else []
    parts = [Part("", source) for source in imports]
    parts += [Part(f"In [{number}]", texts[number]) for number in sorted(set(chosen))]
    return Submission("this notebook", tuple(parts))
