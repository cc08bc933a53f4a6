"""Runs an exercise's tests against one submission and says what became of each; the verdicts are given here only."""

from collections.abc import Iterable
from contextlib import ExitStack, closing
from typing import Any, NamedTuple

from cachesim.errors import CachesimError
from cachesim.grading.answers import AnswerError, plain, rounded
from cachesim.grading.exercise import Exercise, Test
from cachesim.grading.parts import Part
from cachesim.grading.remote.lab import Lab
from cachesim.grading.sandbox import Box, Tier
from cachesim.grading.submission import Submission, is_attempted

PASSED, FAILED, ERROR, TIMED_OUT, CRASHED = "passed", "failed", "error", "timed out", "crashed"
NOT_REACHED, NOT_ATTEMPTED = "not reached", "not attempted"
TROUBLE = "grader trouble"  # the machine was too busy to tell: no score is final
MOST_LATE = 2  # tests that may time out before the rest is not tried any more


class Outcome(NamedTuple):
    """What became of one test."""

    id: str
    status: str
    score: float
    max_score: float
    message: str  # for the student
    visible: bool
    seen: str = (
        ""  # for the teacher alone, of a hidden test: what was seen, with what the code has said
    )
    output: str = ""  # what the code has printed, of a visible test


class Report(NamedTuple):
    """What became of one submission."""

    id: str
    exercise: str
    score: float
    max_score: float
    isolation: str
    outcomes: list[Outcome]
    notes: tuple[str, ...]


def judge(
    exercise: Exercise,
    submission: Submission,
    *,
    tier: Tier,
    seed: int = 1,
    only_visible: bool = False,
) -> Report:
    """Run the tests, each in a sandbox of its own; what depends on a test that did not pass is not reached."""
    tests = [test for test in exercise.tests if test.visible or not only_visible]
    if not is_attempted(submission, exercise):
        outcomes = [
            _zero(test, NOT_ATTEMPTED, "nothing has been written here yet") for test in tests
        ]
    else:
        outcomes = _run_all(exercise, submission, tests, tier, seed)
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


def _run_all(
    exercise: Exercise, submission: Submission, tests: Iterable[Test], tier: Tier, seed: int
) -> list[Outcome]:
    bench = _Bench(exercise, submission.parts, tier, seed, exercise.namespace(seed), {})
    outcomes: dict[str, Outcome] = {}
    for test in tests:
        late = sum(outcome.status == TIMED_OUT for outcome in outcomes.values())
        missing = [i for i in test.depends_on if i in outcomes and outcomes[i].status != PASSED]
        if missing:
            why = f"it needs {missing[0]}, which did not pass"
            outcomes[test.id] = _zero(test, NOT_REACHED, why)
        elif late >= MOST_LATE:
            outcomes[test.id] = _zero(test, NOT_REACHED, f"{late} tests before it timed out")
        else:
            outcomes[test.id] = _run(bench, test)
    return list(outcomes.values())


def _run(bench: _Bench, test: Test) -> Outcome:
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
    status, shown, fixed = _told(trouble, test)
    hints = "".join(f" {hint}" for hint in lab.hints) if lab else ""
    if test.visible:
        return _zero(test, status, f"{shown}{hints}")._replace(output=output)
    return _zero(test, status, f"{test.failed} {fixed}".strip() + hints)._replace(seen=shown)


def _lab(bench: _Bench, stack: ExitStack) -> Lab:
    def start() -> Box:
        return stack.enter_context(closing(Box(bench.tier, bench.exercise.limits)))

    return Lab(start, bench.parts, bench.namespace["params"], bench.seed, bench.known)


def _told(trouble: Exception, test: Test) -> tuple[str, str, str]:
    """Return the status, what was seen, and what of it may be told where nothing of the code's may be seen."""
    shown = rounded(plain(str(trouble), 500))
    if isinstance(trouble, AssertionError):
        return FAILED, f"{test.failed} Seen: {shown}" if shown else test.failed, ""
    if isinstance(trouble, AnswerError) and trouble.status != ERROR:
        return trouble.status, shown, shown  # the grader's own words
    if isinstance(trouble, CachesimError):  # the answer broke a rule of the engine or the model
        return ERROR, shown, getattr(trouble, "fixed", "")
    kind = type(trouble).__name__
    return ERROR, f"an answer was not what the test can work with: {kind}: {shown}", ""


def _zero(test: Test, status: str, message: str) -> Outcome:
    return Outcome(test.id, status, 0.0, test.points, message, test.visible)
