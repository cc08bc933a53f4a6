"""Anomalies of replicas: a write that is not there yet, a failover that loses it, a restart that loses all."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from cachesim.anomalies.anomaly import Anomaly
from cachesim.anomalies.effects import (
    cold_reads,
    lost_by_each,
    own_writes_missed,
    seconds_refused,
)
from cachesim.anomalies.worlds import world
from cachesim.engines.redis.engine import Redis
from cachesim.errors import CacheError
from cachesim.measure.checks import Verdict, read_your_writes
from cachesim.measure.checks.verdict import judged, requests_of
from cachesim.model.app import App
from cachesim.model.distributions import Constant, Exponential
from cachesim.model.events import Steps
from cachesim.model.faults import KillNode, RebootCache
from cachesim.model.fleet import Replicated, Shards
from cachesim.model.fleet.groups import Few
from cachesim.model.popularity import Uniform
from cachesim.model.strategies import LazyLoading, WriteThrough
from cachesim.model.strategies.base import Load, Strategy
from cachesim.model.workload import ClosedLoop, TimedRequest, key_name
from cachesim.records import Value
from cachesim.spec import Count, Delay, Span
from cachesim.theory import cold_node_reads, in_flight, own_write_missed, stale_topology

if TYPE_CHECKING:
    import pandas as pd

    from cachesim.experiments.result import Result


class OnlyCopy(Strategy):
    """The cache keeps the only copy, as of sessions or carts; a write can wait until `copies` replicas have it.

    A write that too few replicas have after `patience` seconds fails.
    """

    copies: Few = 0
    patience: Span = 1.0  # seconds

    def read(self, app: App, key: str) -> Steps:
        """Ask the primary."""
        return (yield app.cache.get(key))

    def write(self, app: App, key: str, value: Value) -> Steps:
        """Set, and wait."""
        yield app.cache.set(key, value)
        if self.copies and (yield app.cache.wait(self.copies, self.patience)) < self.copies:
            raise CacheError(f'fewer than {self.copies} replicas have "{key}"')


def lost_at_failover() -> Anomaly:
    """Describe A14: the primary dies, and what its replica has not got yet is gone."""
    lag, rate, crashes, every = 0.01, 1000.0, 60, 0.2
    moments = [every * (n + 1) for n in range(crashes)]
    fleet = Replicated(1, lag=Exponential(mean=lag), dns_ttl=0.0)
    fleet = fleet.replace(detect=Constant(value=0.02), promote=Constant(value=0.02))
    base = world(keys=500, reads=0.4, writes=rate / 500, duration=every * (crashes + 1), warmup=0)
    base = base.replace(cache=Redis(), fleet=fleet, on_cache_error="raise")
    base = base.replace(faults=tuple(KillNode("primary", at=at, down=0.05) for at in moments))
    return Anomaly(
        id="A14",
        name="writes lost at a failover",
        story="W is acknowledged by the primary; the primary dies before the replica has it; the replica takes over",
        shows=base.replace(strategy=OnlyCopy()),
        cure=base.replace(strategy=OnlyCopy(copies=1)),
        cured_by="WAIT: a write is acknowledged when a replica has it",
        effect=lost_by_each(crashes),
        unit="acknowledged writes lost per failover",
        formula="x · (ln x + γ) + 1 with x = writes · mean lag; a slow write holds up those after it",
        predicted=in_flight(rate, fleet.lag.quantile),
        cured_to=0.0,
        check=none_vanished,
        sees=with_losses,
    )


def with_losses(result: Result) -> pd.DataFrame:
    """Add a column to the measured history of a fleet: whether a failover lost this acknowledged write."""
    history, lost = result.measured, result.lost_writes
    assert lost is not None
    acknowledged = (history["op"] == "write") & history["error"].isna()
    return history.assign(lost=acknowledged & history["write"].isin(lost["write"].dropna()))


def none_vanished(history: pd.DataFrame) -> Verdict:
    """Check that no failover lost an acknowledged write; the example shows a read after it, if there was one."""
    rows = requests_of(history)
    writes = rows[rows["op"] == "write"]
    bad = writes[writes["lost"]]
    sentence, example = "", bad[:1]
    if len(bad):
        following = rows.groupby("key")["op"].shift(-1).loc[bad.index]
        first = bad.loc[[*bad.index[following == "read"], bad.index[0]][0]]
        later = rows[(rows["key"] == first["key"]) & (rows["begin"] > first["begin"])]
        example = history.loc[[first.name, *later.index[:1]]]
        sentence = f'the write of "{first["key"]}" acknowledged at t={first["end"]:.6g} s is gone'
    return judged("no write vanishes", len(writes), bad, "nobody wrote", sentence, example)


class SaveAndLook(ClosedLoop):
    """One user who saves a page, looks at it `gap` seconds later, and rests."""

    clients: Count = 1
    gap: Span = 0.02  # seconds from the answer of the write to the read

    def requests(self, seed: int) -> Iterator[TimedRequest]:
        """Yield a write and a read of one page after the other."""
        for key, rest in zip(self._keys(seed), self.gaps(seed), strict=False):
            yield rest, "write", key
            yield self.gap, "read", key


class OwnWritesFresh(WriteThrough):
    """A client reads from a replica; but what it wrote less than `fresh` seconds ago it reads from the primary."""

    fresh: Delay = 0.0  # seconds

    def read(self, app: App, key: str, load: Load | None = None) -> Steps:
        """Ask a replica, or the primary."""
        wrote = self._written(app).get((app.client, key), -math.inf)
        return (yield app.cache.get(key, replica=app.now - wrote >= self.fresh))

    def write(self, app: App, key: str, value: Value) -> Steps:
        """Write at the primary, and note when."""
        yield from super().write(app, key, value)
        self._written(app)[app.client, key] = app.now

    def _written(self, app: App) -> dict[tuple[int, str], float]:
        written: dict[tuple[int, str], float] = app.shared.setdefault("written", {})
        return written


def own_write() -> Anomaly:
    """Describe A16: a user saves a page, is sent on to it, and sees the old one."""
    lag, gap, rest = Exponential(mean=0.02), 0.02, 0.2
    saves = SaveAndLook(think=Constant(value=rest), gap=gap, popularity=Uniform(keys=10))
    base = world(writes=1.0, duration=400, warmup=0, start="warm", workload=saves)
    base = base.replace(cache=Redis(), fleet=Replicated(1, lag=lag))
    return Anomaly(
        id="A16",
        name="own write not seen",
        story="a user writes v2 at the primary, and 20 ms later reads v1 at a replica that does not have v2 yet",
        shows=base.replace(strategy=OwnWritesFresh()),
        cure=base.replace(strategy=OwnWritesFresh(fresh=lag.quantile(0.99))),
        cured_by="a read from the primary for as long as 99 % of the lags after an own write; or WAIT",
        effect=own_writes_missed,
        unit="of the reads after an own write",
        formula="P(lag > gap) = e^(-gap / lag)",
        predicted=own_write_missed(gap, lag.mean),
        cured_to=0.01,
        check=read_your_writes,
    )


def reboot_of_a_primary() -> Anomaly:
    """Describe A20: a primary without persistence restarts so fast that no replica takes over; then these copy it."""
    keys, reads, at, down, after = 1500, 0.3, 2.0, 1.0, 7.0
    fleet = Shards(3, replicas=1, node_timeout=2.0)
    find = fleet.finder()
    there = sum(find(key_name(number)) == 0 for number in range(keys))
    base = world(keys=keys, reads=reads, duration=at + down + after, warmup=0, start="warm")
    base = base.replace(cache=Redis(), fleet=fleet, strategy=LazyLoading())
    node = "shard-0 primary"
    return Anomaly(
        id="A20",
        name="reboot of a primary",
        story="a primary without persistence is back before it counts as dead; its replica copies the empty node",
        shows=base.replace(faults=(RebootCache(at=at, duration=down, node=node),)),
        cure=base.replace(faults=(KillNode(node, at=at),)),
        cured_by="a failover first: the replica, which has the content, takes over",
        effect=cold_reads,
        unit="reads that miss",
        formula="P8b: Σ over the keys of the shard 1 - e^(-their reads · time since)",
        predicted=cold_node_reads(np.full(there, 1 / keys), keys * reads, after),
        cured_to=0.0,
        check=content_stays,
    )


def content_stays(history: pd.DataFrame) -> Verdict:
    """Check that no read misses because the node has lost its whole content."""
    rows = requests_of(history)
    reads = rows[(rows["op"] == "read") & rows["lookup"].notna()]
    bad = reads[reads["lookup"] == "lost"]
    sentence, example = "", bad
    if len(bad):
        first = bad.iloc[0]
        before = reads[(reads["key"] == first["key"]) & (reads["end"] <= first["begin"])].index[-1:]
        example = history.loc[[*before, first.name]]
        sentence = f'"{first["key"]}" was gone when it was read at t={first["begin"]:.6g} s'
    return judged("content stays", len(reads), bad, "no read asked the cache", sentence, example)


def old_address() -> Anomaly:
    """Describe A22: a replica has taken over, but clients still ask the address that they had looked up."""
    processes, think, at, detect, promote, ttl = 100, 0.5, 2.0, 3.0, 2.0, 30.0
    fleet = Replicated(1, dns_ttl=ttl, reresolves=False, processes=processes)
    fleet = fleet.replace(detect=Constant(value=detect), promote=Constant(value=promote))
    users = ClosedLoop(
        clients=processes, think=Exponential(mean=think), reads=0.0, popularity=Uniform(keys=100)
    )
    base = world(writes=1.0, duration=at + detect + promote + ttl + 1, warmup=0, workload=users)
    base = base.replace(cache=Redis(), strategy=OnlyCopy(), on_cache_error="raise")
    base = base.replace(faults=(KillNode("primary", at=at),))
    return Anomaly(
        id="A22",
        name="old address after a failover",
        story="the replica leads, and its name has a new address; a client keeps the old one until its copy expires",
        shows=base.replace(fleet=fleet),
        cure=base.replace(fleet=fleet.replace(reresolves=True)),
        cured_by="a client that asks for the address again after an error",
        effect=seconds_refused(processes / think),
        unit="s without writes, the mean of the processes",
        formula="detect + promote + P12: TTL / 2",
        predicted=detect + promote + stale_topology(ttl)[0],
        cured_to=1.1 * (detect + promote),
        check=none_left_behind,
    )


def none_left_behind(history: pd.DataFrame) -> Verdict:
    """Check that no request fails any more once another one has succeeded: then some node takes requests again."""
    rows = history[history["op"] != "sample"]
    failed = rows[rows["error"].notna()]
    rule, nothing = "none left behind", "no request failed"
    if failed.empty:
        return judged(rule, 0, failed, nothing, "", failed)
    answered = rows[rows["error"].isna() & (rows["begin"] > failed["begin"].min())][:1]
    bad = failed[failed["begin"] > answered["end"].min()]
    sentence, example = "", bad
    if len(bad):
        first = bad.iloc[0]
        example = history.loc[[*answered.index, first.name]]
        sentence = f"client {first['client']} at t={first['begin']:.6g} s, after client {answered['client'].iloc[0]}"
    return judged(rule, len(failed), bad, nothing, sentence, example)
