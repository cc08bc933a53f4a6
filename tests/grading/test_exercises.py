"""Every exercise: the reference gets all points, each typical wrong answer exactly its own, nothing written none."""

import os
import shutil
from pathlib import Path

import pytest

from cachesim.errors import BadInput
from cachesim.grading.doctor import examined
from cachesim.grading.exercise import HANDOUTS, Exercise, find, seed_of
from cachesim.grading.judge import NOT_ATTEMPTED, NOT_REACHED, judge
from cachesim.grading.sandbox import strongest
from cachesim.grading.submission import Submission

FOLDER = Path(__file__).parents[2] / "exercises"
EXERCISES = [Exercise(path.parent) for path in sorted(FOLDER.glob("*/exercise.toml"))]
REFERENCES = [(exercise, "reference", exercise.solution, 100) for exercise in EXERCISES]
RIGHT = [(exercise, *right) for exercise in EXERCISES for right in exercise.right()]
WRONG = [(exercise, *wrong) for exercise in EXERCISES for wrong in exercise.wrong()]


def of_students(answers, seeds):
    """Give each answer one student's seed, in turn; with ALL_SEEDS=1 all of them (two seconds each)."""
    every = [(*answer, seed) for answer in answers for seed in seeds]
    some = [(*answer, seeds[n % len(seeds)]) for n, answer in enumerate(answers)]
    chosen = every if os.environ.get("ALL_SEEDS") else some
    ids = [f"{exercise.id}-{name}-{seed}" for exercise, name, _, _, seed in chosen]
    return pytest.mark.parametrize(("exercise", "name", "source", "score", "seed"), chosen, ids=ids)


def graded(exercise, source, seed=1):
    return judge(exercise, Submission.of("a student", source), tier=strongest(), seed=seed)


@of_students(REFERENCES, [2, 3, 1])
def test_the_reference_gets_all_points(exercise, name, source, score, seed):
    """Whatever the parameters of the student."""
    report = graded(exercise, source, seed)

    assert [] == [outcome for outcome in report.outcomes if outcome.status != "passed"]
    assert score == report.score == report.max_score


@of_students(RIGHT, [1, 2, 3])
def test_every_right_design_gets_all_points(exercise, name, source, score, seed):
    """However a good student does it, and whatever the parameters."""
    report = graded(exercise, source, seed)

    assert [] == [outcome for outcome in report.outcomes if outcome.status != "passed"]
    assert 100 == score == report.score


@of_students(WRONG, [1, 13])
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


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.id)
def test_visible_tests_cover_every_entry_point(exercise):
    """Each is asked for in a visible test, or in what those use."""
    shown = "".join(c.source for c in exercise.cells if {"visible", "helpers"} & set(c.tags))

    assert [] == [name for name in exercise.entry_points if f'"{name}"' not in shown]


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.id)
def test_a_student_sees_what_must_be_written(exercise):
    """The methods of a strategy stand in the text and in the starter, and "visible" is the word for visible tests."""
    text = exercise.cells[0].source
    sentences = [test.failed for test in exercise.tests] + exercise.hints + [exercise.explanation]

    for head in ("read(self, app, key)", "write(self, app, key, value)"):
        if "cs.Strategy" in exercise.starter:
            assert (True, True) == (head in text, f"def {head}" in exercise.starter)
    assert [] == [sentence for sentence in (text, *sentences) if "public" in sentence]


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.id)
def test_a_notebook_holds_the_question_and_cells_to_predict_and_check(exercise):
    """Before what is asked, and after it; they are no part of an answer, and a handout does not get them twice."""
    cells = [cell for cell in exercise.cells if "desk" in cell.tags]
    places = [exercise.cells.index(cell) for cell in cells]
    asked = exercise.cells.index(exercise.asked[0])

    assert ["predict-question", "predict", "check"] == [cell.id for cell in cells]
    assert places[1] < asked < places[2]
    assert exercise.about["predict"]["question"] in cells[0].source
    assert f'ex = cs.exercise("{exercise.id}")\nex.predict("...")\n' in cells[1].source
    assert "ex." not in exercise.starter + exercise.solution
    again = Exercise(HANDOUTS / f"{exercise.name}.toml")
    assert [cell.id for cell in cells] == [c.id for c in again.cells if "desk" in c.tags]


def test_the_doctor_says_what_an_answer_passed(monkeypatch):
    """And what is wrong with one that does not get its score."""
    exercise = Exercise(FOLDER / "01_lru")
    fifo = next(text for name, text, _ in exercise.wrong() if name == "fifo")
    monkeypatch.setattr(exercise, "right", lambda: [("fifo", fifo, 100.0)])
    monkeypatch.setattr(exercise, "wrong", lambda: [("fifo", fifo, 35.0)])
    found = {finding.what: finding.why for finding in examined(exercise, strongest(), seeds=1)}
    told = "35 of 100 (passed: oldest_goes, two_caches_do_not_meet, removed_keys_are_forgotten)"

    assert "" == found[f"wrong/fifo, seed 1: {told}"]
    assert "it should get 100; a_read_counts: " in found[f"right/fifo, seed 1: {told}"]


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


def test_tests_that_do_not_run_are_one_sentence(tmp_path):
    """A slip in a helper of the teacher: its error, and where to look."""
    path = tmp_path / "17_leaderboard"
    shutil.copytree(FOLDER / "17_leaderboard", path)
    lab = path / "lab.py"
    lab.write_text(lab.read_text().replace("import reply_of", "import reply_off"))

    with pytest.raises(BadInput, match=r"tests fails \(ImportError: .*reply_off.*mend lab.py"):
        Exercise(path).namespace(seed=1)
