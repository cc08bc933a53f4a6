"""Examine an exercise before a class gets it: nothing is missing, and every answer gets exactly its score."""

from collections.abc import Iterator
from typing import NamedTuple

from cachesim.grading.build import handout
from cachesim.grading.exercise import Exercise
from cachesim.grading.judge import PASSED, Outcome, judge
from cachesim.grading.sandbox import Tier
from cachesim.grading.submission import Submission

SEEDS = 3  # different parameters with which each answer is tried
HINTS, FEWEST = 3, 3  # hints; right designs beside the reference, and wrong answers


class Examined(NamedTuple):
    """The result of one check."""

    what: str
    why: str  # what is wrong with it; empty if nothing is

    @property
    def is_fine(self) -> bool:
        """Whether nothing is wrong."""
        return not self.why


def examined(exercise: Exercise, tier: Tier, seeds: int = SEEDS) -> Iterator[Examined]:
    """Yield the result of each check: first the parts, then the scores, then leaks.

    Each answer is tried with the parameters of the seeds 1, 2, ..., `seeds`.
    """
    yield from parts(exercise)
    best = exercise.max_score
    yield _scored(exercise, "starter", exercise.starter, 0, tier)
    yield _scored(exercise, "empty answer", "", 0, tier)
    for what, source, score in (
        ("reference", exercise.solution, best),
        *((f"right/{name}", source, score) for name, source, score in exercise.right()),
        *((f"wrong/{name}", source, score) for name, source, score in exercise.wrong()),
    ):
        for seed in range(1, seeds + 1):
            yield _scored(exercise, f"{what}, seed {seed}", source, score, tier, seed)
    leaked = leaks(exercise, handout(exercise))
    yield Examined("handout", f"shows what is secret: {leaked[0]}" if leaked else "")


def parts(exercise: Exercise) -> Iterator[Examined]:
    """Yield whether each part that an exercise needs is there."""
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
            "right",
            len(exercise.designs) >= FEWEST,
            f"at least {FEWEST} right designs are asked for, each named in exercise.toml",
        ),
        ("wrong", len(exercise.wrong()) >= FEWEST, f"at least {FEWEST} answers are asked for"),
    ):
        yield Examined(what, "" if is_fine else why)


def lines_of(exercise: Exercise) -> int:
    """Count the lines of code in the solution: those between its marks, without blank ones."""
    inside, count = False, 0
    for line in "".join(cell.source for cell in exercise.asked).splitlines():
        inside = inside != ("SOLUTION" in line)
        count += inside and bool(line.strip()) and not line.lstrip().startswith("#")
    return count


def _scored(
    exercise: Exercise, what: str, source: str, score: float, tier: Tier, seed: int = 1
) -> Examined:
    report = judge(exercise, Submission.of(what, source), tier=tier, seed=seed)
    passed = ", ".join(o.id for o in report.outcomes if o.status == PASSED)
    failed = [o for o in report.outcomes if o.status != PASSED]
    told = f" (passed: {passed or 'nothing'})" if failed else ""
    why = next((f"{o.id} says nothing" for o in failed if not o.message), "")
    if report.score != score:
        why = f"it should get {score:g}; {_first_of(failed)}"
    return Examined(f"{what}: {report.score:g} of {report.max_score:g}{told}", why)


def _first_of(failed: list[Outcome]) -> str:
    return f"{failed[0].id}: {failed[0].message}" if failed else "no test failed"


def leaks(exercise: Exercise, text: str) -> list[str]:
    """Find lines of the solution, of grader.py and of hidden tests in a text that students see."""
    hidden = {f"test_{test.id}" for test in exercise.tests if not test.visible}
    hidden |= {test.failed for test in exercise.tests if not test.visible}
    cells = [cell.source for cell in exercise.cells if "hidden" in cell.tags]
    secret = _lines(exercise.solution, exercise.grader, *cells)
    shown = [cell.source for cell in exercise.cells if {"visible", "helpers"} & set(cell.tags)]
    secret -= _lines(exercise.starter, *shown)
    secret = {line for line in secret if not any(line in hint for hint in exercise.hints)}
    return sorted(line for line in secret | hidden | {"BEGIN SOLUTION"} if line in text)


def _lines(*texts: str) -> set[str]:
    """Choose lines that could come from no other text: long ones that are more than an import."""
    lines = {line.strip() for text in texts for line in text.splitlines()}
    return {line for line in lines if len(line) > 20 and not line.startswith(("import", "from"))}
