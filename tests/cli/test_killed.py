"""A command that is killed takes everything with it: workers, their trackers, servers, sandboxes, shared memory."""

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.cli.test_interrupts import COMMANDS, family, folder, is_grading
from tests.cli.test_processes import COMMAND, LONG, environment, posix, wait_until

SHARED = Path(
    "/dev/shm"
)  # semaphores, and arrays handed to workers: their names have the process in them
KILLED = {
    "compare": LONG,
    "sweep": COMMANDS["sweep"],
    "grade": COMMANDS["grade"],
    "fidelity": ["fidelity", "--requests=50000", "--keys=5000"],
}
SERVERS = ("redis-server", "memcached")
__all__ = ["folder"]


GENEROUS = 300  # seconds of wall clock: other work may take nearly all of the machine


def name_of(number):
    """Return the name of a process's program; "" if it has ended."""
    try:
        return Path(f"/proc/{number}/comm").read_text().strip()
    except OSError:
        return ""


def is_working(command, used):
    """Return whether the command's workers are in the middle of their jobs."""
    if command == "grade":
        return is_grading(used)
    if command == "fidelity":
        return not {*SERVERS}.isdisjoint(map(name_of, used))
    return sum(seconds > 1.5 for seconds in used.values()) >= 2  # imports take less


def lives(number):
    """Return whether a process runs; one that has ended and waits for init to notice does not."""
    try:
        return "Z" != Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


def left_in_memory(number):
    """List the entries of a process in shared memory."""
    return [path.name for path in SHARED.iterdir() if f"{number}" in re.split("[_-]", path.name)]


@posix
@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGKILL], ids=["SIGTERM", "SIGKILL"])
@pytest.mark.parametrize("name", KILLED)
def test_nothing_outlives_a_command(name, sent, folder):
    """Only the command's own process is hit; it has no chance to say anything to the others."""
    if name == "fidelity" and not all(map(shutil.which, SERVERS)):
        pytest.skip("no real servers")
    process = subprocess.Popen(
        [*COMMAND, *KILLED[name]],
        env={**environment(), "LOKY_MAX_CPU_COUNT": "2"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    members = {process.pid: 0.0}  # every process seen so far: some end quickly

    def is_under_way():
        seen = family(process.pid)
        members.update(seen)
        return is_working(name, seen)

    try:
        wait_until(is_under_way, GENEROUS)
        process.send_signal(sent)

        assert -sent == process.wait()
        wait_until(lambda: not any(map(lives, members)), GENEROUS)
        wait_until(lambda: not left_in_memory(process.pid), GENEROUS)
    finally:
        for number in filter(lives, members):
            os.kill(number, signal.SIGKILL)
        process.wait()

    assert len(members) > 1  # there was somebody to outlive it


@posix
def test_a_worker_that_is_killed(folder):
    """As the kernel does when memory is short: one sentence, exit 2, and nothing stays."""
    process = subprocess.Popen(
        [*COMMAND, *LONG],
        env={**environment(), "LOKY_MAX_CPU_COUNT": "2"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    members = {process.pid: 0.0}
    try:
        wait_until(lambda: is_working("compare", family(process.pid)), GENEROUS)
        members = family(process.pid)
        os.kill(max(members.keys() - {process.pid}, key=members.get), signal.SIGKILL)
        _, told = process.communicate(timeout=GENEROUS)
        wait_until(lambda: not any(map(lives, members)), GENEROUS)
    finally:
        for number in filter(lives, members):
            os.kill(number, signal.SIGKILL)
        process.wait()

    assert 2 == process.returncode
    assert told.splitlines()[-1].startswith("cachesim: a worker process died in the middle")
    assert "Traceback" not in told
