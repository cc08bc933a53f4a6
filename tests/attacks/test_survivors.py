"""Nothing of a sandbox survives its grader, however the grader ends and whatever the code does; nothing is starved."""

import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from cachesim.grading.sandbox import BOX, TIERS, Limits, box, holds
from tests.attacks.test_probes import ALONE, USERS, possible
from tests.patience import PATIENCE

STUBBORN = """
import ctypes, os, signal, threading, time
for number in range(1, 65):
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
for option, value in ((1, 0), (1, 18), (36, 1)): ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
for call in (os.setsid, lambda: os.setpgid(0, 0)):
    try: call()
    except OSError: pass
def rest():
    while True:
        try: time.sleep(3600)
        except BaseException: pass
threading.Thread(target=rest).start()
def f():
    os.closerange(3, 64)
    rest()
"""
STARTS = """
import threading
from cachesim.grading.owed import family

def start(tier):
    made = Box(tier, Limits(cpu=50, wall=3600.0))
    made.ask(do="load", parts=[("", STUBBORN)])
    threading.Thread(target=lambda: made.ask(do="call", name="f", arguments=[]), daemon=True).start()
    print(os.getpid(), *family(made.child.pid), flush=True)
    time.sleep(3600)
"""
BY_ITSELF = "start(sys.argv[2])\n"
BY_A_WORKER = (
    "from joblib import Parallel, delayed\nParallel(2)(delayed(start)(t) for t in sys.argv[2:])\n"
)


def gone(pids):
    """Wait until none of the processes runs; return those that still do."""
    deadline = time.monotonic() + PATIENCE
    while (left := [pid for pid in pids if runs(pid)]) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left


def runs(pid):
    """Return whether there is such a process, and it is none that waits to be buried."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@contextmanager
def grader(code, user, *tiers):
    """Start a grader; give it, and of each sandbox that it made its process and what is inside; end it."""
    program, whom = USERS[user]
    code = f"import os\n{ALONE}\nSTUBBORN = {STUBBORN!r}\n{STARTS}\n{code}"
    command = [program, "-c", code, str(BOX.parents[1]), *tiers]
    quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True, "cwd": "/"}
    made = subprocess.Popen(command, start_new_session=True, **quiet, **whom)
    try:
        lines = [made.stdout.readline().split() for _ in tiers]
        assert all(lines), "the grader did not start its sandboxes"
        yield made, [[int(pid) for pid in line] for line in lines]
    finally:
        os.killpg(made.pid, signal.SIGKILL)
        made.wait()
        made.stdout.close()


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("user", USERS)
def test_it_dies_with_its_grader(user, tier):
    """By SIGKILL, while the code sleeps, has threads, and ignores what it can."""
    possible(user)
    if not sys.platform.startswith("linux") or not holds(tier):
        pytest.skip(f"the tier {tier} does not work here")
    with grader(BY_ITSELF, user, tier) as (process, [[_, *inside]]):
        assert all(map(runs, inside))
        process.kill()

        assert [] == gone(inside)


def test_it_dies_with_the_worker_that_made_it():
    """One process of a pool."""
    if not sys.platform.startswith("linux") or not holds("landlock"):
        pytest.skip("this needs Landlock")
    with grader(BY_A_WORKER, "this user", "landlock", "landlock") as (_, [[worker, *inside], _]):
        assert all(map(runs, inside))
        os.kill(worker, signal.SIGKILL)

        assert [] == gone(inside)


THREADS = """
import threading
def f():
    started = [threading.Thread(target=threading.Event().wait, daemon=True) for _ in range(12)]
    for thread in started: thread.start()
    return threading.active_count()
"""


@pytest.mark.parametrize("tier", ["bwrap", "landlock"])
def test_boxes_do_not_starve_each_other(tier):
    """Eight at once, all of one user, each with a dozen threads."""
    if not holds(tier):
        pytest.skip(f"the tier {tier} does not work here")
    with ExitStack() as stack:
        boxes = [stack.enter_context(box(tier, Limits(), [("", THREADS)])) for _ in range(8)]
        counts = [made.ask(do="call", name="f", arguments=[])["value"] for made in boxes]

    assert [13] * 8 == counts
