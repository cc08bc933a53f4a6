"""What a test can end in, and that one submission never stops a batch."""

from pathlib import Path

import pytest

from cachesim.grading.exercise import Exercise
from cachesim.grading.judge import judge
from cachesim.grading.sandbox import strongest
from cachesim.grading.submission import Submission

EXERCISE = Exercise(Path(__file__).parents[2] / "exercises" / "01_lru")
LRU = EXERCISE.solution


def states(source, monkeypatch):
    """Return the outcome of each test, in the order of exercise.toml."""
    monkeypatch.setitem(EXERCISE.about, "limits", {"cpu": 1, "wall": 30})
    report = judge(EXERCISE, Submission.of("ada", source), tier=strongest())
    return [outcome.status for outcome in report.outcomes]


@pytest.mark.parametrize(
    ("victim", "expected"),
    [
        ("next(iter(self.keys))", ["passed"] * 6),
        ("list(self.keys)[-1]", ["failed"] * 2 + ["not reached"] * 4),
        ("self.nobody", ["error"] * 2 + ["not reached"] * 4),
        ("__import__('os')._exit(1)", ["crashed"] * 2 + ["not reached"] * 4),
        ("[0 for _ in iter(int, 1)]", ["timed out"] * 2 + ["not reached"] * 4),
    ],
)
def test_every_state(monkeypatch, victim, expected):
    """Passed, failed, error, crashed, timed out; and not reached where a test that it needs did not pass."""
    assert expected == states(LRU.replace("next(iter(self.keys))", victim), monkeypatch)


def test_not_attempted(monkeypatch):
    """The starter as it is."""
    assert ["not attempted"] * 6 == states(EXERCISE.starter, monkeypatch)


def test_what_breaks_a_test_is_an_error_of_one_submission(monkeypatch):
    """Even what the author did not think of."""
    namespace = EXERCISE.namespace

    def broken(seed):
        names = namespace(seed)
        names["mine"] = lambda *a, **k: 1 / 0
        return names

    monkeypatch.setattr(EXERCISE, "namespace", broken)

    assert ["error"] * 2 == states(LRU, monkeypatch)[:2]


def test_a_failure_that_nobody_threw_in_is_the_codes_own():
    """A strategy may let a refusal of the database pass, and not make one up."""
    folder = Path(__file__).parents[2] / "exercises" / "10_restart"
    exercise = Exercise(folder)
    lazy = (folder / "wrong" / "lazy.py").read_text("utf-8")
    made_up = lazy.replace("yield app.db.read(key)", "1 / 0 if app.now < 0 else self.refuse()")
    made_up += "\n    def refuse(self):\n        raise cs.errors.DatabaseRefused('made up')\n"
    told = {}
    for name, source in (("lazy", lazy), ("made up", made_up)):
        report = judge(exercise, Submission.of(name, source), tier=strongest())
        told[name] = {outcome.id: outcome.status for outcome in report.outcomes}

    assert "failed" == told["lazy"]["nobody_is_turned_away"]
    assert "error" == told["made up"]["calm_days"]
