"""A student's desk: one exercise, worked on from a notebook or from the command line, with the same state."""

import os
import re
import sys
from pathlib import Path
from typing import NamedTuple

from cachesim.errors import BadInput
from cachesim.grading.best import graded_best
from cachesim.grading.exercise import Exercise, find, seed_of
from cachesim.grading.judge import PASSED, Report
from cachesim.grading.progress import Progress
from cachesim.grading.sandbox import strongest
from cachesim.grading.submission import Submission, read


class Checked(NamedTuple):
    """What a check has found, as text that a student reads."""

    report: Report
    text: str

    @property
    def passed(self) -> bool:
        """Whether all public tests passed."""
        return all(outcome.status == PASSED for outcome in self.report.outcomes)

    def __repr__(self) -> str:
        return self.text


class Text(str):
    """Text that a notebook shows as it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


class Desk:
    """One exercise: predict, then check, with hints; what was done is kept in .cachesim/exercises.json."""

    def __init__(self, task: Exercise, student: str = "") -> None:
        self.task, self.student = task, student

    def __repr__(self) -> str:
        return f"{self.task.id} · {self.task.title}\n{self.question()}"

    def question(self) -> Text:
        """Return the question that opens the tests."""
        asked = self.task.about["predict"]
        choices = "".join(f"\n  {choice}" for choice in asked["choices"])
        return Text(
            f"Before the tests open: {asked['question']}{choices}\n"
            f'Answer: cachesim exercise predict {self.task.id} "..."; in a notebook: ex.predict("...")'
        )

    def predict(self, answer: str) -> Text:
        """Note an answer, right or not; that opens the tests. Return what is right, and why."""
        asked = self.task.about["predict"]
        if answer not in asked["choices"]:
            raise BadInput(
                f'the answer must be one of: {", ".join(asked["choices"])}; got "{answer}"'
            )
        Progress().note(self.task.id, predicted=answer)
        verdict = "Right" if answer == asked["answer"] else f"It is: {asked['answer']}"
        return Text(f"{verdict}. {asked['why']}")

    def check(self, path: Path | str | None = None) -> Checked:
        """Run the public tests on a file; without one, on the notebook's cells or the file that `start` wrote."""
        known = Progress()
        self.must_be_open()
        submission = self._cells() if path is None else None
        submission = submission or read(Path(path) if path else self.own_file(), self.task)
        seed = seed_of("", self.student)
        report = graded_best(self.task, submission, tier=strongest(), seed=seed, only_visible=True)
        checked = Checked(report, "")
        passed = checked.passed or known.of(self.task.id).get("passed", False)
        known.note(self.task.id, passed=passed)
        return Checked(report, self._told(checked))

    def must_be_open(self) -> None:
        """Raise BadInput, with the question, if it has not been answered yet."""
        if "predicted" not in Progress().of(self.task.id):
            raise BadInput(f"first the question, then the tests.\n\n{self.question()}")

    def _cells(self) -> Submission | None:
        """Return what was run in this notebook: of each entry point the cell that defined it last."""
        shell = sys.modules.get("IPython")
        running = shell.get_ipython() if shell is not None else None
        if running is None:
            return None
        inputs = [str(text) for text in running.user_ns.get("In", [])]
        chosen = [self._last(inputs, name) for name in self.task.entry_points]
        imports = [cell.source for cell in self.task.cells if cell.id == "imports"]
        parts = [part for part in dict.fromkeys(chosen) if part is not None]
        return Submission.of("this notebook", "\n".join([*imports, *parts])) if parts else None

    @staticmethod
    def _last(inputs: list[str], name: str) -> str | None:
        defines = re.compile(rf"^(class|def) {name}\b", re.MULTILINE)
        return next((text for text in reversed(inputs) if defines.search(text)), None)

    def own_file(self) -> Path:
        """Return the student's file: of the two that `start` wrote the one that was changed last."""
        stem = self.task.name
        found = [path for path in (Path(f"{stem}.py"), Path(f"{stem}.ipynb")) if path.is_file()]
        if not found:
            raise BadInput(
                f"there is no {stem}.py here; begin with: cachesim exercise start {self.task.id}"
            )
        return max(found, key=lambda path: path.stat().st_mtime)

    def _told(self, checked: Checked) -> str:
        lines = ["public tests:"]
        for outcome in checked.report.outcomes:
            lines.append(f"  {outcome.status:13} {outcome.id}")
            lines += [f"                {outcome.message}"] if outcome.message else []
        lines += [f"note: {note}" for note in checked.report.notes]
        if checked.passed:
            lines += ["", "All public tests passed; hidden ones are run when it is graded."]
            return "\n".join([*lines, self.task.explanation])
        return "\n".join(
            [*lines, "", f"Stuck? cachesim exercise hint {self.task.id}; in a notebook: ex.hint()"]
        )

    def hint(self) -> Text:
        """Return the hints seen so far and the next one."""
        known, hints = Progress(), self.task.hints
        seen = min(known.of(self.task.id).get("hints", 0) + 1, len(hints))
        known.note(self.task.id, hints=seen)
        shown = enumerate(hints[:seen], 1)
        return Text("\n".join(f"{number} of {len(hints)}: {text}" for number, text in shown))

    def reset(self) -> None:
        """Forget what was done; the student's files become NAME.old."""
        for kind in (".py", ".ipynb"):
            path = Path(f"{self.task.name}{kind}")
            if path.exists():
                os.replace(path, path.with_name(f"{path.name}.old"))
        Progress().forget(self.task.id)


def exercise(name: str, student: str = "") -> Desk:
    """Return an exercise to work on in a notebook: `.predict(answer)`, `.check()`, `.hint()`, `.reset()`.

    Parameters
    ----------
    name : str
        Number, name or folder; exercises are looked for in ./exercises and ../exercises.
    student : str
        Your id; with it the tests use your own parameters.

    Raises
    ------
    BadInput
        There is no such exercise.

    >>> exercise("exercises/01_lru").task.title
    'Write an LRU policy'
    """
    return Desk(find(name), student)
