"""`sweep`: every combination of values, for thousands of runs, which a store can keep."""

from __future__ import annotations

import os

from cachesim.experiments.grid import Grid, Values
from cachesim.experiments.jobs import JobRunner, Progress
from cachesim.experiments.results import Results
from cachesim.experiments.stopping import stopping_rule
from cachesim.experiments.store import Store
from cachesim.scenario import Scenario


def sweep(
    scenario: Scenario,
    *,
    replications: int | None = None,
    until_precision: float | None = None,
    precision_of: str = "hit_ratio",
    n_jobs: int = -1,
    backend: str = "processes",
    address: str | None = None,
    store: str | os.PathLike[str] | Store | None = None,
    progress: Progress | None = None,
    **varied: Values,
) -> Results:
    """Run every combination of the varied fields and return Results: `frame` has one row per run, no histories.

    A sweep runs on the same draws as `compare`, but is made for thousands of runs. A run that fails becomes a
    row that says why, and the other runs go on. A folder (`store`) can keep finished runs: then a sweep that
    was interrupted goes on where it stopped, and a repeated sweep only reads. It can run on a cluster.

    Parameters
    ----------
    scenario, replications, until_precision, precision_of, n_jobs, progress, **varied
        As in `compare`.
    backend : {"processes", "dask"}
        Where to run: on this machine, or on a Dask cluster, whose machines need the same cachesim. The
        frame is the same, byte for byte.
    address : str, optional
        Address of the Dask scheduler, such as "tcp://10.0.0.5:8786"; without it, the Client of this process.
    store : path or Store, optional
        Folder that keeps finished runs; by default none are kept. A run is found again by its scenario
        (classes of your own by their code), its seed and the version of cachesim. A run that depends on
        anything else is never kept, and `results.notes` says so.

    Raises
    ------
    BadInput
        A field does not exist or has no values, there is less than 1 replication, a metric is unknown, or the
        store cannot be written.
    WorkerLost
        A process died in the middle of a run; a store keeps the runs that had ended.

    Examples
    --------
    >>> short = Scenario(duration=2, warmup=1)
    >>> results = sweep(
    ...     short, strategy__ttl=[1, 10], cache__memory=[10**5, 10**6], replications=2, n_jobs=1
    ... )
    >>> results.frame.loc[5, ["strategy__ttl", "cache__memory", "replication"]].tolist()
    [10.0, 100000.0, 1.0]
    >>> results.scenario(5) == short.replace(
    ...     strategy__ttl=10, cache__memory=10**5, seed=results.frame.loc[5, "seed"]
    ... )
    True
    """
    rule = stopping_rule(replications, until_precision, precision_of)
    kept = store if store is None or isinstance(store, Store) else Store(store)
    runner = JobRunner(n_jobs, backend, address, progress, kept)
    return Grid(scenario, varied, rule, runner, is_sweep=True).results()
