"""The meta commands as tuples; what they do is tested with the protocol."""

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.memcached.engine import Memcached
from cachesim.errors import CommandError


@pytest.fixture
def engine():
    """Return an empty server."""
    return Memcached().build(ManualClock(), lambda: 0.5)


def test_a_lease_in_tuples(engine):
    """The first to miss wins, the second is told to wait; the fill counts with the token of the first."""
    value, flags = engine.execute(("mg", "a", "v", "c", "N30"))

    assert (b"", {"c", "W"}) == (value, flags.keys())
    assert {"c", "Z"} == engine.execute(("mg", "a", "v", "c", "N30"))[1].keys()
    assert "HD" == engine.execute(("ms", "a", "T60", f"C{flags['c']}", b"xyz"))
    assert b"xyz" == engine.get("a")


def test_a_delete_ends_the_lease(engine):
    """The token is of an item that is gone; marked as stale, it is of an older one."""
    token = engine.execute(("mg", "a", "c", "N30"))[1]["c"]
    engine.delete("a")

    assert "NF" == engine.execute(("ms", "a", f"C{token}", b"old"))

    engine.set("b", b"1")
    token = engine.execute(("mg", "b", "c"))[1]["c"]

    assert "HD" == engine.execute(("md", "b", "I", "T30"))
    assert "EX" == engine.execute(("ms", "b", f"C{token}", b"old"))
    assert (b"1", {"X", "W"}) == (lambda found: (found[0], found[1].keys()))(
        engine.execute(("mg", "b", "v"))
    )


def test_misses_and_mistakes(engine):
    """None for a miss; the server's own text for what it refuses."""
    assert engine.execute(("mg", "a", "v")) is None
    assert "NF" == engine.execute(("md", "a"))
    for command in [("mg",), ("mg", "a", "!"), ("ms", "a"), ("md", "a", "v", "v")]:
        with pytest.raises(CommandError):
            engine.execute(command)
