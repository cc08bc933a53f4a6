"""The same sweep in this process, in processes and on a Dask cluster that loses a worker midway."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cachesim.errors import BadInput, WorkerLost
from cachesim.experiments.parallel import in_parallel
from cachesim.experiments.sweep import sweep
from cachesim.model.strategies.lazy import LazyLoading, NoCache
from tests.experiments.test_sweep import SMALL, Forgetful
from tests.patience import PATIENCE

VARIED = {"strategy": [LazyLoading(ttl=1), NoCache(), Forgetful()]}
REPLICATIONS = 3

ON_A_CLUSTER = """
import json, os, signal, sys
import dask
from distributed import Client, LocalCluster
from cachesim.errors import WorkerLost
from cachesim.experiments.parallel import in_parallel
from cachesim.experiments.sweep import sweep
from tests.experiments.test_cluster import REPLICATIONS, SMALL, VARIED

def main():
    dask.config.set({"distributed.scheduler.allowed-failures": 1})  # two dead workers are enough here
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        with Client(cluster) as client:
            first = sorted(client.run(os.getpid).values())

            def killing(runs, total):
                for number, done in enumerate(runs):
                    if number == 2:
                        os.kill(first[0], signal.SIGKILL)
                    yield done

            options = {"replications": REPLICATIONS, "backend": "dask", "progress": killing, "store": "kept"}
            frame = sweep(SMALL, address=cluster.scheduler_address, **options, **VARIED).frame
            last = sorted(client.run(os.getpid).values())
            try:
                list(in_parallel(os._exit, [3], backend="dask"))
            except WorkerLost as error:
                lost = str(error)
    print(json.dumps({"csv": frame.to_csv(), "first": first, "last": last, "lost": lost}))

if __name__ == "__main__":
    main()
"""


def test_serial_processes_and_dask_give_the_same_bytes(tmp_path):
    """Of two Dask workers one is killed while the sweep runs; its work is done again by others.

    A job that kills every worker is given up with a sentence.
    """
    pytest.importorskip("distributed")
    (tmp_path / "on_a_cluster.py").write_text(ON_A_CLUSTER)
    found = subprocess.run(
        [sys.executable, str(tmp_path / "on_a_cluster.py")],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert 0 == found.returncode, found.stderr
    dask = json.loads(found.stdout)
    serial = sweep(SMALL, replications=REPLICATIONS, n_jobs=1, **VARIED).frame.to_csv()
    processes = sweep(SMALL, replications=REPLICATIONS, n_jobs=2, **VARIED).frame.to_csv()

    assert 2 * REPLICATIONS == len(list((tmp_path / "kept").iterdir()))
    assert dask["lost"].startswith("every worker of the Dask cluster that tried a certain run died")
    assert dask["first"][0] not in dask["last"]
    assert serial == processes
    assert serial == dask["csv"]
    assert 1 + 3 * REPLICATIONS == serial.count("\n")
    assert "StrategyError: Forgetful.write" in serial


def test_without_a_cluster_dask_is_refused():
    """No client in this process, no scheduler at the address: one sentence each."""
    pytest.importorskip("distributed")
    for address, says in ((None, "needs a cluster"), ("nonsense://x", "is no address")):
        with pytest.raises(BadInput, match=says):
            list(in_parallel(abs, [1, 2], backend="dask", address=address))


def test_without_dask_the_extra_is_named(monkeypatch):
    """It is not needed for anything else."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(BadInput, match=r'pip install "cachesim-lab\[cluster\]"'):
        list(in_parallel(abs, [1, 2], backend="dask"))


def test_without_pyarrow_the_extra_is_named(monkeypatch, tmp_path):
    """A sweep without a store does not need it."""
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(BadInput, match=r'pip install "cachesim-lab\[parquet\]"'):
        sweep(SMALL, n_jobs=1, store=tmp_path)


def test_a_worker_that_dies_is_told_in_one_sentence():
    """Whatever killed it: the run is lost, and so are those that were to follow."""
    with pytest.raises(WorkerLost, match="a worker process died in the middle of a run"):
        list(in_parallel(os._exit, [3, 3], n_jobs=2))
    assert [1, 2] == list(in_parallel(abs, [-1, -2], n_jobs=2))


def folder_of(_job):
    """Return the folder in which this process is."""
    return os.getcwd()


def test_workers_follow_the_folder_of_their_caller(tmp_path, monkeypatch):
    """They are used again by later calls, and relative paths must mean the same there."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        assert {str(tmp_path / name)} == set(in_parallel(folder_of, [1, 2], n_jobs=2))


class Unreadable:
    """A job that no other process can read."""

    def __reduce__(self):
        return exec, ("raise ImportError('gone')",)


def test_a_job_that_no_worker_can_read():
    """As when a worker is older than the module that it needs: one sentence, no traceback of joblib's."""
    with pytest.raises(WorkerLost, match="could not read its job"):
        list(in_parallel(str, [Unreadable(), Unreadable()], 2))


def blocked(_job):
    """Return the signals that this process does not hear."""
    return [number.name for number in signal.pthread_sigmask(signal.SIG_BLOCK, ())]


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="signals as POSIX has them")
def test_workers_are_deaf_to_ctrl_c():
    """From their first import on: else each would tell of it in a trace of its own. This process still hears it."""
    assert [["SIGINT"], ["SIGINT"]] == list(in_parallel(blocked, [1, 2], n_jobs=2))
    assert [] == blocked(None)


def test_a_job_apart():
    """Even a single one has another process, which may die."""
    assert [os.getpid()] != list(in_parallel(process, [1], apart=True))
    with pytest.raises(WorkerLost):
        list(in_parallel(os._exit, [3], n_jobs=1, apart=True))


def process(_job):
    """Return the process that this runs in."""
    return os.getpid()
