"""What a student has done is never lost: not to another process, not to a full disk, not to a damaged file."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cachesim.errors import BadInput
from cachesim.grading.progress import FILE, Progress

posix = pytest.mark.skipif(sys.platform == "win32", reason="looks at the lock as POSIX has it")


ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """A folder of one's own."""
    monkeypatch.chdir(tmp_path)


def begun(program):
    """Return a process that runs a program with this source tree on its path."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-c", program],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_what_another_process_notes_meanwhile_is_kept():
    """A check that takes long has read the file before a prediction was noted."""
    check = Progress()
    check.of("01")
    Progress().note("01", predicted="b")
    check.note("01", passed=True)

    assert {"predicted": "b", "passed": True} == Progress().of("01")


OTHER = """
import sys
from cachesim.grading.progress import Progress
print("here", flush=True)
Progress().note("01", predicted="b")
"""
PROBE = """
import fcntl
try:
    fcntl.flock(open(".cachesim/exercises.lock"), fcntl.LOCK_EX | fcntl.LOCK_NB)
    print("free")
except BlockingIOError:
    print("taken")
"""


@posix
def test_two_processes_change_the_file_in_turn():
    """Between one's reading and its writing the other waits, and then keeps both changes."""
    seen = []

    def while_reading(known):
        other = begun(OTHER)
        seen.extend([other, other.stdout.readline().strip(), begun(PROBE).communicate()[0].strip()])
        return known | {"passed": True}

    Progress().change("01", while_reading)
    seen[0].communicate()

    assert ["here", "taken"] == seen[1:]
    assert {"predicted": "b", "passed": True} == Progress().of("01")


@posix
def test_the_lock_of_a_process_that_was_killed_is_free():
    """It is the system's, and ends with its process."""
    killed = "import os; os.kill(os.getpid(), 9)"
    held = f"from cachesim.grading.progress import *\nwith Progress()._locked(): {killed}"
    begun(held).communicate()

    assert {"passed": True} == Progress().note("01", passed=True)


def test_a_damaged_file_is_set_aside():
    """Whatever was in it can be looked at; what can be understood in a file that was edited, counts."""
    for damaged in ("{", "[1]", '{"01": 7}', "[" * 100_000, "\0"):
        FILE.parent.mkdir(exist_ok=True)
        FILE.write_text(damaged)
        assert {} == Progress().of("01")
        Progress().note("01", passed=True)
        assert damaged == FILE.with_name("exercises.json.damaged").read_text()
    FILE.write_text(
        '\ufeff{"01": {"predicted": 5, "hints": "many", "passed": true, "new": 1}}', "utf-8"
    )

    assert {"passed": True, "new": 1} == Progress().of("01")


def test_a_file_in_the_way_is_one_sentence(tmp_path):
    """Where .cachesim is a file, or exercises.json a folder."""
    (tmp_path / ".cachesim").write_text("mine")
    assert {} == Progress().of("01")
    with pytest.raises(BadInput, match=r"exercises.json\" cannot be written \(File exists\)"):
        Progress().note("01", passed=True)
    assert "mine" == (tmp_path / ".cachesim").read_text()
    (tmp_path / ".cachesim").unlink()
    FILE.mkdir(parents=True)
    with pytest.raises(BadInput, match="cannot be read"):
        Progress().of("01")


FULL = """
import resource
from cachesim.errors import BadInput
from cachesim.grading.progress import Progress
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
try:
    Progress().note("01", passed=True)
except BadInput as error:
    print(error)
"""


@posix
def test_a_full_disk_loses_nothing(tmp_path):
    """The old file stays, nothing half-written is left, and the sentence says why. (No file may grow here.)"""
    Progress().note("01", predicted="b")
    out, err = begun(FULL).communicate()

    assert "" == err
    assert "cannot be written (File too large)" in out
    assert {"01": {"predicted": "b"}} == json.loads(FILE.read_text())
    assert ["exercises.json", "exercises.lock"] == sorted(p.name for p in FILE.parent.iterdir())
