"""A sweep that is killed, at any moment and however often, goes on where it stopped."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.patience import PATIENCE

MOMENTS, SEED = 10, 20261126

# Every attempt is a forked process. When it has kept a run, it goes on for a share of the processor time that
# the undisturbed sweep took; then SIGKILL ends it. So each attempt gets on, however busy the machine is.
KILLED_AND_RESUMED = """
import json, os, signal, sys, time
import numpy as np
from cachesim.experiments.sweep import sweep
from cachesim.model.strategies.lazy import LazyLoading, NoCache
from tests.experiments.test_sweep import SMALL, Forgetful

folder, moments, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
VARIED = {"strategy": [LazyLoading(ttl=1), NoCache(), Forgetful()], "cache__memory": [10_000, 30_000]}

def swept(store):
    return sweep(SMALL, replications=8, n_jobs=1, store=store, **VARIED)

def killed_after(seconds):
    before, child = kept(), os.fork()
    def look(*_):
        if kept() > before:
            signal.signal(signal.SIGPROF, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
            signal.setitimer(signal.ITIMER_PROF, seconds)
    if child == 0:
        signal.signal(signal.SIGPROF, look)
        signal.setitimer(signal.ITIMER_PROF, 0.001, 0.001)
        swept(folder)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL

def kept():
    return sum(n.endswith(".parquet") for n in os.listdir(folder)) if os.path.isdir(folder) else 0

swept(folder + "-warm-up")
began = time.process_time()
undisturbed = swept(folder + "-undisturbed")
took = time.process_time() - began
attempts = [(killed_after(share * took), kept())
            for share in np.random.default_rng(seed).uniform(0.001, 0.03, moments)]
resumed = swept(folder)
print(json.dumps({"attempts": attempts, "kept": kept(), "notes": resumed.notes == undisturbed.notes,
                  "undisturbed": undisturbed.frame.to_csv(), "resumed": resumed.frame.to_csv()}))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_a_sweep_killed_at_ten_moments_and_resumed_gives_the_same_frame(tmp_path):
    """Each attempt is ended by SIGKILL and adds runs to those kept; the frame is the undisturbed one's."""
    found = subprocess.run(
        [
            sys.executable,
            "-c",
            KILLED_AND_RESUMED,
            str(tmp_path / "store"),
            str(MOMENTS),
            str(SEED),
        ],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert 0 == found.returncode, found.stderr
    told = json.loads(found.stdout)
    killed, kept = zip(*told["attempts"], strict=True)

    assert (True,) * MOMENTS == killed
    assert list(kept) == sorted({*kept})  # each attempt adds runs
    assert (
        MOMENTS <= kept[-1] < told["kept"] == 32
    )  # the other 16 of 48 runs fail, and are not kept
    assert told["undisturbed"] == told["resumed"]
    assert told["notes"]
