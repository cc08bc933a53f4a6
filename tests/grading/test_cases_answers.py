"""Answers that were graded wrongly once: each gets the score that it deserves, and the sentence that helps."""

import pytest

from cachesim.grading.judge import PASSED, judge
from cachesim.grading.sandbox import strongest
from cachesim.grading.submission import Submission
from tests.grading.test_exercises import EXERCISES

BY_ID = {exercise.id: exercise for exercise in EXERCISES}
RIGHT = "v03_writereturns v03_writereturnsvalue v03_spawnset w06_spawn"
FORGOTTEN = 'did you forget "yield" before app.db.read?'

WRONG = {  # its score, and what one of its messages says
    "v03_noyield": (0, 'did you forget "yield"'),
    "v03_halfyield": (0, FORGOTTEN),
    "v01_returnsentry": (0, "victim() returned an Entry"),
    "v01_pops": (0, "victim() only names the key and must not remove it"),
    "v01_global": (90, "not in a global variable or in the class"),
    "v05_linear": (70, "to 1 % of it"),
    "v09_double": (80, "at least"),
    "v10_queue": (45, "must give back its place and its key"),
    "v04_only_strategy": (70, '"schedule" is not defined'),
}
LOST = {  # the only test that it does not pass
    "v01_global": "two_caches_do_not_meet",
    "v05_linear": "exact_for_many_keys",
    "v09_double": "still_a_cache",
}


def graded(cases, name, seed=1):
    """Grade one of the answers; the number of its exercise is in its name."""
    source = (cases / "answers" / f"{name}.py").read_text("utf-8")
    return judge(BY_ID[name[1:3]], Submission.of(name, source), tier=strongest(), seed=seed)


@pytest.mark.parametrize("name", RIGHT.split())
def test_a_right_answer_gets_all_points(cases, name):
    """A fill or a renewal in app.spawn is right, and so is a write that returns something."""
    report = graded(cases, name)

    assert [] == [outcome for outcome in report.outcomes if outcome.status != PASSED]
    assert 100 == report.score


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_answer_gets_its_score_and_the_reason(cases, name):
    """One slip costs its own part, and a message says what to do about it."""
    score, said = WRONG[name]
    report = graded(cases, name)
    failed = [outcome for outcome in report.outcomes if outcome.status != PASSED]

    assert score == report.score
    assert any(said in outcome.message for outcome in failed), [o.message for o in failed]
    assert LOST.get(name) in (None, *(outcome.id for outcome in failed))
    assert name not in LOST or 1 == len(failed)


def test_every_answer_is_graded(cases):
    """None of the folder is left out."""
    assert {*RIGHT.split(), *WRONG} == {path.stem for path in (cases / "answers").glob("*.py")}
