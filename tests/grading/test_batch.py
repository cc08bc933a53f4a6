"""A batch goes on whatever happens: a process that dies, a fault of the grader's own, a busy machine."""

import os
import signal
from pathlib import Path

import pytest

from cachesim.grading import batch
from cachesim.grading.arrivals import Arrival
from cachesim.grading.batch import ToGrade, grade, grade_one, jobs, without_paths
from cachesim.grading.deadline import LatePolicy
from cachesim.grading.exercise import Exercise, seed_of
from cachesim.grading.judge import ERROR, TROUBLE, Outcome, Report

LRU = Exercise(Path(__file__).parents[2] / "exercises" / "01_lru")


def report(name, *outcomes):
    return Report(name, "01", 0.0, 1.0, "bwrap", list(outcomes), ())


def job(name, tmp_path, text="x = 1\n", **about):
    """Return a job for a file; `about` goes to the arrival."""
    path = tmp_path / f"{name}.py"
    path.write_text(text)
    return ToGrade(
        LRU.path, Arrival(name, path, (), **about), "rlimits", 1, None, LatePolicy(per_day=0.1)
    )


def deadly(given):
    """Stands for `grade_one`: the process of "eve" dies, always."""
    if given.arrival.id == "eve":
        os.kill(os.getpid(), signal.SIGKILL)
    return batch.Grade(report(given.arrival.id))


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs a signal that cannot be caught")
def test_a_process_that_dies_costs_one_submission(tmp_path, monkeypatch):
    """The others are graded, in their order; that one is not final, and says why."""
    monkeypatch.setattr(batch, "grade_one", deadly)
    monkeypatch.setattr(batch, "_numbered", lambda pair: (pair[0], deadly(pair[1])))
    names = ["ada", "bob", "eve", "cy", "zoe"]
    found = grade([job(name, tmp_path) for name in names], n_jobs=2)

    assert names == [given.id for given in found]
    assert [True, True, False, True, True] == [given.is_final for given in found]
    assert {(TROUBLE, batch.LOST)} == {(o.status, o.message) for o in found[2].outcomes}


def test_a_fault_of_the_graders_own_costs_one_submission(tmp_path, monkeypatch):
    """It is no 0: the submission is not final."""
    monkeypatch.setattr(batch, "graded_best", lambda *_, **__: {}["oops"])
    found = grade([job("ada", tmp_path)], n_jobs=1)

    assert [False] == [given.is_final for given in found]
    assert "KeyError" in found[0].notes[0]


def test_what_is_not_final_is_tried_again_by_itself(tmp_path, monkeypatch):
    """Once, after all others; both reports are handed on, the last one counts."""
    tried, kept = [], []

    def judged(_exercise, submission, **_):
        tried.append(submission.id)
        busy = submission.id == "bob" or tried.count(submission.id) > 1
        status = "passed" if not busy or tried.count("ada") > 1 else TROUBLE
        return report(submission.id, Outcome("a", status, 0.0, 1.0, "", True))

    monkeypatch.setattr(batch, "graded_best", judged)
    work = [job(name, tmp_path) for name in ("bob", "ada", "cy")]
    found = grade(work, n_jobs=1, keep=kept.append)

    assert ["bob", "ada", "cy", "bob"] == tried
    assert [("bob", False), ("ada", True), ("cy", True), ("bob", False)] == [
        (given.id, given.is_final) for given in kept
    ]
    assert ["bob", "ada", "cy"] == [given.id for given in found]


def test_late_work_costs_points(tmp_path, monkeypatch):
    """The report keeps what the answer earned; the student is told why it is less."""
    passed = Report("ada", "01", 60.0, 100.0, "bwrap", [], ())
    monkeypatch.setattr(batch, "graded_best", lambda *_, **__: passed)
    given = grade_one(job("ada", tmp_path, is_late=True))

    assert (60, 10, 50) == (given.report.score, given.penalty, given.score)
    assert (
        "late by a time that is not known: counted as 1 day; 10 points are taken off",
    ) == given.notes


def test_a_mark_without_a_policy_costs_nothing(tmp_path, monkeypatch):
    """It is told, since the system has said so."""
    passed = Report("ada", "01", 60.0, 100.0, "bwrap", [], ())
    monkeypatch.setattr(batch, "graded_best", lambda *_, **__: passed)
    given = grade_one(job("ada", tmp_path, is_late=True)._replace(policy=LatePolicy()))

    assert (60, ("handed in late",)) == (given.score, given.notes)


def test_students_see_no_paths_of_the_teachers_machine(tmp_path, monkeypatch):
    """Not in what cannot be read, not in a message of a library, not in a note."""
    trouble = f"cannot import name 'x' from 'cachesim' ({batch.__file__})"
    outcome = Outcome("a", ERROR, 0.0, 1.0, trouble, True)
    noted = report("ada", outcome)._replace(notes=(f"graded: {tmp_path}/ada.py",))
    monkeypatch.setattr(batch, "graded_best", lambda *_, **__: noted)
    found = [grade_one(job("ada", tmp_path))]
    (tmp_path / "eve").mkdir()
    found.append(
        grade_one(job("eve", tmp_path)._replace(arrival=Arrival("eve", tmp_path / "eve", ())))
    )
    texts = [
        text for given in found for text in (*given.notes, *(o.message for o in given.outcomes))
    ]

    assert 3 <= len(texts)
    assert not [text for text in texts if str(tmp_path) in text or "/cachesim/" in text]
    assert "cannot import name 'x' from 'cachesim' (batch.py)" in texts


def test_words_with_a_slash_are_no_paths(tmp_path):
    """Reads/writes, a share, an address."""
    for text in (
        "reads/writes/deletes",
        "1/2/3",
        "see https://docs.python.org/3/library/x",
        "a /b",
    ):
        assert text == without_paths(text, tmp_path / "ada.py")


def test_seeds(tmp_path):
    """A student's own from the secret and the id; of two who share an id, the same."""
    paths = [tmp_path / "a" / "ada.py", tmp_path / "b" / "ada.py", tmp_path / "bob.py"]
    for path in paths:
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
    work = jobs(LRU, paths, "rlimits", seed=None, secret="tulip", out=None)

    assert ["ada", "ada (2)", "bob"] == [j.arrival.id for j in work]
    assert [seed_of("tulip", name) for name in ("ada", "ada", "bob")] == [j.seed for j in work]
