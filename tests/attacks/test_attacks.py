"""A class in which every second one is hostile: attacks earn and harm nothing, and the others get their points."""

import os
import re
import shutil
import time
from pathlib import Path

import pytest

from cachesim.grading.batch import grade, jobs
from cachesim.grading.exercise import Exercise
from cachesim.grading.judge import PASSED
from cachesim.grading.sandbox import BOX, holds
from tests.attacks.attacks import EARNED, ELSEWHERE, submissions
from tests.patience import PATIENCE

ROOT = Path(__file__).parents[2]
FOLDERS = {"01": "01_lru", "03": "03_lazy_loading"}
LIMITS = "[limits]\ncpu = 1\nwall = 30\nmemory_mb = 512\n"  # tighter, so that attacks end sooner
SECRET = "tulip-of-the-course"
TIERS = ["bwrap", "landlock"]


@pytest.fixture(params=TIERS)
def tier(request):
    """Every tier that grades and that this kernel has."""
    if not holds(request.param):
        pytest.skip(f"the tier {request.param} does not work here")
    return request.param


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A folder with a gradebook, and a secret in the environment."""
    (tmp_path / "gradebook.db").write_text("ada 100\n")
    monkeypatch.setenv("COURSE_SECRET", SECRET)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def exercise_of(course, number):
    """Return a copy of an exercise with tighter limits."""
    folder = course / "exercises" / FOLDERS[number]
    shutil.copytree(ROOT / "exercises" / FOLDERS[number], folder)
    about = folder / "exercise.toml"
    about.write_text(
        re.sub(r"\[limits\].*?\n\n", LIMITS + "\n", about.read_text(), flags=re.DOTALL)
    )
    return Exercise(folder)


def hand_in(course, number, exercise, every):
    """Write each attack, and after `every` so many the right answer; return the paths in the order of grading."""
    paths = []
    for count, (name, source) in enumerate(submissions(number).items()):
        stem = name.replace(" ", "_")
        hostile, right = (course / f"{stem}{kind}.py" for kind in ("", "-right"))
        if name.startswith("08"):
            hostile = course / stem
            hostile.mkdir()
            (hostile / "conftest.py").write_text("import os\nos._exit(0)\n")
        (hostile / "work.py" if hostile.is_dir() else hostile).write_text(source)
        paths.append(hostile)
        if count % every == 0:
            right.write_text(exercise.solution)
            paths.append(right)
    return paths


def contents(folder):
    """List the files below a folder: the gradebook, the submissions, the exercise."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def surroundings():
    """Return the environment, without what libraries for parallel work note there."""
    return {name: value for name, value in os.environ.items() if not name.startswith("KMP_")}


def harmed():
    """Return files that attacks would have left elsewhere."""
    names = ("cachesim-owned", "cachesim-huge", "report.json")
    return [
        name for name in names for place in ("/tmp", "/", "/dev/shm") if Path(place, name).exists()
    ]


def orphans():
    """Return processes of a sandbox whose grader has gone; they have a moment to die of their SIGKILL."""
    deadline = time.monotonic() + PATIENCE
    while (found := [pid for pid in os.listdir("/proc") if pid.isdigit() and _is_orphan(pid)]) and (
        time.monotonic() < deadline
    ):
        os.sched_yield()
    return found


def _is_orphan(pid):
    try:
        command = Path("/proc", pid, "cmdline").read_bytes()
        parent = Path("/proc", pid, "stat").read_text().rpartition(")")[2].split()[1]
    except OSError:
        return False
    return str(BOX / "runner.py").encode() in command and parent == "1"


@pytest.mark.parametrize(
    ("tier", "number"), [(TIERS[0], "01"), (TIERS[0], "03"), (TIERS[1], "01")], indirect=["tier"]
)
def test_every_attack_in_a_class(course, tier, number):
    """No point, no file, no process, no secret, no other's grade; the right answer beside each gets all points."""
    exercise = exercise_of(course, number)
    # a right answer after every attack once; elsewhere after every tenth
    every = 1 if (tier, number) == (TIERS[0], "01") else 10
    paths = hand_in(course, number, exercise, every)
    before, environment = contents(course), surroundings()
    reports = grade(jobs(exercise, paths, tier, seed=1, secret="", out=None), n_jobs=2)
    scores = {report.id: report.score for report in reports}
    passed = {r.id: tuple(o.id for o in r.outcomes if o.status == PASSED) for r in reports}
    by_heart = next(name for name in scores if name.startswith("43") and "right" not in name)

    assert len(paths) == len(reports)
    assert {100} == {score for name, score in scores.items() if name.endswith("-right")}
    assert EARNED[number] == passed.pop(by_heart)
    assert {} == {name: got for name, got in passed.items() if got and not name.endswith("-right")}
    assert before == contents(course)
    assert environment == surroundings()
    assert [] == harmed()
    assert [] == orphans()
    assert SECRET not in repr(reports)
    assert "\x1b" not in repr(reports)
    for name in ("25_endless_loop", "26_ignore_signals"):
        statuses = {o.status for r in reports if r.id == name for o in r.outcomes}
        assert statuses == {"timed out", "not reached"}


def test_all_known_attacks_are_here():
    """Each number from 1 to 46 is a submission, or names the test that is about it."""
    tried = [{name[:2] for name in submissions(number)} for number in FOLDERS]

    assert tried[0] == tried[1]
    assert {f"{number:02d}" for number in range(1, 47)} == tried[0] | set(ELSEWHERE)
    assert set() == tried[0] & set(ELSEWHERE)
