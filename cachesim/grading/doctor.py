"""Examines an exercise as its author should: it is whole, and every answer gets exactly the score that it must get."""

from collections.abc import Iterator
from typing import NamedTuple

from cachesim.grading.build import handout
from cachesim.grading.exercise import Exercise
from cachesim.grading.judge import PASSED, judge
from cachesim.grading.sandbox import Tier
from cachesim.grading.submission import Submission

SEEDS = (1, 2, 3)  # of the parameters with which answers are tried
HINTS, FEWEST_WRONG = 3, 3


class Finding(NamedTuple):
    """One thing that was looked at."""

    what: str
    why: str  # what is wrong with it; empty if nothing is

    @property
    def is_fine(self) -> bool:
        """Whether nothing is wrong."""
        return not self.why


def examined(exercise: Exercise, tier: Tier) -> Iterator[Finding]:
    """Yield what was looked at, and what is wrong with it: first the parts, then the scores, then leaks."""
    yield from parts(exercise)
    for seed in SEEDS:
        yield _scored(
            exercise, f"reference, seed {seed}", exercise.solution, exercise.max_score, tier, seed
        )
    yield _scored(exercise, "starter", exercise.starter, 0, tier)
    yield _scored(exercise, "empty answer", "", 0, tier)
    for name, source, score in exercise.wrong():
        for seed in SEEDS:
            yield _scored(exercise, f"wrong/{name}, seed {seed}", source, score, tier, seed)
    leaked = leaks(exercise, handout(exercise))
    yield Finding("handout", f"shows what is secret: {leaked[0]}" if leaked else "")


def parts(exercise: Exercise) -> Iterator[Finding]:
    """Yield whether everything is there that an exercise has."""
    asked = exercise.about.get("predict", {})
    is_whole = {"question", "choices", "answer", "why"} <= set(asked)
    visible = {test.visible for test in exercise.tests}
    took, told = lines_of(exercise), exercise.about.get("ours_took")
    for what, is_fine, why in (
        ("hints", len(exercise.hints) == HINTS, f"three are asked for, got {len(exercise.hints)}"),
        ("explanation", bool(exercise.explanation.strip()), "it is empty"),
        ("predict", is_whole, "question, choices, answer and why are asked for"),
        (
            "predict.answer",
            is_whole and asked["answer"] in asked["choices"],
            "it is none of the choices",
        ),
        ("tests", visible == {True, False}, "visible and hidden ones are asked for"),
        ("points", exercise.max_score == 100, f"they add up to {exercise.max_score:g}, not to 100"),
        ("ours_took", took == told, f"it says {told}, and the solution has {took} lines"),
        (
            "wrong",
            len(exercise.wrong()) >= FEWEST_WRONG,
            f"at least {FEWEST_WRONG} answers are asked for",
        ),
    ):
        yield Finding(what, "" if is_fine else why)


def lines_of(exercise: Exercise) -> int:
    """Return how many lines of code the solution has: those between its marks, without blank ones."""
    inside, count = False, 0
    for line in "".join(cell.source for cell in exercise.asked).splitlines():
        inside = inside != ("SOLUTION" in line)
        count += inside and bool(line.strip()) and not line.lstrip().startswith("#")
    return count


def _scored(
    exercise: Exercise, what: str, source: str, score: float, tier: Tier, seed: int = 1
) -> Finding:
    report = judge(exercise, Submission.of(what, source), tier=tier, seed=seed)
    why = f"it should get {score:g}"
    silent = [o.id for o in report.outcomes if o.status != PASSED and not o.message]
    if report.score == score:
        why = f"{silent[0]} says nothing" if silent else ""
    return Finding(f"{what}: {report.score:g} of {report.max_score:g}", why)


def leaks(exercise: Exercise, text: str) -> list[str]:
    """Return lines of the solution, of grader.py and of hidden tests that stand in a text which students see."""
    hidden = {f"test_{test.id}" for test in exercise.tests if not test.visible}
    hidden |= {test.failed for test in exercise.tests if not test.visible}
    cells = [cell.source for cell in exercise.cells if "hidden" in cell.tags]
    secret = _lines(exercise.solution, exercise.grader, *cells)
    shown = [cell.source for cell in exercise.cells if {"visible", "helpers"} & set(cell.tags)]
    secret -= _lines(exercise.starter, *shown)
    secret = {line for line in secret if not any(line in hint for hint in exercise.hints)}
    return sorted(line for line in secret | hidden | {"BEGIN SOLUTION"} if line in text)


def _lines(*texts: str) -> set[str]:
    """Return lines that could only stem from these texts: long ones that are more than an import."""
    lines = {line.strip() for text in texts for line in text.splitlines()}
    return {line for line in lines if len(line) > 20 and not line.startswith(("import", "from"))}
