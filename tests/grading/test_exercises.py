"""Every exercise: the reference gets all points, each typical wrong answer exactly its own, nothing written none."""

from pathlib import Path

import pytest

from cachesim.errors import BadInput
from cachesim.grading.exercise import Exercise, find, seed_of
from cachesim.grading.judge import NOT_ATTEMPTED, NOT_REACHED, judge
from cachesim.grading.sandbox import strongest
from cachesim.grading.submission import Submission

FOLDER = Path(__file__).parents[2] / "exercises"
EXERCISES = [Exercise(path.parent) for path in sorted(FOLDER.glob("*/exercise.toml"))]
RIGHT = [(exercise, *right) for exercise in EXERCISES for right in exercise.right()]
WRONG = [(exercise, *wrong) for exercise in EXERCISES for wrong in exercise.wrong()]


def graded(exercise, source, seed=1):
    return judge(exercise, Submission.of("a student", source), tier=strongest(), seed=seed)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.id)
def test_the_reference_gets_all_points(exercise, seed):
    """Whatever the parameters of the student."""
    report = graded(exercise, exercise.solution, seed)

    assert [] == [outcome for outcome in report.outcomes if outcome.status != "passed"]
    assert 100 == report.score == report.max_score


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(
    ("exercise", "name", "source", "score"), RIGHT, ids=[f"{r[0].id}-{r[1]}" for r in RIGHT]
)
def test_every_right_design_gets_all_points(exercise, name, source, score, seed):
    """However a good student does it, and whatever the parameters."""
    report = graded(exercise, source, seed)

    assert [] == [outcome for outcome in report.outcomes if outcome.status != "passed"]
    assert 100 == score == report.score


@pytest.mark.parametrize(
    ("exercise", "name", "source", "score"), WRONG, ids=[f"{w[0].id}-{w[1]}" for w in WRONG]
)
@pytest.mark.parametrize("seed", [1, 13])
def test_a_wrong_answer_gets_exactly_its_score(exercise, name, source, score, seed):
    """Whatever the parameters of the student, and every test that it fails says why."""
    report = graded(exercise, source, seed)

    assert score == report.score
    assert all(outcome.message for outcome in report.outcomes if outcome.score == 0)


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.id)
def test_nothing_written_is_not_attempted(exercise):
    """An empty file and the untouched starter."""
    for source in ("", exercise.starter):
        report = graded(exercise, source)
        assert 0 == report.score
        assert {NOT_ATTEMPTED} == {outcome.status for outcome in report.outcomes}


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.id)
def test_an_exercise_is_whole(exercise):
    """Three hints, an explanation, a question with its answer, right and wrong answers; visible and hidden tests."""
    asked = exercise.about["predict"]

    assert 3 == len(exercise.hints)
    assert len(exercise.explanation) > 100
    assert asked["answer"] in asked["choices"]
    assert len(exercise.wrong()) >= 3
    assert {path.stem for path in (exercise.path / "right").glob("*.py")} == set(exercise.designs)
    assert len(exercise.designs) >= 3
    assert {True, False} == {test.visible for test in exercise.tests}


def test_one_bug_costs_once():
    """What depends on a failed test is not reached."""
    exercise = next(exercise for exercise in EXERCISES if exercise.id == "01")
    source = next(source for name, source, _ in exercise.wrong() if name == "fifo")
    statuses = {outcome.id: outcome.status for outcome in graded(exercise, source).outcomes}

    assert NOT_REACHED == statuses["like_lru_on_a_trace"]


def test_parameters_vary_with_the_student_and_are_reproducible():
    """The same student, the same parameters; another student, others."""
    exercise = EXERCISES[0]
    drawn = [
        exercise.namespace(seed_of("secret", name))["params"] for name in ("ada", "ada", "bob")
    ]

    assert drawn[0] == drawn[1] != drawn[2]


def test_no_student_sees_a_solution_or_a_hidden_test():
    """The starter has neither; nor does the solution show a hidden test."""
    for exercise in EXERCISES:
        hidden = [test.id for test in exercise.tests if not test.visible]
        assert "# BEGIN SOLUTION" not in exercise.starter + exercise.solution
        assert [] == [name for name in hidden if name in exercise.starter + exercise.solution]


def test_an_unknown_exercise_is_one_sentence(monkeypatch):
    """It lists those that are there."""
    monkeypatch.chdir(FOLDER.parent)

    assert "01" == find("01").id == find("1").id == find("lru").id == find("exercises/01_lru").id
    with pytest.raises(BadInput, match='exercise "99" is unknown; known: 01_lru'):
        find("99")
