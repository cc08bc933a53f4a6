"""Every latency and size of the model: its value, its unit, and its source or the word "assumption".

The values come from the default scenario, so they are those of the code. A test checks that every distribution,
size and rate of the specs is in the list.
"""

from functools import reduce
from typing import Any, NamedTuple

from cachesim.planner.cost import CROSSING_PRICE, CROSSING_SOURCE
from cachesim.scenario import Scenario
from cachesim.units import show_size, show_time

ASSUMPTION = "assumption"


class Assumed(NamedTuple):
    """One quantity of the model."""

    field: str  # its path in a Scenario
    meaning: str
    unit: str  # "s", "bytes", "1/s", "share" or "count"
    source: str

    @property
    def value(self) -> Any:
        """The default: a number, or a distribution."""
        return reduce(getattr, self.field.split("."), Scenario())

    @property
    def shown(self) -> str:
        """The value as text; a distribution is shown by its mean."""
        mean = getattr(self.value, "mean", self.value)
        show = {"s": show_time, "bytes": show_size}.get(self.unit, "{:g}".format)
        return (
            f"{show(mean)} (mean; {type(self.value).__name__.lower()})"
            if mean is not self.value
            else show(mean)
        )


_OURS = "; the shape is an assumption"
_RTT = f"0.20-0.41 ms in one zone (orensol 2009), ~0.2 ms (redis.io, latency){_OURS}"
_CROSS = f"0.5-1.5 ms between zones (FlashGrid), mean 0.82 ms (L. Liesis 2022){_OURS}"
_COMMAND = f"about 100,000 commands/s per thread (redis.io, redis-benchmark){_OURS}"
_FORK = "10 ms per GiB on a virtual machine (redis.io, Diagnosing latency issues, 2023)"
_WALK = "1 million keys in 40 ms (redis.io, KEYS)"
_POOL = f"{ASSUMPTION}: a small pool, so that load shows"
_DISK = f"{ASSUMPTION}: one or two I/Os of 0.5-3 ms each"
_COMMIT = f"{ASSUMPTION}: 1-3 ms for an fsync to network storage"
_FAILOVER = "60-120 s (Amazon RDS User Guide, failover of a Multi-AZ instance)"
_SCARCE = f"{ASSUMPTION}: a sixth of the data, so that memory is scarce"
_SKEW = f"{ASSUMPTION} between the web (0.64-0.83, Breslau 1999) and caches (1-2, Yang 2020)"
_VALUE = f"{ASSUMPTION}; the median object at Twitter has 230 bytes (Yang et al., OSDI 2020)"

_ROWS = (  # field, meaning, unit, source
    ("node.service", "one command on one worker of the cache node", "s", _COMMAND),
    ("node.per_byte", "a byte of a value, in or out", "s", f"{ASSUMPTION}: 1 GB/s per worker"),
    ("node.per_key", "each further key that a command visits", "s", _WALK),
    ("node.fork", "standing still to begin a snapshot, per GiB", "s", _FORK),
    ("node.disk", "a snapshot written in a second", "bytes", f"{ASSUMPTION}: a network disk"),
    ("network.in_zone", "round trip within one zone", "s", _RTT),
    ("network.cross_zone", "round trip to another zone", "s", _CROSS),
    ("database.connections", "queries served at once", "count", _POOL),
    ("database.waiting", "queries that may wait", "count", ASSUMPTION),
    ("database.buffer_hit_ratio", "reads whose page is in memory", "share", ASSUMPTION),
    ("database.buffer_read", "a read from memory", "s", f"{ASSUMPTION}: 0.1-0.5 ms"),
    ("database.disk_read", "a read from disk", "s", _DISK),
    ("database.commit", "a write until it is durable, one zone", "s", _COMMIT),
    ("database.failover", "until a standby has taken over", "s", _FAILOVER),
    ("database.accepts", "connections opened after a failover", "1/s", f"{ASSUMPTION}: no limit"),
    ("database.replicas", "read replicas", "count", f"{ASSUMPTION}: none"),
    ("database.lag", "until a read replica has a commit", "s", ASSUMPTION),
    ("database.categories", "categories of the items", "count", ASSUMPTION),
    ("database.prices", "prices that an item may have", "count", ASSUMPTION),
    ("database.per_row", "a row that a query reads", "s", f"{ASSUMPTION}: a page in memory"),
    ("cache.memory", "memory of the cache", "bytes", _SCARCE),
    ("workload.rate", "arrivals", "1/s", ASSUMPTION),
    ("workload.reads", "share of the requests that read", "share", ASSUMPTION),
    ("workload.queries", "share of the reads that ask a query", "share", f"{ASSUMPTION}: none"),
    ("workload.parameter.keys", "values that a query's parameter has", "count", ASSUMPTION),
    ("workload.parameter.skew", "Zipf exponent of the parameter", "count", ASSUMPTION),
    ("workload.popularity.keys", "keys", "count", ASSUMPTION),
    ("workload.popularity.skew", "Zipf exponent", "count", _SKEW),
    ("workload.size", "bytes of a value", "bytes", _VALUE),
    ("workload.key_size", "bytes of a key", "bytes", ASSUMPTION),
    ("strategy.ttl", "TTL of the strategies that have one", "s", ASSUMPTION),
)
# No field of a scenario: what a GB between two zones costs, in a plan and in `result.cost_per_hour`.
_CROSSING = ("cost", "a GB between two zones", f"{CROSSING_PRICE:g}", "$", CROSSING_SOURCE)
ASSUMED = tuple(Assumed(*row) for row in _ROWS)


def rows() -> list[dict[str, str]]:
    """Return the list as rows: field, meaning, value, unit, source.

    >>> rows()[0]["field"], rows()[0]["value"]
    ('node.service', '10 µs (mean; exponential)')
    """
    names = ("field", "meaning", "value", "unit", "source")
    found = [(a.field, a.meaning, a.shown, *a[2:]) for a in ASSUMED]
    return [dict(zip(names, row, strict=True)) for row in (*found, _CROSSING)]
