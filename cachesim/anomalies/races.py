"""Anomalies of races between cache and database: an old value gets into the cache, and stays.

References
----------
Nishtala et al., "Scaling Memcache at Facebook", NSDI 2013: stale sets and leases.
"""

import math
from functools import partial

from cachesim.anomalies.anomaly import Anomaly
from cachesim.anomalies.effects import (
    copies_read,
    poisoned_fills,
    poisoned_fills_after,
    writes_undone,
)
from cachesim.anomalies.worlds import world
from cachesim.engines.memcached.engine import Memcached
from cachesim.measure.checks import FILL_DURING_WRITE, INVERSION, STALE_SET, no_stale_copy
from cachesim.model.app import App
from cachesim.model.distributions import Constant, Exponential
from cachesim.model.events import Steps
from cachesim.model.strategies import (
    DoubleDelete,
    InvalidateFirst,
    LazyLoading,
    Leases,
    ReadReplicas,
    VersionCheck,
    WriteThrough,
)
from cachesim.spec import Span
from cachesim.theory import early_delete_fill, inversion_read, lagging_fill
from cachesim.theory import stale_set as stale_set_share
from cachesim.units import US


def stale_set() -> Anomaly:
    """Return A1: a fill is on its way while a write commits and deletes."""
    leg, writes = 0.02, 10.0
    base = world(
        cache_leg=Exponential(mean=leg), keys=20, reads=20, writes=writes, duration=52, warmup=2
    )
    return Anomaly(
        id="A1",
        name="stale set",
        story="R misses and reads v1; W commits v2 and deletes the key; R sets v1, and no delete follows",
        shows=base.replace(strategy=LazyLoading(invalidate=True)),
        cure=base.replace(strategy=Leases(inner=LazyLoading(invalidate=True)), cache=Memcached()),
        cured_by="leases",
        effect=poisoned_fills,
        cure_effect=copies_read(STALE_SET),
        unit="of the fills",
        formula="F9: writes · G² / (G + g); G: reading the row to setting the key, g: commit to delete",
        predicted=stale_set_share(writes, leg, leg),
        cured_to=0.0,
        check=partial(no_stale_copy, cause=STALE_SET),
    )


def invalidate_first() -> Anomaly:
    """Return A2: the write deletes before it commits, and a read in between stores the old row again."""
    commit, reads, writes = 0.005, 200.0, 1.0
    base = world(commit=commit, keys=16, reads=reads, writes=writes, duration=14, warmup=2)
    return Anomaly(
        id="A2",
        name="invalidate before commit",
        story="W deletes the key; R misses, reads v1 and sets it; W commits v2",
        shows=base.replace(strategy=InvalidateFirst()),
        cure=base.replace(strategy=LazyLoading(invalidate=True)),
        cured_by="commit first, then delete",
        effect=writes_undone,
        unit="of the writes",
        formula="1 - e^(-reads · commit time), times reads / (reads + writes): it is read before the next write",
        predicted=early_delete_fill(reads, commit) * reads / (reads + writes),
        cured_to=0.0,
        check=partial(no_stale_copy, cause=FILL_DURING_WRITE),
    )


def inversion() -> Anomaly:
    """Return A3: two writers commit in one order and set in the other."""
    leg, reads, writes = 0.004, 100.0, 20.0
    base = world(
        cache_leg=Exponential(mean=leg), keys=10, reads=reads, writes=writes, duration=62, warmup=2
    )
    return Anomaly(
        id="A3",
        name="dual-write inversion",
        story="W1 commits v2; W2 commits v3 and sets v3; W1 sets v2",
        shows=base.replace(strategy=WriteThrough(fill=False)),
        cure=base.replace(strategy=VersionCheck(), cache=Memcached()),
        cured_by="a version check by CAS",
        effect=copies_read(INVERSION),
        unit="of the writes",
        formula="F10 with any later write, ≈ ½ · writes · s (s: commit to set), times the chance of a stale read",
        predicted=inversion_read(reads, writes, leg),
        cured_to=0.0,
        check=partial(no_stale_copy, cause=INVERSION),
    )


def lagging_replica() -> Anomaly:
    """Return A5: the first read after a write loads the old row from a replica that lags."""
    lag, reads, writes = 0.02, 50.0, 1.0
    base = world(keys=20, reads=reads, writes=writes, duration=32, warmup=2)
    base = base.replace(database__replicas=2, database__lag=Constant(value=lag))
    loading = LazyLoading(invalidate=True)
    return Anomaly(
        id="A5",
        name="fill from a lagging replica",
        story="W commits v2 and deletes the key; R misses, reads v1 from a replica and sets it; it stays",
        shows=base.replace(strategy=ReadReplicas(inner=loading)),
        cure=base.replace(strategy=loading),
        cured_by="a load from the primary after a miss, or a second delete later than the lag",
        effect=writes_undone,
        unit="of the writes",
        formula="P13: 1 - e^(-reads · (lag - gap)); gap: commit to delete, miss to the replica",
        predicted=lagging_fill(reads, lag, gap=4 * US),
        cured_to=0.001,
        check=partial(no_stale_copy, cause=STALE_SET),
    )


class PausedFill(DoubleDelete):
    """A double delete whose readers can pause between query and set, as in a garbage collection."""

    pause: Span = 0.02  # seconds, the mean; exponential

    def load(self, app: App, key: str, ttl: float) -> Steps:
        """Ask the database, pause, then fill."""
        value = yield app.db.read(key)
        yield app.timeout(-self.pause * math.log1p(-app.random()))
        yield app.cache.set(key, value, ttl)
        return value


def early_double_delete() -> Anomaly:
    """Return A35: the second delete comes before the slow fill that it should remove."""
    pause, wait, writes = 0.02, 0.01, 10.0
    base = world(keys=20, reads=20, writes=writes, duration=62, warmup=2)
    return Anomaly(
        id="A35",
        name="double delete too early",
        story="R misses and reads v1; W deletes, commits v2, waits and deletes again; R sets v1 still later",
        shows=base.replace(strategy=PausedFill(pause=pause, wait=wait)),
        cure=base.replace(strategy=PausedFill(pause=pause, wait=12 * pause)),
        cured_by="a wait as long as the slowest fill",
        effect=poisoned_fills_after(wait),
        cure_effect=poisoned_fills_after(12 * pause),
        unit="of the fills",
        formula="P(fill lag > wait) · writes · lag: e^(-wait / lag) times A1's share without a gap before the delete",
        predicted=math.exp(-wait / pause) * stale_set_share(writes, pause, 0.0),
        cured_to=0.0005,
        check=partial(no_stale_copy, cause=STALE_SET),
    )
