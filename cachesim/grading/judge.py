"""Run an exercise's tests against one submission. Verdicts are given here and nowhere else.

A test for whose end the machine may be to blame (sandbox.py says when) is repeated, alone. If the same happens again
and nobody can tell why, the report is not final.
"""

from collections.abc import Iterable
from contextlib import ExitStack, closing
from typing import Any, Literal, NamedTuple

from cachesim.errors import CachesimError
from cachesim.grading.answers import AnswerError, plain, rounded
from cachesim.grading.exercise import Exercise, Test
from cachesim.grading.parts import Part
from cachesim.grading.remote.laboratory import BoxLab
from cachesim.grading.sandbox import Box, Tier, Unsettled
from cachesim.grading.submission import Submission, is_attempted

PASSED, FAILED, ERROR, TIMED_OUT, CRASHED = "passed", "failed", "error", "timed out", "crashed"
NOT_REACHED, NOT_ATTEMPTED = "not reached", "not attempted"
TROUBLE = "grader trouble"  # the machine was too busy to tell: no score is final
Repeat = Literal["now", "later", "is one"]
MOST_LATE = 2  # tests that may time out before the rest is not tried any more


class Outcome(NamedTuple):
    """The outcome of one test."""

    id: str
    status: str
    score: float
    max_score: float
    message: str  # for the student
    visible: bool
    seen: str = ""  # of a hidden test, for the teacher: what was seen, in the code's words too
    output: str = ""  # what the student's code printed; of a visible test only


class Report(NamedTuple):
    """The outcomes of all tests of one submission."""

    id: str
    exercise: str
    score: float
    max_score: float
    isolation: str
    outcomes: list[Outcome]
    notes: tuple[str, ...]

    @property
    def is_final(self) -> bool:
        """Whether every test could be judged. If not, there is no score: grade the submission again.

        >>> late = Outcome("hits", TROUBLE, 0.0, 10.0, "the machine is too busy", True)
        >>> Report("ada", "01", 0.0, 10.0, "bwrap", [late], ()).is_final
        False
        """
        return all(outcome.status != TROUBLE for outcome in self.outcomes)


def judge(
    exercise: Exercise,
    submission: Submission,
    *,
    tier: Tier,
    seed: int = 1,
    only_visible: bool = False,
    repeat: Repeat = "now",
) -> Report:
    """Run the tests, each in its own sandbox. A test that needs another one does not run if that one failed.

    `repeat` says what becomes of a test for whose end the machine may be to blame. "now" repeats it at once: nothing
    else is graded beside. "later" leaves a report that is not final. "is one" is for the call that repeats, then.
    """
    tests = [test for test in exercise.tests if test.visible or not only_visible]
    if not is_attempted(submission, exercise):
        outcomes = [
            _zero(test, NOT_ATTEMPTED, "nothing has been written here yet") for test in tests
        ]
    else:
        outcomes = _run_all(exercise, submission, tests, tier, seed, repeat)
    return Report(
        submission.id,
        exercise.id,
        sum(outcome.score for outcome in outcomes),
        sum(test.points for test in tests),
        tier,
        outcomes,
        submission.notes,
    )


class _Bench(NamedTuple):
    """What all tests of one submission share."""

    exercise: Exercise
    parts: tuple[Part, ...]
    tier: Tier
    seed: int
    namespace: dict[str, Any]
    known: dict[Any, Any]
    repeat: Repeat


def _run_all(
    exercise: Exercise,
    submission: Submission,
    tests: Iterable[Test],
    tier: Tier,
    seed: int,
    repeat: Repeat,
) -> list[Outcome]:
    bench = _Bench(exercise, submission.parts, tier, seed, exercise.namespace(seed), {}, repeat)
    outcomes: dict[str, Outcome] = {}
    for test in tests:
        why = _barred(test, outcomes)
        late = any(outcome.status == TIMED_OUT for outcome in outcomes.values())
        outcomes[test.id] = (
            _zero(test, NOT_REACHED, why) if why else _settled(bench, test, is_known_late=late)
        )
    return list(outcomes.values())


def _barred(test: Test, outcomes: dict[str, Outcome]) -> str:
    """Return why a test is not even tried; empty if it is."""
    missing = [i for i in test.depends_on if i in outcomes and outcomes[i].status != PASSED]
    statuses = [outcome.status for outcome in outcomes.values()]
    if missing:
        return f"it needs {missing[0]}, which did not pass"
    if TROUBLE in statuses:
        return "the grader had to stop before"
    late = statuses.count(TIMED_OUT)
    return f"{late} tests before it timed out" if late >= MOST_LATE else ""


def _settled(bench: _Bench, test: Test, *, is_known_late: bool) -> Outcome:
    """Run a test, twice if it must be; once the code is known to be late, the machine is not asked again."""
    outcome = _run(bench, test, is_repeat=is_known_late or bench.repeat == "is one")
    if outcome.status == TROUBLE and bench.repeat == "now":
        outcome = _run(bench, test, is_repeat=True)
    return outcome


def _run(bench: _Bench, test: Test, *, is_repeat: bool) -> Outcome:
    lab, trouble = None, None
    try:
        with ExitStack() as stack:
            lab = _lab(bench, stack)
            bench.namespace[f"test_{test.id}"](lab)
            lab.finish()
    except Exception as error:  # whatever an answer has set off: one submission never stops a batch
        trouble = error
    output = lab.output if lab and test.visible else ""
    if trouble is None:
        return Outcome(test.id, PASSED, test.points, test.points, "", test.visible, output=output)
    status, shown, fixed = _told(trouble, test, is_repeat)
    hints = "".join(f" {hint}" for hint in lab.hints) if lab else ""
    if test.visible:
        return _zero(test, status, f"{shown}{hints}")._replace(output=output)
    return _zero(test, status, f"{test.failed} {fixed}".strip() + hints)._replace(seen=shown)


def _lab(bench: _Bench, stack: ExitStack) -> BoxLab:
    def start() -> Box:
        return stack.enter_context(closing(Box(bench.tier, bench.exercise.limits)))

    return BoxLab(start, bench.parts, bench.namespace["params"], bench.seed, bench.known)


def _told(trouble: Exception, test: Test, is_repeat: bool) -> tuple[str, str, str]:
    """Return the status, the message for visible tests, and the message for hidden ones: nothing from the code."""
    shown = rounded(plain(str(trouble), 500))
    if isinstance(trouble, AssertionError):
        return FAILED, f"{test.failed} Seen: {shown}" if shown else test.failed, ""
    if isinstance(trouble, Unsettled):
        return trouble.then if is_repeat else TROUBLE, shown, shown
    if isinstance(
        trouble, OSError | MemoryError
    ):  # this process lacks something: no answer can do that
        return TROUBLE, f"the grader failed: {type(trouble).__name__}: {shown}", "the grader failed"
    if isinstance(trouble, AnswerError) and trouble.status != ERROR:
        return trouble.status, shown, shown  # the grader's own words
    if isinstance(trouble, CachesimError):  # the answer broke a rule of the engine or the model
        return ERROR, shown, getattr(trouble, "fixed", "")
    kind = type(trouble).__name__
    return ERROR, f"an answer was not what the test can work with: {kind}: {shown}", ""


def _zero(test: Test, status: str, message: str) -> Outcome:
    return Outcome(test.id, status, 0.0, test.points, message, test.visible)
