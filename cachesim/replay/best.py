"""The best possible beside a replay: the optimum if a number of keys is the only limit, else a bound."""

from typing import NamedTuple

from cachesim.engines.base import EngineSpec
from cachesim.engines.redis.engine import Redis
from cachesim.engines.simple import Simple
from cachesim.replay.bounds import bound, optimum
from cachesim.replay.fast import ReplayCounts, largest_entry, only_items_limit
from cachesim.traces import Trace

# Seconds that a key may outlive its TTL. Redis counts whole milliseconds; memcached counts whole seconds,
# from its last tick.
LATE: dict[type[EngineSpec], float] = {Simple: 0.0, Redis: 0.003}
LATEST = 2.0  # of every other engine


class Best(NamedTuple):
    """Two figures for the best possible, at most one of them computed; if neither is, the reason."""

    optimum: float | None = None
    bound: float | None = None
    why_no_bound: str = ""


NOT_ASKED = Best(why_no_bound="not asked for")


def too_long(most: int) -> Best:
    """Say why a stream that is not kept in memory has no figures."""
    reason = f"more than {most:,} requests; the future would have to be kept"
    return Best(why_no_bound=f"not computed: {reason}")


def lateness(spec: EngineSpec) -> float:
    """Give the most seconds that a key of this engine outlives its TTL."""
    return LATE.get(type(spec), LATEST)


def best_possible(
    trace: Trace, spec: EngineSpec, counts: ReplayCounts, value_size: int, is_fast: bool
) -> Best:
    """Compute the optimum if a number of keys is all that limits the cache, else the bound."""
    if _limited_by_items(trace, spec, value_size):
        return Best(optimum=optimum(trace, counts.items, compiled=is_fast))
    found = bound(
        trace,
        counts.items,
        memory=counts.peak,
        value_size=value_size,
        late=lateness(spec),
        compiled=is_fast,
    )
    return Best(bound=found)


def _limited_by_items(trace: Trace, spec: EngineSpec, value_size: int) -> bool:
    """Whether every miss is stored, and the cache gives up keys only because of their number."""
    has_ttls = trace.columns.ttls is not None
    if type(spec) is not Simple or spec.items is None or has_ttls or spec.asks:
        return False
    return only_items_limit(spec.items, spec.memory, largest_entry(trace, value_size))
