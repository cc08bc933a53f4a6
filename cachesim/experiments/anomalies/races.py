"""Races between the cache and the database: an old value gets into the cache, and stays.

References
----------
Nishtala et al., "Scaling Memcache at Facebook", NSDI 2013: stale sets and leases.
"""

from functools import partial

from cachesim.experiments.anomalies.anomaly import Anomaly
from cachesim.experiments.anomalies.effects import writes_undone
from cachesim.experiments.anomalies.worlds import world
from cachesim.measure.checks import FILL_DURING_WRITE, no_stale_copy
from cachesim.model.strategies import InvalidateFirst, LazyLoading
from cachesim.theory import early_delete_fill


def invalidate_first() -> Anomaly:
    """Return A2: the write deletes before it commits, and a read in between fills the old row again."""
    commit, reads = 0.005, 200.0
    base = world(commit=commit, keys=4, reads=reads, writes=4, duration=22, warmup=2)
    return Anomaly(
        id="A2",
        name="invalidate before commit",
        story="W deletes the key; R misses, reads v1 and sets it; W commits v2",
        shows=base.replace(strategy=InvalidateFirst()),
        cure=base.replace(strategy=LazyLoading(invalidate=True)),
        cured_by="commit first, delete then",
        effect=writes_undone,
        unit="of the writes",
        formula="1 - e^(-reads · commit time)",
        predicted=early_delete_fill(reads, commit),
        cured_to=0.0,
        check=partial(no_stale_copy, cause=FILL_DURING_WRITE),
    )
