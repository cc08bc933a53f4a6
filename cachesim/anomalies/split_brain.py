"""The anomaly of a network that splits in two: a primary on each side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachesim.anomalies.anomaly import Anomaly
from cachesim.anomalies.effects import lost_by_each
from cachesim.anomalies.failovers import OnlyCopy, none_vanished, with_losses
from cachesim.anomalies.worlds import world
from cachesim.engines.redis.engine import Redis
from cachesim.measure.checks import Verdict
from cachesim.measure.checks.verdict import requests_of
from cachesim.model.distributions import Constant, Exponential
from cachesim.model.faults import Calls, Partition
from cachesim.model.fleet import Replicated
from cachesim.model.popularity import Uniform
from cachesim.model.resilience import Resilience
from cachesim.model.workload import ClosedLoop
from cachesim.scenario import Scenario
from cachesim.theory import partition_loss

if TYPE_CHECKING:
    import pandas as pd


def split_brain() -> Anomaly:
    """Describe A15: the old primary goes on for its own side, until the network heals."""
    users, think, writes, lasts, max_lag = 20, 0.4, 0.8, 60.0, 10
    base = split_world(users, think, writes, lasts)
    inside = users / 2 / think * writes  # writes per second of the process that is cut off, too
    return Anomaly(
        id="A15",
        name="split brain",
        story="the primary is cut off with some clients; a replica takes over; what the old one takes is lost",
        shows=base,
        cure=base.replace(fleet__min_replicas=1, fleet__max_lag=max_lag),
        cured_by="min-replicas: a primary that hears no replica takes no writes",
        effect=lost_by_each(1),
        unit="acknowledged writes lost",
        formula="writes on its side · time of the split; cured P2b: · (max-lag + 1/2 s)",
        predicted=inside * lasts,
        cured_to=1.25 * partition_loss(inside, max_lag),
        check=one_primary,
        sees=with_losses,
    )


def split_world(users: int, think: float, writes: float, lasts: float) -> Scenario:
    """Return a scenario in which the primary and half of the users are cut off from all others for a while."""
    at, popularity = 5.0, Uniform(keys=50)
    load = ClosedLoop(
        clients=users, think=Exponential(mean=think), reads=1 - writes, popularity=popularity
    )
    fleet = Replicated(1, processes=2, dns_ttl=0.0, detect=Constant(value=3.0))
    cut = Partition(nodes=("primary",), processes=(0,), at=at, duration=lasts)
    base = world(writes=1.0, duration=at + lasts + 5, warmup=0, workload=load, faults=(cut,))
    base = base.replace(cache=Redis(), strategy=OnlyCopy(), on_cache_error="raise")
    patience = Resilience(cache=Calls(timeout=0.1))
    return base.replace(resilience=patience, fleet=fleet.replace(promote=Constant(value=2.0)))


def one_primary(history: pd.DataFrame) -> Verdict:
    """Check that no acknowledged write vanishes; the example shows a write and a read of one key on each side."""
    verdict, rows = none_vanished(history), requests_of(history)
    for first in rows[rows["lost"]].itertuples():
        later = rows[
            (rows["key"] == first.key) & (rows["begin"] > first.end) & rows["error"].isna()
        ]
        others = later[(later["op"] == "write") & ~later["lost"]]
        reads = later[(later["op"] == "read") & (later["begin"] > others["end"].min())]
        each = reads.dropna(subset="node").drop_duplicates("node")
        if len(each) > 1:
            return verdict._replace(
                example=history.loc[[first.Index, others.index[0], *each.index]]
            )
    return verdict
