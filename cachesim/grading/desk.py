"""A student's desk: one exercise, worked on from a notebook or from the command line, with the same state."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from cachesim.errors import BadInput
from cachesim.grading.best import graded_best
from cachesim.grading.choices import LETTERS, lettered, meant
from cachesim.grading.exercise import Exercise, find, seed_of
from cachesim.grading.judge import PASSED, Outcome, Report
from cachesim.grading.progress import Progress
from cachesim.grading.sandbox import strongest
from cachesim.grading.work import Draft, files_here, run_here, saved, unwritten, work_on

OTHER_PARAMETERS = "the grade uses parameters of your own, other than these"
INDENT = " " * 16


class Checked(NamedTuple):
    """The result of a check, as text for a student."""

    report: Report
    text: str
    not_kept: str = ""  # why the result could not be written down

    @property
    def passed(self) -> bool:
        """Whether all visible tests passed."""
        return _passed(self.report)

    def __repr__(self) -> str:
        return self.text


def _passed(report: Report) -> bool:
    return all(outcome.status == PASSED for outcome in report.outcomes)


class Text(str):
    """Text that a notebook shows as it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


class Desk:
    """One exercise: predict, then check, with hints; the progress is kept in .cachesim/exercises.json."""

    def __init__(self, task: Exercise, student: str = "") -> None:
        self.task, self.student = task, student
        self._asked: dict[str, Any] = task.about.get("predict", {})  # your own may ask nothing

    def __repr__(self) -> str:
        return f"{self.task.id} · {self.task.title}\n{self.question()}"

    def question(self) -> Text:
        """Return the question that opens the tests."""
        if not self._asked:
            return Text("The tests are open: this exercise asks no question.")
        choices = "".join(f"\n  {choice}" for choice in lettered(self._asked["choices"]))
        return Text(
            f"Before the tests open: {self._asked['question']}{choices}\n"
            f'Answer with a letter: cachesim exercise predict {self.task.id} A; in a notebook: ex.predict("A")'
        )

    def _shown(self, choice: str) -> str:
        choices = self._asked["choices"]
        return f"{choice} ({LETTERS[choices.index(choice)]})" if choice in choices else choice

    def predict(self, answer: object) -> Text:
        """Note a guess, right or wrong; that opens the tests. Return it beside the right answer and its reason.

        The first guess is kept: what you learn is the way from it to the answer.
        """
        if not self._asked:
            return self.question()
        guess = meant(self._asked["choices"], answer)
        known = Progress().change(self.task.id, lambda known: {"predicted": guess, **known})
        told = f"{self.beside(known['predicted'])} {self._asked['why']}"
        return Text(told if known["predicted"] == guess else f"{told}\nThe first guess is kept.")

    def beside(self, guess: str) -> str:
        """Return a guess beside the right answer."""
        if not self._asked:
            return "-"
        right = self._asked["answer"]
        verdict = "Right" if guess == right else f"It is: {self._shown(right)}"
        return f"{verdict}. Your guess: {self._shown(guess)}."

    def check(self, path: Path | str | None = None) -> Checked:
        """Run the visible tests on a file; without one, on the cells run in this notebook, or on your files here."""
        guess = self.must_be_open()
        work = work_on(self.task, Path(path) if path is not None else None)
        seed = seed_of("", self.student)
        report = graded_best(
            self.task, work.submission, tier=strongest(), seed=seed, only_visible=True
        )
        not_kept = self._keep(report)
        lines = [
            f"judged: {work.name}",
            *_results(report),
            *(f"note: {note}" for note in self._notes(work, report)),
            *([f"prediction: {self.beside(guess)}"] if self._asked else []),
            *([f"not kept: {not_kept}"] if not_kept else []),
            *self._next(work, report),
        ]
        return Checked(report, "\n".join(lines), not_kept)

    def must_be_open(self) -> str:
        """Return the first guess. Raises BadInput, with the question, if there is none yet."""
        guess = str(Progress().of(self.task.id).get("predicted", ""))
        if self._asked and not guess:
            raise BadInput(f"first the question, then the tests.\n\n{self.question()}")
        return guess

    def _keep(self, report: Report) -> str:
        """Note that the tests passed, if they did; return why that could not be written down."""
        try:
            if _passed(report):
                Progress().note(self.task.id, passed=True)
        except BadInput as error:
            return str(error)
        return ""

    def _notes(self, work: Draft, report: Report) -> Iterator[str]:
        yield from (*report.notes, *work.notes)
        if _passed(report) and run_here() is not None:
            yield from saved(self.task, work.submission)
        yield (
            f"if your course has a secret, {OTHER_PARAMETERS}" if self.student else OTHER_PARAMETERS
        )

    def _next(self, work: Draft, report: Report) -> Iterator[str]:
        missing = unwritten(self.task, work.submission)
        yield from ["", *([f"not yet written: {', '.join(missing)}"] if missing else [])]
        if not _passed(report):
            yield f"Stuck? cachesim exercise hint {self.task.id}; in a notebook: ex.hint()"
            return
        yield "All visible tests passed; hidden ones are run when it is graded."
        if not missing:
            yield self.task.explanation

    def hint(self) -> Text:
        """Return the hints seen so far and the next one."""
        hints = self.task.hints
        known = Progress().change(
            self.task.id,
            lambda known: {**known, "hints": min(known.get("hints", 0) + 1, len(hints))},
        )
        shown = enumerate(hints[: known["hints"]], 1)
        return Text("\n".join(f"{number} of {len(hints)}: {text}" for number, text in shown))

    def reset(self) -> None:
        """Forget the progress; the student's files become NAME.old, and no file is lost."""
        Progress().forget(self.task.id)
        for path in files_here(self.task):
            os.replace(path, _free(path.with_name(f"{path.name}.old")))


def _free(path: Path) -> Path:
    """Return the path, with a number behind it if something is there already."""
    names = (path.with_name(f"{path.name}{number or ''}") for number in (0, *range(2, 1000)))
    return next(name for name in names if not name.exists())


def _results(report: Report) -> Iterator[str]:
    yield "visible tests:"
    for outcome in report.outcomes:
        yield f"  {outcome.status:13} {outcome.id}"
        if outcome.message:
            yield f"{INDENT}{outcome.message}"
        yield from _printed(outcome)


def _printed(outcome: Outcome) -> Iterator[str]:
    if outcome.output:
        yield f"{INDENT}your code printed:"
        yield from (f"{INDENT}  {line}" for line in outcome.output.splitlines())


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
