"""Many runs at once: in this process, in processes of this machine, or on a Dask cluster.

Only this file knows joblib and Dask. The results do not depend on where the runs were done.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from cachesim.errors import BadInput, WorkerLost

BACKENDS = ("processes", "dask")
LOOK_AGAIN = 0.2  # seconds between two looks of a worker at its parent
Work = Callable[[Any], Any]


def in_parallel(
    work: Work,
    jobs: Sequence[Any],
    n_jobs: int = -1,
    *,
    backend: str = "processes",
    address: str | None = None,
    ordered: bool = True,
    apart: bool = False,
) -> Iterable[Any]:
    """Call `work` with every job; give the results as they come.

    Parameters
    ----------
    work : callable
        A function that can be sent to another process; it takes one job.
    n_jobs : int
        Processes; -1: one per core; 1: this process. Ignored by Dask, which uses all of its workers.
    backend : {"processes", "dask"}
        Where the jobs run.
    address : str, optional
        Address of Dask's scheduler, such as "tcp://10.0.0.5:8786"; None: the Client of this process.
    ordered : bool
        Whether results come in the order of the jobs; otherwise as soon as each job ends.
    apart : bool
        Whether even a single job runs in another process, so that this one survives if the job kills it.

    Raises
    ------
    BadInput
        An unknown backend, no Dask, or no cluster at that address.
    WorkerLost
        A process died in the middle of a job; on Dask, the same job's workers four times.
    """
    if backend not in BACKENDS:
        raise BadInput(f'backend must be one of {", ".join(BACKENDS)}, got "{backend}"')
    if address is not None and backend != "dask":
        raise BadInput(f'an address is that of a Dask cluster, got "{address}"; add backend="dask"')
    if n_jobs == 0:
        raise BadInput("n_jobs must be -1 (every core) or the number of processes, got 0")
    if not jobs:
        return iter(())
    return_as = "generator" if ordered else "generator_unordered"
    if backend == "dask":
        return _on_dask(work, jobs, address, return_as)
    if (n_jobs == 1 or len(jobs) == 1) and not apart:
        return map(work, jobs)
    return _in_processes(work, jobs, 2 if apart else n_jobs, return_as)


def _in_processes(work: Work, jobs: Sequence[Any], n_jobs: int, return_as: str) -> Iterator[Any]:
    from joblib import Parallel, delayed
    from joblib.externals.loky.process_executor import BrokenProcessPool, TerminatedWorkerError

    try:
        with _deaf_to_ctrl_c():
            parallel = Parallel(n_jobs, backend=_local_backend(), return_as=return_as)
            done = parallel(delayed(_in_folder)(os.getcwd(), work, job) for job in jobs)
        yield from done
    except TerminatedWorkerError:
        raise WorkerLost(
            "a worker process died in the middle of a run, as when memory is short; "
            "use fewer with n_jobs (--n-jobs), or smaller scenarios"
        ) from None
    except BrokenProcessPool:
        raise WorkerLost(
            "a worker process could not read its job, as when a module of yours has changed since the worker "
            "began; start the program again"
        ) from None
    except UnboundLocalError as error:  # joblib's own, in clearing up when a pipe could not be made
        if isinstance(error.__context__, OSError):
            raise error.__context__ from None
        raise


def _in_folder(folder: str, work: Work, job: Any) -> Any:
    """Do a job in the folder of the caller: workers are used again, and a notebook may have changed its folder."""
    os.chdir(folder)
    return work(job)


def _local_backend() -> Any:
    """Joblib's backend for this machine, with workers that end when this process ends."""
    from joblib._parallel_backends import LokyBackend

    class Backend(LokyBackend):
        def configure(self, *given: Any, **options: Any) -> Any:
            return super().configure(
                *given, initializer=_end_with, initargs=(os.getpid(),), **options
            )

    return Backend()


def _end_with(parent: int) -> None:
    """End this worker soon after its parent has ended, even by SIGKILL; joblib's trackers end with the last worker.

    Linux could send a signal (PR_SET_PDEATHSIG), but it would come when the *thread* that started the worker
    ends, and other threads may still use the worker. On Windows the parent's id never changes: no watch there.
    """

    def watch() -> None:
        never = threading.Event()
        while os.getppid() == parent:
            never.wait(LOOK_AGAIN)
        os._exit(1)

    threading.Thread(target=watch, name="watch the parent", daemon=True).start()


@contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """Start processes that ignore Ctrl-C: this process handles it and ends them, so each would only add a traceback."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    from multiprocessing import resource_tracker  # a browser has none

    resource_tracker.ensure_running()  # started later, it would unblock the signal (Python 3.11)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _on_dask(work: Work, jobs: Sequence[Any], address: str | None, return_as: str) -> Iterator[Any]:
    client, killed = _client(address)
    from joblib import Parallel, delayed, parallel_config

    # Dispatched at once: the scheduler distributes them, also to workers that join later.
    with parallel_config(backend=_dask_backend(client)):
        parallel = Parallel(return_as=return_as, pre_dispatch="all")
    try:
        yield from parallel(delayed(work)(job) for job in jobs)
    except killed:
        raise WorkerLost(
            "every worker of the Dask cluster that tried a certain run died, as when memory is short; "
            "give workers more of it, or make the scenarios smaller"
        ) from None
    finally:
        if address is not None:
            client.close()


def _dask_backend(client: Any) -> Any:
    """Joblib's Dask backend, with two repairs to joblib 1.6.

    If Dask gives up a job (KilledWorker), joblib does not hear of it, and a generator of results waits for ever.
    While a cluster has a single core, as when it has just begun to grow, joblib runs everything in this process.
    """
    from joblib._dask import DaskDistributedBackend

    class Backend(DaskDistributedBackend):
        def effective_n_jobs(self, n_jobs: int) -> int:
            return max(2, int(super().effective_n_jobs(n_jobs)))

        def submit(self, func: Any, callback: Any = None) -> Any:
            job = super().submit(func, callback)
            job.add_done_callback(lambda done: done.exception() and callback(done.exception()))
            return job

        def retrieve_result_callback(self, out: Any) -> Any:
            if isinstance(out, BaseException):
                raise out
            return super().retrieve_result_callback(out)

    return Backend(client=client)


def _client(address: str | None) -> tuple[Any, type[BaseException]]:
    """Find the cluster's client, and the class of the error for workers that keep dying."""
    try:
        from distributed import Client, KilledWorker, get_client
    except ImportError:
        raise BadInput(
            'backend="dask" needs Dask: pip install "cachesim-lab[cluster]", or leave it out'
        ) from None
    try:
        if address is None:
            return get_client(), KilledWorker
        client = Client(address, timeout="10s", set_as_default=False)  # type: ignore[no-untyped-call]
        return client, KilledWorker
    except (OSError, TimeoutError):
        raise BadInput(f'no Dask scheduler answers at "{address}"; check the address') from None
    except ValueError:
        raise BadInput(
            'backend="dask" needs a cluster: give its address, or make a dask.distributed.Client first'
            if address is None
            else f'"{address}" is no address of a Dask scheduler; give one such as tcp://10.0.0.5:8786'
        ) from None
