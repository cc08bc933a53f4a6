"""A server on a clock that stands still until it is moved."""

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.memcached.engine import Memcached
from cachesim.engines.memcached.proto_text import answer
from cachesim.units import MIB


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def server(clock):
    return Memcached(memory=MIB).build(clock, float)


@pytest.fixture
def engine(clock):
    """Return a server that holds n = 15 and t = "text" with flags 7."""
    engine = Memcached().build(clock, float)
    answer(engine, b"set n 0 0 2", b"15")
    answer(engine, b"set t 7 0 4", b"text")
    return engine
