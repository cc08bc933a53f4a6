"""One occurrence of an anomaly in a run: the requests that took part, and their visits to the tiers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cachesim.anomalies.anomaly import Anomaly
from cachesim.errors import BadInput
from cachesim.experiments.run import run
from cachesim.experiments.witness import steps
from cachesim.rng import replica_seed

if TYPE_CHECKING:
    import pandas as pd

MOST = 5  # requests; more do not fit into a picture


class Occurrence(NamedTuple):
    """The visits and requests that `plots.interleaving` draws."""

    steps: pd.DataFrame  # one row per visit
    requests: pd.DataFrame  # rows of the history
    why: str  # the reason that the check gives


def occurrence(anomaly: Anomaly, seed: int = 1) -> Occurrence:
    """Return the first occurrence that the check finds in the first run.

    Raises
    ------
    BadInput
        The check finds none, or shows no requests.
    """
    scenario = anomaly.shows.replace(seed=replica_seed(seed, 0))
    verdict = anomaly.check(anomaly.sees(run(scenario)))
    if verdict.example is None or verdict.example.empty:
        raise BadInput(
            f"{anomaly.id}: with seed {seed} the check shows no occurrence; take another seed"
        )
    requests = verdict.example.head(MOST)
    clients = {int(client) for client in requests["client"]}
    since, until = float(requests["begin"].min()), float(requests["end"].max())
    seen = _of(steps(scenario, since, until, clients=clients), requests)
    return Occurrence(_without_repeats(seen), requests, verdict.why)


def _of(seen: pd.DataFrame, requests: pd.DataFrame) -> pd.DataFrame:
    """Return the visits for these requests: by the same clients, at the same time."""
    import numpy as np

    mine = np.zeros(len(seen), dtype=bool)
    for row in requests.itertuples():
        mine |= (
            (seen["client"] == row.client) & seen["sent"].between(row.begin, row.end)  # type: ignore[arg-type]
        ).to_numpy()
    return seen.loc[mine]


def _without_repeats(seen: pd.DataFrame) -> pd.DataFrame:
    """Leave out repeated visits of a client: of equal commands, keep the first and the last two."""
    kind = [seen["client"], seen["call"], seen["answer"]]
    number, left = seen.groupby(kind).cumcount(), seen.groupby(kind).cumcount(ascending=False)
    repeated = (seen["call"] == "execute") & (number >= 1) & (left >= 2)
    return seen[~repeated]
