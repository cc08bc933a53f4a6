"""Every attack earns nothing, harms nothing and ends in time; the right answer beside it gets all points."""

import os
import time
from pathlib import Path

import pytest

from cachesim.grading.batch import grade, jobs
from cachesim.grading.exercise import Exercise
from cachesim.grading.judge import PASSED, judge
from cachesim.grading.sandbox import holds
from cachesim.grading.submission import Submission
from tests.attacks.attacks import AT_IMPORT, AT_WORK, NOT_HERE, submissions

ROOT = Path(__file__).parents[2]
EXERCISES = {
    path.parent.name[:2]: Exercise(path.parent) for path in ROOT.glob("exercises/*/exercise.toml")
}
ATTACKS = [
    (number, name, source)
    for number in ("01", "03")
    for name, source in submissions(number).items()
]
LIMITS = {"cpu": 1, "wall": 4.0, "memory_mb": 512}
TIERS = [tier for tier in ("bwrap", "landlock") if holds(tier)]


@pytest.fixture(autouse=True)
def sandbox():
    if not TIERS:
        pytest.skip("no sandbox that grades works here")


@pytest.fixture
def quick(monkeypatch):
    """Tighter limits, so that attacks that wait for them end sooner."""
    for exercise in EXERCISES.values():
        monkeypatch.setitem(exercise.about, "limits", LIMITS)


def harmed():
    return [path for path in ("/tmp/cachesim-owned", "/tmp/cachesim-huge") if Path(path).exists()]


@pytest.mark.parametrize(
    ("number", "name", "source"),
    ATTACKS,
    ids=[f"{number}-{name}".replace(" ", "_") for number, name, _ in ATTACKS],
)
@pytest.mark.parametrize("tier", TIERS)
def test_an_attack_earns_nothing(quick, tier, number, name, source, tmp_path, monkeypatch):
    """No point, no file, no time beyond the limits."""
    monkeypatch.chdir(tmp_path)
    begin = time.monotonic()
    report = judge(EXERCISES[number], Submission(name, source), tier=tier)

    assert 0 == report.score
    assert [] == [outcome for outcome in report.outcomes if outcome.status == PASSED]
    assert [] == os.listdir(tmp_path)
    assert [] == harmed()
    assert time.monotonic() - begin < 40
    text = repr(report)
    assert "\x1b" not in text


def test_all_known_attacks_are_here():
    """Each number from 1 to 46 is an attack above, or is listed with the reason why it cannot be one."""
    tried = {name[:2] for name in (*AT_IMPORT, *AT_WORK)}

    assert {f"{number:02d}" for number in range(1, 47)} == tried | set(NOT_HERE)
    assert set() == tried & set(NOT_HERE)


def test_a_batch_survives(tmp_path):
    """Hostile and honest ones side by side: each honest one gets all points."""
    exercise = EXERCISES["01"]
    hostile = [
        "01 _exit",
        "03 _exit in the function",
        "25 endless loop",
        "28 allocate",
        "36 write to every descriptor",
    ]
    for number, name in enumerate(hostile):
        (tmp_path / f"hostile{number}.py").write_text(submissions("01")[name])
        (tmp_path / f"honest{number}.py").write_text(exercise.solution)
    (tmp_path / "broken.py").write_bytes(b"\xff\x00def (")
    work = jobs(exercise, sorted(tmp_path.glob("*.py")), TIERS[0], seed=1, secret="", out=None)
    scores = {report.id: report.score for report in grade(work, n_jobs=2)}

    assert {100} == {score for name, score in scores.items() if name.startswith("honest")}
    assert {0} == {score for name, score in scores.items() if not name.startswith("honest")}
    assert 11 == len(scores)
