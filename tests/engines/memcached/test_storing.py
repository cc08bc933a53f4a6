"""Storing on conditions, counting, flushing: what each command answers and refuses."""

import pytest

from cachesim.errors import CommandError, OutOfMemory
from cachesim.units import MIB


def test_compare_and_swap(server):
    """Every store gives a new unique id, and only the present one swaps."""
    server.execute(("set", "a", 0, 0, b"1"))
    _, unique = server.execute(("gets", "a"))

    assert server.execute(("cas", "a", 0, 0, unique, b"2")) == "STORED"
    assert server.execute(("cas", "a", 0, 0, unique, b"3")) == "EXISTS"
    assert server.execute(("cas", "b", 0, 0, unique, b"3")) == "NOT_FOUND"
    assert server.execute(("gets", "a"))[1] > unique


def test_storing_on_conditions(server):
    """Add, replace, append and prepend do what they say, or NOT_STORED."""
    assert server.execute(("replace", "a", 0, 0, b"1")) == "NOT_STORED"
    assert server.execute(("append", "a", 0, 0, b"1")) == "NOT_STORED"
    assert server.execute(("add", "a", 5, 0, b"1")) == "STORED"
    assert server.execute(("add", "a", 0, 0, b"2")) == "NOT_STORED"
    server.execute(("append", "a", 0, 0, b"2"))
    server.execute(("prepend", "a", 0, 0, b"0"))
    assert server.get("a") == b"012"
    assert server.items["a"].flags == 5
    assert server.execute(("replace", "a", 0, 0, b"9")) == "STORED"


def test_counting(server):
    """Incr wraps at 64 bits and may grow, decr stops at 0 and keeps the length."""
    server.set("n", b"15")

    assert server.execute(("decr", "n", 100)) == 0
    assert server.get("n") == b"0 "
    assert server.execute(("incr", "n", 7)) == 7
    server.set("n", b"18446744073709551615")
    assert server.execute(("incr", "n", 2)) == 1
    assert server.execute(("incr", "nobody", 1)) == "NOT_FOUND"
    server.set("t", b"text")
    with pytest.raises(
        CommandError, match="CLIENT_ERROR cannot increment or decrement non-numeric value"
    ):
        server.execute(("incr", "t", 1))
    with pytest.raises(CommandError, match="CLIENT_ERROR invalid numeric delta argument"):
        server.execute(("incr", "n", "x"))


def test_refusals(server):
    """With the server's own texts."""
    with pytest.raises(CommandError, match="CLIENT_ERROR bad command line format"):
        server.execute(("get", "k" * 251))
    with pytest.raises(CommandError, match=r"^ERROR$"):
        server.execute(("fetch", "a"))
    with pytest.raises(CommandError, match="CLIENT_ERROR bad command line format"):
        server.execute(("set", "a", "x", 0, b"1"))
    server.set("a", b"small")
    with pytest.raises(OutOfMemory, match="SERVER_ERROR object too large for cache"):
        server.set("a", b"x" * MIB)
    assert server.get("a") is None


def test_flush_all(server, clock):
    """At once, or with a delay: what was stored before then is dead, what comes after lives.

    The server counts from a second earlier: with a delay of 10 all is dead after 9.
    """
    server.set("a", b"1")
    assert server.execute(("flush_all",)) == "OK"
    assert server.get("a") is None
    server.set("b", b"2")
    server.execute(("flush_all", 10))
    clock.advance(8)
    assert server.get("b") == b"2"
    clock.advance(1)
    assert server.get("b") is None
    clock.advance(1)
    server.set("c", b"3")
    assert server.get("c") == b"3"
