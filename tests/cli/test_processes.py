"""The command line as a process of its own: exit codes as the shell sees them, and Ctrl-C."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.calls import ONE_RUN, SMALL
from tests.patience import PATIENCE

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "cachesim"]
LONG = ["compare", "--engine=simple", "--duration=3000"]

posix = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at Linux's /proc")


def environment():
    """Return the environment with this source tree on the path."""
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def test_a_comparison_from_the_shell(tmp_path):
    """Exit 0, one JSON object on stdout, silence on stderr."""
    call = [*COMMAND, "compare", *SMALL, *ONE_RUN, "--json", f"--out={tmp_path}"]
    found = subprocess.run(call, env=environment(), capture_output=True, timeout=PATIENCE)

    assert (0, b"") == (found.returncode, found.stderr)
    assert 1 == json.loads(found.stdout)["schema"]


def test_a_refusal_from_the_shell(tmp_path):
    """Exit 2, nothing on stdout, one sentence on stderr."""
    call = [*COMMAND, "compare", "--ttl=-5", f"--out={tmp_path / 'out'}"]
    found = subprocess.run(
        call, env=environment(), capture_output=True, text=True, timeout=PATIENCE
    )

    assert (2, "") == (found.returncode, found.stdout)
    assert "cachesim: --ttl must be > 0 seconds (inf for no limit), got -5.0\n" == found.stderr
    assert not (tmp_path / "out").exists()


def members(group):
    """Return process id -> seconds of CPU used, of the group's living processes."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            found[int(stat.parent.name)] = int(fields[11]) / os.sysconf("SC_CLK_TCK")
    return found


def wait_until(holds, patience=PATIENCE):
    """Wait for another process to get there."""
    for _ in range(patience * 50):
        if holds():
            return
        time.sleep(0.02)
    pytest.fail("waited in vain")


def seconds_to_begin():
    """Return the seconds of CPU that the command takes before it does anything, on this machine."""
    import resource  # Linux and macOS have it

    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    call = [*COMMAND, "compare", "--help"]
    subprocess.run(call, env=environment(), capture_output=True, timeout=PATIENCE, check=True)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before


@posix
@pytest.mark.parametrize("runs", ["in this process", "in workers"])
@pytest.mark.parametrize("to_all", [True, False], ids=["ctrl-c", "to the main process alone"])
def test_ctrl_c_leaves_nothing_behind(runs, to_all, tmp_path):
    """Exit 130, one sentence, no file, no process."""
    workers, begins = 2 if runs == "in workers" else 0, 1.5 * seconds_to_begin() + 0.5
    call = [*COMMAND, *LONG, f"--out={tmp_path / 'out'}", *([] if workers else ONE_RUN)]
    process = subprocess.Popen(
        call,
        env={**environment(), "LOKY_MAX_CPU_COUNT": "2"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # A shell's background job ignores SIGINT and its children inherit that: listen to it here.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        # As many processes at work as there should be, all past their imports.
        wait_until(
            lambda: sum(used > begins for used in members(process.pid).values()) >= (workers or 1)
        )
        (os.killpg if to_all else os.kill)(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
        wait_until(lambda: not members(process.pid))
    finally:
        for left in members(process.pid):
            os.kill(left, signal.SIGKILL)

    assert (130, "") == (process.returncode, out)
    assert "cachesim: interrupted; nothing was half-written" == err.strip()
    assert [] == list((tmp_path / "out").iterdir())
