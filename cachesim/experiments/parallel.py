"""Many runs at once: in this process, in processes of this machine, or on a Dask cluster.

Only this file knows joblib and Dask. The results do not depend on where the runs ran.
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
    """Return the result of `work` for every job, as the jobs finish.

    Parameters
    ----------
    work : callable
        A function of one job, which can be sent to a process.
    n_jobs : int
        Number of processes; -1 takes every core, 1 stays in this process. A Dask cluster ignores it.
    backend : {"processes", "dask"}
        Where the jobs run.
    address : str, optional
        Address of Dask's scheduler, such as "tcp://10.0.0.5:8786"; without it, the Client of this process.
    ordered : bool
        True: results come in the order of the jobs; False: in the order in which the jobs end.
    apart : bool
        True: even a single job gets its own process, so that this process survives if that one dies.

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
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    try:
        with _deaf_to_ctrl_c():
            parallel = Parallel(n_jobs, backend=_local_backend(), return_as=return_as)
            done = parallel(delayed(work)(job) for job in jobs)
        yield from done
    except TerminatedWorkerError:
        raise WorkerLost(
            "a worker process died in the middle of a run, as when memory is short; "
            "use fewer with n_jobs (--n-jobs), or smaller scenarios"
        ) from None
    except UnboundLocalError as error:  # joblib's own, in clearing up when a pipe could not be made
        if isinstance(error.__context__, OSError):
            raise error.__context__ from None
        raise


def _local_backend() -> Any:
    """Make joblib's own backend, whose workers here end with this process."""
    from joblib._parallel_backends import LokyBackend

    class Backend(LokyBackend):
        def configure(self, *given: Any, **options: Any) -> Any:
            return super().configure(
                *given, initializer=_end_with, initargs=(os.getpid(),), **options
            )

    return Backend()


def _end_with(parent: int) -> None:
    """Let this worker, and so joblib's trackers, end soon after its parent, however that ends.

    Linux could send a signal instead (PR_SET_PDEATHSIG), but it does so when the *thread* ends that started the
    worker, and other threads may go on using it. Windows tells nobody that a parent has ended.
    """

    def watch() -> None:
        never = threading.Event()
        while os.getppid() == parent:
            never.wait(LOOK_AGAIN)
        os._exit(1)

    threading.Thread(target=watch, name="watch the parent", daemon=True).start()


@contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """Start processes that ignore Ctrl-C: this process hears it and ends them."""
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
    """Return joblib's own Dask backend, with two repairs to joblib 1.6.

    It hears only from the job's function how a job ended. If Dask itself gives a job up (KilledWorker), there is no
    callback, and the generator of results would wait for ever. And while a cluster has only one core, as when it
    begins to grow, it would run everything in this process.
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
    """Return the cluster's client, and the error that says that its workers keep dying."""
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
