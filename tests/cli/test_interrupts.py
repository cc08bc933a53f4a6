"""Ctrl-C in the middle of every command that takes long: exit 130, one sentence, and no process stays."""

import os
import shutil
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from cachesim.cli.main import QUIET_TRACKER
from cachesim.startup import SENTENCE
from tests.cli.test_processes import COMMAND, ROOT, environment, posix, wait_until
from tests.patience import PATIENCE

SCENARIO = "duration = 3000\nwarmup = 1\n[cache]\nkind = 'simple'\n"
ENDLESS = """
import cachesim as cs


class LRU(cs.EvictionPolicy):
    def victim(self):
        while True:
            pass
"""
KERNEL = """
import numpy as np
from cachesim.cli.main import cachesim, main
from cachesim.replay.compiled import call


def spin(keys, most):
    x = 0
    for i in range(most):
        x = (x * 31 + keys[i % 4] + i) % 1000003
    return x


cachesim.main = lambda *words, **options: call(spin, np.arange(4), 10**15, compiled=True)
main([])
"""
COMMANDS = {
    "run": ["run", "s.toml"],
    "sweep": ["sweep", "s.toml", "--vary=cache.memory=1mb,2mb,3mb"],
    "trace": ["trace", "s.toml", "--request=2000000"],
    "replay": ["replay", "t.csv", "--format=csv", "--engine=redis", "--memory=1mb"],
    "validate": ["validate"],
    "bench": ["bench", "--requests=5000000"],
    "fidelity": ["fidelity"],
    "grade": [
        "grade",
        str(ROOT / "exercises" / "01_lru"),
        "--accept-weak-isolation",
        *(f"class/s{n}.py" for n in range(8)),
    ],
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a folder with what the commands read."""
    monkeypatch.chdir(tmp_path)
    Path("s.toml").write_text(SCENARIO)
    Path("t.csv").write_text("key\n" + "".join(f"k{n % 50_000}\n" for n in range(1_000_000)))
    Path("class").mkdir()
    for number in range(8):
        Path(f"class/s{number}.py").write_text(ENDLESS)
    Path("kernel.py").write_text(KERNEL)
    return tmp_path


def family(ancestor):
    """Return process id -> seconds of CPU used, of a living process and of all that descend from it."""
    used, parents = {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        if fields[0] != "Z":
            number = int(stat.parent.name)
            parents[number] = int(fields[1])
            used[number] = sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")
    found = {ancestor} & used.keys()
    while more := {n for n, parent in parents.items() if parent in found} - found:
        found |= more
    return {number: used[number] for number in found}


def interrupted(words, is_busy=lambda used: sum(used.values()) > 4):
    """Start a command, press Ctrl-C in the middle, and return how it ended; every process must be gone."""
    process = subprocess.Popen(
        words,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    members = {process.pid: 0.0}
    try:
        wait_until(lambda: process.poll() is not None or is_busy(family(process.pid)))
        members = family(process.pid)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
        wait_until(lambda: not any(Path(f"/proc/{number}").exists() for number in members))
    finally:
        for number in members:
            if Path(f"/proc/{number}").exists():
                os.kill(number, signal.SIGKILL)
    return process.returncode, out, err.strip()


@posix
@pytest.mark.parametrize("name", COMMANDS)
def test_ctrl_c_ends_every_command(name, folder):
    """Wherever it is: in this process, in workers, in sandboxes, beside real servers."""
    if name == "fidelity" and not (shutil.which("redis-server") and shutil.which("memcached")):
        pytest.skip("no real servers")
    busy = {"is_busy": is_grading} if name == "grade" else {}
    code, out, err = interrupted([*COMMAND, *COMMANDS[name]], **busy)

    assert (130, SENTENCE) == (code, err)
    assert "Traceback" not in out


def test_the_tracker_of_joblib_is_quiet():
    """It may warn of a semaphore that it removes itself, after our sentence; its own warnings are real ones."""
    module = QUIET_TRACKER.removeprefix("ignore:::")
    program = (
        f"import {module} as t; t.warnings.warn_explicit('leaked', UserWarning, 'f', 1, t.__name__)"
    )
    told = [
        subprocess.run(
            [sys.executable, "-c", program], env={**os.environ, "PYTHONWARNINGS": wanted},
            capture_output=True, text=True, check=True,
        ).stderr
        for wanted in ("", QUIET_TRACKER)
    ]  # fmt: skip

    assert ("leaked" in told[0], "") == (True, told[1])


@posix
def test_ctrl_c_ends_a_report(folder):
    """While it reads: here from a pipe that nobody closes."""
    os.mkfifo("pipe")
    with open(os.open("pipe", os.O_RDWR), "w") as pipe:
        pipe.write("op,begin,end\nread,0,1\n")
        pipe.flush()
        ended = interrupted([*COMMAND, "report", "pipe"], lambda used: any(map(reads_a_pipe, used)))

    assert (130, "", SENTENCE) == ended


def is_grading(used):
    """Return whether one of the processes is a sandbox's."""
    try:
        return any(b"runner.py" in Path(f"/proc/{number}/cmdline").read_bytes() for number in used)
    except OSError:
        return False


def reads_a_pipe(number):
    """Return whether a process has the file open."""
    try:
        return any(
            Path(link).resolve().name == "pipe" for link in Path(f"/proc/{number}/fd").iterdir()
        )
    except OSError:
        return False


@posix
@pytest.mark.skipif(find_spec("numba") is None, reason="needs numba")
def test_ctrl_c_ends_machine_code(folder):
    """A kernel looks at no signal; this one would run for weeks."""
    ended = interrupted([sys.executable, "kernel.py"])

    assert (130, "", SENTENCE) == ended
