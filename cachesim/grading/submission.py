"""A submission: a .py, an .ipynb, a folder or a zip, read as data and never imported."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from cachesim.errors import BadInput
from cachesim.grading.answers import AnswerError, plain
from cachesim.grading.cells import for_students
from cachesim.grading.exercise import Exercise
from cachesim.grading.parts import Part
from cachesim.grading.reading import Told, outcome, printable, send_files, send_text
from cachesim.grading.sandbox import Box, Tier, Unsettled, strongest

MOST_NOTES = 20
GRADED = "graded: "  # begins the note that names the file


class Submission(NamedTuple):
    """One student's code, and remarks about the file it came from."""

    id: str
    parts: tuple[Part, ...]
    notes: tuple[str, ...] = ()
    file: str = ""  # which file of a folder or an archive this is
    written: tuple[str, ...] | None = (
        None  # the entry points that are not as the starter has them; None: not known
    )
    others: tuple["Submission", ...] = ()  # other files that hold an answer: the best one counts

    @classmethod
    def of(cls, name: str, source: str) -> "Submission":
        """Make a submission of one text, all of which is run.

        >>> Submission.of("ada", "x = 1").source
        'x = 1'
        """
        return cls(name, (Part("", source),))

    @property
    def source(self) -> str:
        """All parts of all files as one text."""
        mine = [part.code for part in self.parts]
        return "\n".join([*mine, *(other.source for other in self.others)])


def read(path: Path, exercise: Exercise, tier: Tier | None = None) -> Submission:
    """Return a submission, read in a sandbox. Raises BadInput if there is nothing that could be graded.

    Of each file the statements are kept that the entry points need; of several files those that hold an answer.
    """
    name = plain(printable(path.stem if path.is_file() else path.name), 100)
    file = plain(printable(path.name), 100)
    told = _told(file, exercise, tier, lambda box: send_files(box, path))
    return _submission(name, told, exercise, file)


def from_inputs(texts: Sequence[str], exercise: Exercise, tier: Tier | None = None) -> Submission:
    """Read a submission from the cells that ran in a notebook, by the same rules; IPython's `In` is such a list.

    A part's `where` says its place in the list: "In [5]". Cells that were run twice are normal, so there are no notes.
    """
    name = "this notebook"
    cells = json.dumps([str(text) for text in texts])
    told = _told(name, exercise, tier, lambda box: send_text(box, name, cells, "inputs"))
    return _submission(name, told, exercise, name)._replace(notes=())


def is_attempted(submission: Submission, exercise: Exercise) -> bool:
    """Whether the student wrote anything: an entry point differs from the starter."""
    if submission.written is not None:
        return bool(submission.written or any(other.written for other in submission.others))
    if not submission.source.strip():
        return False
    try:
        name = "submission.py"
        told = _told(name, exercise, None, lambda box: send_text(box, name, submission.source))
    except BadInput:
        return True  # something was written; it does not run, and the tests will say so
    return bool(_submission(name, told, exercise, name).written)


def _told(name: str, exercise: Exercise, tier: Tier | None, send: Callable[[Box], None]) -> Told:
    """Return the answer of the reader. Raises BadInput with one sentence."""
    given = [cell for cell in for_students(exercise.cells) if cell.is_code]
    asked = [cell.id for cell in exercise.asked]
    task = {
        "entry_points": exercise.entry_points,
        "given": [cell.source for cell in given],
        "asked": asked,
        "own": [cell.id for cell in given if cell.id not in asked],
    }
    try:
        told = outcome(tier or strongest(), task, send)
    except AnswerError as error:
        if isinstance(error, Unsettled) and error.then != "timed out":
            raise  # the machine is to blame
        raise BadInput(f"{name} cannot be read: {plain(str(error))}") from None
    if "graded" not in told:
        raise BadInput(plain(told.get("refused"), 500) or f"{name} holds no .py and no .ipynb file")
    return told


def _submission(name: str, told: Told, exercise: Exercise, whole: str) -> Submission:
    """Make submissions of what the reader says; nothing of it is trusted. `whole`: the file that was handed in."""
    try:
        about = [plain(note) for note in told["notes"]]
        first, *others = [_one(name, one, exercise, whole, about) for one in told["graded"]]
    except (KeyError, TypeError, ValueError):
        raise BadInput(f"{name} cannot be read: the reader failed") from None
    return first._replace(others=tuple(others))


def _one(name: str, told: Told, exercise: Exercise, whole: str, about: list[str]) -> Submission:
    parts = tuple(Part(plain(where, 20), str(code)) for where, code in told["parts"])
    file = plain(told["name"], 100)
    notes = [*([] if file == whole else [f"{GRADED}{file}"]), *map(plain, told["notes"]), *about]
    written = tuple(entry for entry in exercise.entry_points if entry in told["written"])
    return Submission(name, parts, tuple(notes[:MOST_NOTES]), file, written)
