"""`compare`: a few alternatives on the same draws; `replicate`: one scenario with several seeds."""

from __future__ import annotations

from typing import Any

from cachesim.experiments.grid import Grid, Values
from cachesim.experiments.jobs import JobRunner, Progress
from cachesim.experiments.results import Results
from cachesim.experiments.stopping import stopping_rule
from cachesim.scenario import Scenario


def replicate(scenario: Scenario, replications: int = 5, **options: Any) -> Results:
    """Run a scenario several times with independent seeds; return Results with one case."""
    return compare(scenario, replications=replications, **options)


def compare(
    scenario: Scenario,
    *,
    replications: int | None = None,
    until_precision: float | None = None,
    precision_of: str = "hit_ratio",
    n_jobs: int = -1,
    backend: str = "processes",
    address: str | None = None,
    progress: Progress | None = None,
    **varied: Values,
) -> Results:
    """Run a few alternatives on the same draws and return Results: intervals and paired differences.

    The history of each alternative's first replication stays in memory, for plots. An error in a run is
    raised. For many alternatives, or runs that take all night, use `sweep`.

    Parameters
    ----------
    scenario : Scenario
        The scenario that all alternatives share.
    replications : int, default 5, or 100 with `until_precision`
        Number of independent runs per alternative. Replication k draws the same numbers in every alternative.
    until_precision : float, optional
        Run more replications until half the 95 % interval of a metric is at most this share of its mean, such as
        0.05, and stays so for five more (Hoad, Robinson & Davies 2010). `replications` is then the limit.
    precision_of : str
        The metric to which `until_precision` applies.
    n_jobs : int
        Number of processes; -1 takes every core, 1 stays in this process. The result does not depend on it.
    backend : {"processes", "dask"}
        Where to run: on this machine, or on a Dask cluster (see `sweep`).
    address : str, optional
        Address of the Dask scheduler.
    progress : callable, optional
        Called with the stream of finished runs and `total`, such as `tqdm.auto.tqdm` in a notebook.
    **varied
        Field of the scenario (`part__field` for a nested field) -> its values, as a list, or as a mapping
        that gives each value a name. Several fields give every combination.

    Raises
    ------
    BadInput
        A field does not exist or has no values, there is less than 1 replication, or a metric is unknown.

    Examples
    --------
    >>> short = Scenario(duration=2, warmup=1)
    >>> results = compare(short, strategy__ttl=[1, 10], replications=2, n_jobs=1)
    >>> [case.name for case in results.cases], len(results.frame)
    (['1', '10'], 4)
    """
    rule = stopping_rule(replications, until_precision, precision_of)
    runner = JobRunner(n_jobs, backend, address, progress)
    return Grid(scenario, varied, rule, runner, is_sweep=False).results()
