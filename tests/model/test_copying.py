"""A full copy that takes its time, by hand: it arrives 2 s after the break is over, and is loaded 1 s later."""

import math
from itertools import repeat

import pytest

from cachesim.clock import ManualClock
from cachesim.model.fleet.copying import CopyingReplica, Terms
from cachesim.units import KIB, MIB
from tests.model.eager_replica import node

LAG = 0.25
SIZE = 1000  # bytes of a value


class World:
    """A primary and its replica, which was cut off at 1 s with an old value of "a" and nothing else."""

    def __init__(self, buffer=64 * KIB, backlog=16 * KIB):
        self.clock, self.closed, self.takes_time = ManualClock(), [], False
        self.primary = node(self.clock, "primary", backlog=backlog)
        self.replica = CopyingReplica(
            self.primary,
            node(self.clock, "replica", backlog=backlog),
            repeat(LAG),
            copies=lambda at: Terms(at + 2, at + 3, buffer) if self.takes_time else None,
            closed=self.closed.append,
        )
        self.takes_time = True
        self.primary.set("a", b"old")
        self.go_to(1)
        self.replica.cut(1)

    def go_to(self, at):
        """Let time pass, and look at the replica."""
        self.clock.advance(at - self.clock())
        self.replica.catch_up(at)

    def write(self, kilobytes, key="b"):
        """Write so many values of a kilobyte, under one key."""
        for _ in range(kilobytes):
            self.primary.set(key, b"x" * SIZE)

    def resync(self, at=10, kilobytes=40):
        """Write more than the backlog holds, and connect again."""
        self.write(kilobytes)
        self.primary.set("a", b"new")
        self.go_to(at)
        assert not self.replica.heal(at)
        assert self.replica.resync(at)
        return self.replica

    def served(self):
        """What a read of "a" finds."""
        return "LOADING" if self.replica.is_loading else self.replica.engine.get("a")


def test_what_a_read_finds():
    """What it had; then LOADING; then the copy; and what was written meanwhile one lag after that."""
    world = World()
    world.resync()
    world.go_to(11)
    world.primary.set("a", b"newest")
    seen = []
    for at in (10.5, 11.99, 12, 12.99, 13, 13.24, 13.25):
        world.go_to(max(at, world.clock()))
        seen.append(world.served())

    assert [b"old", b"old", "LOADING", "LOADING", b"new", b"new", b"newest"] == seen
    assert 1 == world.replica.full_copies
    assert world.replica.engine.get("b") == b"x" * SIZE


def test_the_lag_while_it_copies():
    """It has lacked something since the first write after the cut, at 1 s; the copy is of 4 s."""
    world = World()
    world.resync(at=4)
    world.go_to(5)
    world.primary.set("a", b"newest")
    lags = {}
    for at in (5.0, 6.5, 7.0, 7.25):
        world.go_to(at)
        lags[at] = world.replica.lag_at(at)

    assert {5.0: 4.0, 6.5: 5.5, 7.0: 2.0, 7.25: 0.0} == lags


def test_the_log_may_forget_what_it_lacks_but_not_since_when():
    """The log holds 16 KiB; the first write after the cut was at 1 s."""
    world = World()
    for at in range(1, 60):
        world.go_to(at)
        world.write(1)

    assert world.primary.log.entries[0].time > 20
    assert 58.0 == world.replica.lag_at(59.0)


def test_no_word_of_it_until_it_is_online():
    """min-replicas-to-write does not count on it, and WAIT gets its answer when it has loaded."""
    world = World()
    replica = world.resync(at=4)
    world.go_to(4.5)
    world.primary.set("a", b"newest")
    good = {}
    for at in (4.5, 6.5, 6.99, 7.01):
        world.go_to(at)
        good[at] = replica.is_good(at)
        if at == 4.5:
            snapshot = replica.acknowledges(replica.received)
            now = replica.acknowledges(world.primary.offset)

    assert {4.5: False, 6.5: False, 6.99: False, 7.01: True} == good
    assert (7.0, 7.0 + LAG) == (snapshot, now)


@pytest.mark.parametrize(("kilobytes", "closes"), [(60, False), (66, True)])
def test_the_output_buffer(kilobytes, closes):
    """It holds 64 KiB: with more the link is closed, at once, while the copy is on its way."""
    world = World()
    replica = world.resync()
    world.go_to(11)
    world.write(kilobytes)

    assert ([11.0] if closes else []) == world.closed
    world.go_to(20)
    assert (b"old" if closes else b"new") == world.served()
    assert closes == (replica.copy is not None)
    if closes:
        assert not replica.heal(20)
        assert replica.resync(20)
        world.go_to(23)
        assert b"new" == world.served()
        assert (1, 14) == replica.behind()  # the PING of 20 s is on its way


