"""Every latency and size the model uses: its value, its unit, and its source or the word "assumption".

The values are read from the default scenario, so the list cannot lag behind the code; a test holds that
every distribution, size and rate of the specs is listed.
"""

from functools import reduce
from typing import Any, NamedTuple

from cachesim.scenario import Scenario
from cachesim.units import show_size, show_time

ASSUMPTION = "assumption"


class Assumed(NamedTuple):
    """One quantity of the model."""

    field: str  # where it stands in a Scenario
    meaning: str
    unit: str  # "s", "bytes", "1/s", "share" or "count"
    source: str

    @property
    def value(self) -> Any:
        """The default: a number, or a distribution."""
        return reduce(getattr, self.field.split("."), Scenario())

    @property
    def shown(self) -> str:
        """The value for people, a distribution by its mean."""
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
_COMMAND = f"about 100,000 commands/s a thread (redis.io, redis-benchmark){_OURS}"
_WALK = "1 million keys in 40 ms (redis.io, KEYS)"
_POOL = f"{ASSUMPTION}: a small pool, so that load shows"
_DISK = f"{ASSUMPTION}: one or two I/Os of 0.5-3 ms each"
_COMMIT = f"{ASSUMPTION}: 1-3 ms for an fsync to network storage"
_SCARCE = f"{ASSUMPTION}: a sixth of the data, so that memory is scarce"
_SKEW = f"{ASSUMPTION} between the web (0.64-0.83, Breslau 1999) and caches (1-2, Yang 2020)"
_VALUE = f"{ASSUMPTION}; the median object at Twitter has 230 bytes (Yang et al., OSDI 2020)"

ASSUMED = (
    Assumed("node.service", "one command on one worker of the cache node", "s", _COMMAND),
    Assumed("node.per_byte", "a byte of a value, in or out", "s", f"{ASSUMPTION}: 1 GB/s a worker"),
    Assumed("node.per_key", "a further key that a command looks at", "s", _WALK),
    Assumed("network.in_zone", "round trip within one zone", "s", _RTT),
    Assumed("network.cross_zone", "round trip to another zone", "s", _CROSS),
    Assumed("database.connections", "queries served at once", "count", _POOL),
    Assumed("database.waiting", "queries that may wait in line", "count", ASSUMPTION),
    Assumed("database.buffer_hit_ratio", "reads whose page is in memory", "share", ASSUMPTION),
    Assumed("database.buffer_read", "a read from memory", "s", f"{ASSUMPTION}: 0.1-0.5 ms"),
    Assumed("database.disk_read", "a read from disk", "s", _DISK),
    Assumed("database.commit", "a write until it is durable, one zone", "s", _COMMIT),
    Assumed("cache.memory", "memory of the cache", "bytes", _SCARCE),
    Assumed("workload.rate", "arrivals", "1/s", ASSUMPTION),
    Assumed("workload.reads", "share of the requests that read", "share", ASSUMPTION),
    Assumed("workload.popularity.keys", "keys", "count", ASSUMPTION),
    Assumed("workload.popularity.skew", "Zipf exponent", "count", _SKEW),
    Assumed("workload.size", "bytes of a value", "bytes", _VALUE),
    Assumed("workload.key_size", "bytes of a key", "bytes", ASSUMPTION),
    Assumed("strategy.ttl", "TTL of the strategies that have one", "s", ASSUMPTION),
)


def rows() -> list[dict[str, str]]:
    """Return the list: field, meaning, value, unit, source.

    >>> rows()[0]["field"], rows()[0]["value"]
    ('node.service', '10 µs (mean; exponential)')
    """
    return [
        {
            "field": a.field,
            "meaning": a.meaning,
            "value": a.shown,
            "unit": a.unit,
            "source": a.source,
        }
        for a in ASSUMED
    ]
