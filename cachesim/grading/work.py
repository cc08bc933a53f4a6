"""A student's attempt on the student's own machine: the cells that ran in this notebook, or the files from `start`."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from cachesim.errors import BadInput
from cachesim.grading.exercise import Exercise, all_paths
from cachesim.grading.submission import Submission, from_inputs, is_attempted, read

KINDS = (".py", ".ipynb")  # of the files that `start` writes


class Draft(NamedTuple):
    """The attempt that a check looks at."""

    name: str  # as the student knows it: "01_lru.py", "In [5]"
    submission: Submission
    notes: tuple[str, ...] = ()


def work_on(task: Exercise, path: Path | None = None) -> Draft:
    """Find the attempt to judge: a file; without one the cells that ran in this notebook, or the student's files here.

    Raises
    ------
    BadInput
        There is nothing that could be judged; the sentence says what to do.
    """
    if path is not None:
        return _in_file(task, path)
    inputs = run_here()
    return _in_files(task) if inputs is None else _in_notebook(task, inputs)


def _in_file(task: Exercise, path: Path) -> Draft:
    if not path.exists():
        raise BadInput(f'there is no "{path}" here; give the name of your file')
    submission = read(path, task)
    return Draft(str(path), submission, tuple(_for_another(task, path, submission)))


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


def _in_files(task: Exercise) -> Draft:
    """Return the file in which something is written; if that is so in both, both: the better one counts."""
    found, refused = [], []
    for path in own_files(task):
        try:
            found.append(read(path, task))
        except BadInput as error:
            refused.append(str(error))
    if not found:
        raise BadInput("; ".join(refused))
    first, *others = [one for one in found if is_attempted(one, task)] or found[:1]
    name = " and ".join(one.file for one in (first, *others))
    return Draft(name, first._replace(others=tuple(others)), tuple(refused))


def run_here() -> list[str] | None:
    """Return the cells that were run in this notebook, by their number, as they were written; None outside of one."""
    shell = sys.modules.get("IPython")
    running: Any = shell.get_ipython() if shell is not None else None
    if running is None:
        return None
    history = getattr(running, "history_manager", None)
    written = getattr(history, "input_hist_raw", None) or running.user_ns.get("In", [])
    return [str(text) for text in written]


def _in_notebook(task: Exercise, inputs: list[str]) -> Draft:
    names = " and ".join(task.entry_points)
    try:
        submission = from_inputs(inputs, task)
    except BadInput:
        raise BadInput(
            f"no cell that defines {names} was run in this notebook: run it, then check again; "
            f'to check a file: ex.check("{task.name}.py")'
        ) from None
    where = ", ".join(part.where for part in submission.parts)
    return Draft(where, submission, tuple(_run_again(task, inputs)))


def _run_again(task: Exercise, inputs: list[str]) -> Iterator[str]:
    """Say which of several versions counts."""
    for name in task.entry_points:
        defines = re.compile(rf"^(class|def) {name}\b", re.MULTILINE)
        *before, last = [n for n, text in enumerate(inputs) if defines.search(text)] or [0]
        if any(inputs[n].strip() != inputs[last].strip() for n in before):
            yield f"{name} was run in In [{before[-1]}] and again in In [{last}]: the last one counts"


def saved(task: Exercise, ran: Submission) -> Iterator[str]:
    """Say if the notebook's file holds another answer than the one that was run."""
    path = Path(f"{task.name}.ipynb")
    if path.is_file() and read(path, task).source.split() != ran.source.split():
        yield (
            f"{path} holds another answer than the one that was run here: run all cells from top to bottom, "
            "save the notebook and check again before you hand it in"
        )


def unwritten(task: Exercise, submission: Submission) -> list[str]:
    """Return the entry points that are not written yet, in the file that has most of them."""
    files = (submission, *submission.others)
    missing = [[n for n in task.entry_points if n not in (one.written or ())] for one in files]
    return min(missing, key=len)
