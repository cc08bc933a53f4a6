"""Anomalies of holders: a client still uses a lock that has expired, or a copy that was invalidated."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cachesim.anomalies.anomaly import Anomaly
from cachesim.anomalies.effects import (
    old_near_reads,
    poisoned_fetches,
    refused,
)
from cachesim.anomalies.worlds import world
from cachesim.engines.redis.engine import Redis
from cachesim.measure.checks import Verdict, all_answered
from cachesim.measure.checks.verdict import judged, requests_of
from cachesim.model.app import App
from cachesim.model.distributions import Constant, Exponential
from cachesim.model.events import Steps
from cachesim.model.popularity import Uniform
from cachesim.model.strategies import LazyLoading, Locked, NearCache
from cachesim.model.strategies.base import Load
from cachesim.model.workload import ClosedLoop
from cachesim.spec import Span
from cachesim.theory import stale_set
from cachesim.units import MS, US

if TYPE_CHECKING:
    import pandas as pd


def lock_expiry() -> Anomaly:
    """Return A28: a holder pauses for longer than its lock lasts; when it goes on, another client has the lock."""
    work, lock, retry = 0.1, 0.2, 4 * MS
    writers = ClosedLoop(
        clients=2, think=Exponential(mean=2 * retry), reads=0.0, popularity=Uniform(keys=1)
    )
    base = world(writes=1.0, duration=360, warmup=0, workload=writers, cache=Redis())
    strategy = Locked(
        work=Exponential(mean=work), lock_ttl=lock, retry=retry, patience=60, fencing=True
    )
    return Anomaly(
        id="A28",
        name="lock expiry",
        story="A takes the lock and pauses; the lock expires; B takes it and commits; A goes on and would overwrite",
        shows=base.replace(strategy=strategy),
        cure=base.replace(strategy=strategy.replace(lock_ttl=20 * work)),
        cured_by="a lock that outlasts every pause; until then the fence refuses the late holder",
        effect=refused,
        unit="of the writes, refused by the fence",
        formula="½ · P(work > lock) = ½ · e^(-(lock + retry / 2) / work)",
        predicted=0.5 * math.exp(-(lock + retry / 2) / work),
        cured_to=0.0,
        check=all_answered,
    )


class SlowReply(LazyLoading):
    """Lazy loading with slow replies: they travel for a while after the server has read the value."""

    way: Span = 0.02  # seconds, the mean; exponential

    def read(self, app: App, key: str, load: Load | None = None) -> Steps:
        """Read, then wait for the reply."""
        value = yield from super().read(app, key, load)
        yield app.timeout(-self.way * math.log1p(-app.random()))
        return value


def near_cache_race() -> Anomaly:
    """Return A31: the message that drops a key overtakes the reply with its old value."""
    way, keys, think, writers = 0.02, 5, 0.1, 2
    popular, pause = Uniform(keys=keys), Exponential(mean=think)
    crowd = ClosedLoop(clients=8, writers=writers, think=pause, popularity=popular)
    base = world(reads=1.0, duration=142, warmup=2, workload=crowd, start="warm")
    near = NearCache(
        inner=SlowReply(way=way, invalidate=True), delay=Constant(value=US), placeholder=False
    )
    return Anomaly(
        id="A31",
        name="client-side cache race",
        story="R asks for v1; W commits v2, and the message to drop the key passes the reply; R keeps v1",
        shows=base.replace(strategy=near),
        cure=base.replace(strategy=near.replace(placeholder=True)),
        cured_by="a placeholder that the message removes",
        effect=poisoned_fetches,
        cure_effect=old_near_reads,
        unit="of the fetches",
        formula="writes · way / (1 + writes · way): a write commits while the reply is on its way",
        predicted=stale_set(writers / think / keys, way, 0.0),
        cured_to=0.0,
        check=kept_what_was_dropped,
    )


def kept_what_was_dropped(history: pd.DataFrame) -> Verdict:
    """Check that no near cache answers with a version that had been outdated for more than a millisecond.

    The example holds the fetch that stored the copy, the write that outdated it, and the read.
    """
    rows = requests_of(history)
    near = rows[(rows["op"] == "read") & rows["lookup"].isna()]
    bad = near[near["age"] > MS]
    sentence, example = "", bad
    if len(bad):
        first = bad.iloc[0]
        same = rows[(rows["key"] == first["key"]) & (rows["begin"] < first["begin"])]
        fetch = same[(same["client"] == first["client"]) & (same["version"] == first["version"])]
        write = same[(same["op"] == "write") & (same["version"] == first["version"] + 1)]
        example = history.loc[[*fetch.index[-1:], *write.index[:1], bad.index[0]]]
        sentence = f'read of "{first["key"]}" at t={first["begin"]:.6g} s returned version {first["version"]}'
    return judged("no old near copy", len(near), bad, "no near cache answered", sentence, example)
