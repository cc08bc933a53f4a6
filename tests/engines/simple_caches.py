"""A Simple cache on a clock that stands still until it is moved."""

from cachesim.clock import ManualClock
from cachesim.engines.simple import Simple
from cachesim.rng import uniform


def build(**fields):
    """Return (cache, its clock)."""
    clock = ManualClock()
    return Simple(**fields).build(clock, uniform(1, "eviction")), clock
