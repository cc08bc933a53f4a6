"""The best possible beside a replay: the optimum where it is meant, else a bound."""

from typing import NamedTuple

from cachesim.engines.base import EngineSpec
from cachesim.engines.simple import Simple
from cachesim.replay.bounds import bound, optimum
from cachesim.replay.fast import Counts, largest_entry, only_items_limit
from cachesim.traces import Trace

LATE = 2.0  # seconds that a key may outlive its TTL: memcached counts whole seconds, from its last tick


class Best(NamedTuple):
    """Two figures for the best possible, of which at most one is there."""

    optimum: float | None = None
    bound: float | None = None


def best_possible(
    trace: Trace, spec: EngineSpec, counts: Counts, value_size: int, is_fast: bool
) -> Best:
    """Return the optimum if a number of keys is all that limits the cache, else the bound."""
    if _limited_by_items(trace, spec, value_size):
        return Best(optimum=optimum(trace, counts.items, compiled=is_fast))
    late = 0.0 if isinstance(spec, Simple) else LATE
    found = bound(
        trace,
        counts.items,
        memory=counts.peak,
        value_size=value_size,
        late=late,
        compiled=is_fast,
    )
    return Best(bound=found)


def _limited_by_items(trace: Trace, spec: EngineSpec, value_size: int) -> bool:
    """Return whether every miss is stored, and only the number of keys makes the cache give one up."""
    if type(spec) is not Simple or spec.items is None or trace.ttls is not None or spec.asks:
        return False
    return only_items_limit(spec.items, spec.memory, largest_entry(trace, value_size))