def test_the_output_buffer_while_it_loads():
    """It notices when it has loaded; it then serves the copy, and must begin again."""
    world = World()
    replica = world.resync()
    world.go_to(12.5)
    world.write(66)
    assert [13.0] == world.closed

    world.go_to(13)
    assert b"new" == world.served()
    assert not replica.heal(13)
    assert replica.resync(13)
    world.go_to(15.5)
    assert "LOADING" == world.served()
    assert 2 == replica.full_copies


def test_the_buffer_is_never_less_than_the_backlog():
    """As in the server: otherwise a copy could not end that a partial resync would have saved."""
    world = World(buffer=1)
    world.resync()
    world.write(15)
    assert [] == world.closed
    world.write(2)
    assert [10.0] == world.closed


def test_a_cut_breaks_the_copy_off():
    """What it had is there still; the next link begins from nothing."""
    world = World()
    replica = world.resync()
    replica.cut(11)
    world.go_to(20)

    assert b"old" == world.served()
    assert math.inf == replica.acknowledges(world.primary.offset)
    assert not replica.heal(20)


def test_a_cut_does_not_stop_the_loading():
    """The copy is there; what follows it is in the backlog, if the cut is short."""
    world = World()
    replica = world.resync()
    replica.cut(12.5)
    world.go_to(14)
    world.primary.set("a", b"newest")
    assert b"new" == world.served()
    assert replica.heal(14)
    world.go_to(14.25)
    assert b"newest" == world.served()
    assert 1 == replica.full_copies


def test_a_link_that_heals_while_it_loads():
    """The copy goes on as if nothing had been."""
    world = World()
    replica = world.resync(at=4)
    replica.cut(6.25)
    assert replica.heal(6.5)
    world.go_to(7)
    assert (b"new", 0.0) == (world.served(), replica.lag_at(7))


def test_the_copy_is_of_the_fork():
    """A sum is counted once: what ran before the fork is in the copy, what ran after it is in the log."""
    world = World()
    world.primary.execute(("INCRBY", "n", 5))
    world.resync()
    world.primary.execute(("INCRBY", "n", 2))
    world.go_to(13)
    before = world.replica.engine.get("n")
    world.go_to(13.25)

    assert (b"5", b"7") == (before, world.replica.engine.get("n"))


# --- the memory of the log


def longest(world, writes, pause=0.0):
    """Write a hundred bytes so often; return the bytes of the log at its longest."""
    most = 0
    for n in range(writes):
        world.clock.advance(pause)
        world.primary.set(f"k{n % 100}", b"x" * 100)
        most = max(most, world.primary.log.offset - world.primary.log.start)
    assert world.primary.log.offset > writes * 100
    return most


def test_a_frozen_replica_bounds_the_log_by_the_backlog():
    """100,000 writes of 13 MB: the log keeps the backlog, and another one until it looks again."""
    world = World(backlog=MIB)
    assert MIB < longest(world, 100_000) < 2.01 * MIB


def test_a_copy_bounds_the_log_by_the_output_buffer():
    """The copy would take for ever: the link is closed, and then the backlog is the bound."""
    world = World(buffer=4 * MIB, backlog=MIB)
    replica = world.resync(kilobytes=1100)
    replica.copy.arrives = replica.copy.ready = math.inf

    assert 3.99 * MIB < longest(world, 100_000) < 5.01 * MIB
    assert 1 == len(world.closed)
    assert world.primary.log.offset - world.primary.log.start < 2.01 * MIB


def test_a_copy_that_ends_frees_the_log():
    """While it runs, all since the fork is kept; afterwards, as far as the replica lacks it."""
    world = World(buffer=16 * MIB, backlog=64 * KIB)
    world.write(100)
    world.go_to(10)
    assert world.replica.resync(10)
    kept = longest(world, 50_000, pause=1e-4)  # 5 s; the copy is there after 3

    assert 3.5 * MIB < kept < 4.5 * MIB
    assert world.replica.copy is None
    assert world.primary.log.offset - world.primary.log.start < 0.6 * MIB
    assert [] == world.closed
