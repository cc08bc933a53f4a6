"""The lazy log: a replica without events answers as one with an event per write."""

import math
from itertools import repeat

import pytest

from cachesim.clock import ManualClock
from cachesim.model.fleet.replica import LazyReplica
from cachesim.model.station import Station
from tests.model.eager_replica import lags, node


def following(lag, **options):
    """Return a clock, a primary and a lazy replica."""
    clock = ManualClock()
    primary = node(clock, "primary")
    return clock, primary, LazyReplica(primary, node(clock, "replica"), lag, **options)


def test_five_commands_by_hand():
    """Lags of 3, 1, 1, 2 seconds: the second write waits for the first, as on a TCP connection."""
    clock, primary, replica = following(iter([3.0, 1.0, 1.0, 2.0]))
    for key in ("a", "b", "c"):
        primary.set(key, key.encode())
        clock.advance(0.5)
    primary.delete("a")

    seen = []
    for now in (2.75, 3.0, 3.25, 3.5):
        clock.advance(now - clock())
        replica.catch_up(clock())
        seen.append([replica.engine.get(key) for key in ("a", "b", "c")])

    assert seen == [
        [None, None, None],
        [b"a", b"b", b"c"],  # a at 3; b at max(3, 0.5 + 1); c at max(3, 1 + 1)
        [b"a", b"b", b"c"],
        [None, b"b", b"c"],
    ]
    assert replica.behind() == (0, 0)
    assert replica.lag_at(3.5) == 0


def test_the_drawing_of_the_page():
    """docs/background/lazy_log.md: four writes, and what a read finds."""
    clock, primary, replica = following(iter([2.0, 0.5, 0.5, 1.0]))
    steps = [(0, "A", b"1"), (0.5, "B", b"1"), (1.9,), (2.5, "A", b"2"), (2.7,), (3.5, "B", None)]
    seen = {}
    for at, *write in [*steps, (4.0,), (4.5,)]:
        clock.advance(at - clock())
        replica.catch_up(clock())
        seen[at] = [replica.engine.get(key) for key in "AB"]
        if write and write[1] is None:
            primary.delete(write[0])
        elif write:
            primary.set(*write)

    assert seen[1.9] == [None, None]
    assert seen[2.5] == seen[2.7] == [b"1", b"1"]
    assert seen[4.0] == [b"2", b"1"]
    assert seen[4.5] == [b"2", None]


def test_the_work_of_executing_is_booked():
    """Three writes arrive together and take a second each; a read in between waits its turn."""
    station = Station(workers=1)
    clock, primary, replica = following(
        repeat(1.0), depart=station.depart, seconds=lambda e: 1.0 - (e[3] == "frame")
    )
    for key in ("a", "b", "c"):
        primary.set(key, b"1")
    clock.advance(1)
    replica.catch_up(clock())
    assert station.depart(clock(), 0.5) == 4.5  # behind the three writes
    assert (replica.behind()[0], replica.lag_at(1.0)) == (3, 1.0)
    clock.advance(1.5)
    replica.catch_up(clock())
    assert list(replica.engine.keys()) == ["a"]
    clock.advance(1.5)
    replica.catch_up(clock())
    assert list(replica.engine.keys()) == ["a", "b", "c"]


def test_a_cut_link_holds_the_writes_back():
    """What was on its way when the link was cut comes after it has healed."""
    clock, primary, replica = following(repeat(1.0))
    primary.set("a", b"1")
    clock.advance(0.5)
    replica.cut(clock())
    clock.advance(10)
    replica.catch_up(clock())
    assert replica.engine.get("a") is None
    assert replica.lag_at(clock()) == 10.5
    assert replica.acknowledges(primary.offset) == math.inf

    assert replica.heal(clock())
    assert replica.acknowledges(primary.offset) == 11.5
    clock.advance(1)
    replica.catch_up(clock())
    assert replica.engine.get("a") == b"1"


def test_a_long_cut_needs_a_full_resync():
    """The backlog holds a megabyte; the log does not wait longer for a replica that is cut off."""
    clock, primary, replica = following(repeat(1.0))
    replica.cut(clock())
    for n in range(3000):
        clock.advance(0.001)
        primary.set(f"k{n % 10}", b"x" * 1000)
    assert sum(len(e.command[-1]) for e in primary.log.entries if not e.why) < 2.2e6

    assert not replica.heal(clock())
    assert replica.resync(clock())
    assert replica.engine.get("k9") == b"x" * 1000
    assert replica.behind() == (0, 0)
    primary.set("after", b"1")
    clock.advance(1)
    replica.catch_up(clock())
    assert replica.engine.get("after") == b"1"


def test_lost_writes_are_what_the_promoted_replica_lacks():
    """The other replica follows it without a full resync, because it lacks no less."""
    clock, primary, first = following(repeat(1.0))
    second = LazyReplica(primary, node(clock, "second"), repeat(2.0))
    for key in ("a", "b", "c", "d"):
        primary.set(key, b"1")
        clock.advance(1)
    for replica in (first, second):
        replica.cut(3.5)

    assert [entry.command[1] for entry in first.promote(3.5)] == ["d"]
    assert not second.follow(first.engine, clock())
    clock.advance(10)
    second.catch_up(clock())
    assert sorted(second.engine.keys()) == ["a", "b", "c"]
    old = LazyReplica(first.engine, primary, repeat(1.0))  # it has a write that nobody else has
    old.catch_up(clock())
    assert sorted(old.engine.keys()) == ["a", "b", "c"]


def test_an_ack_each_second():
    """It tells what was executed by then, and takes a moment to the primary."""
    clock, primary, replica = following(repeat(0.1), back=0.01, phase=0.25)
    primary.set("a", b"1")  # 50 bytes with SELECT; executed at 0.1
    clock.advance(0.2)
    primary.set("b", b"2")  # 27 bytes; executed at 0.3

    assert replica.acknowledged(0.2) == (0.01, 0)
    assert replica.acknowledged(0.255) == (0.01, 0)
    assert replica.acknowledged(0.265) == (0.26, 50)
    assert replica.acknowledged(1.2) == (0.26, 50)
    assert replica.acknowledged(1.3) == (1.26, 77)
    assert replica.acknowledged(7.3) == (7.26, 77)


def test_a_silent_replica_is_good_for_max_lag_and_a_bit():
    """The first refusal comes between m - 1/2 and m + 3/2 seconds after the cut, m + 1/2 on average.

    The two servers act once per second each, at most half a second apart.
    """
    waited = []
    for n in range(200):
        phase, at = 0.25 + n * 0.618 % 0.5, 20 + n * 0.414 % 1
        _, _, replica = following(repeat(0.001), phase=phase)
        replica.cut(at)
        looks = [0.25 + n * 0.755 % 0.5 + second for second in range(20, 40)]
        waited.append(next(t for t in looks if t > at and not replica.is_good(t, max_lag=5)) - at)

    assert 4.5 <= min(waited)
    assert max(waited) <= 6.5
    assert sum(waited) / len(waited) == pytest.approx(5.5, abs=0.15)


def test_what_has_arrived_is_not_lost():
    """A promoted replica first executes what waits on its station."""
    clock, primary, replica = following(repeat(1.0), seconds=lambda entry: 60.0)
    primary.set("a", b"1")
    clock.advance(2)

    assert replica.promote(clock()) == []
    assert replica.engine.get("a") == b"1"
    replica.engine.set("b", b"2")
    assert not primary.log.readers


def test_wait_costs_a_round_trip():
    """One of three replicas: a third of the mean lag, and the way back (P17 of the fleet's formulas)."""
    clock = ManualClock()
    primary = node(clock, "primary")
    replicas = [
        LazyReplica(primary, node(clock, f"r{n}"), lags(n, 1.0), back=0.5) for n in range(3)
    ]
    waited = []
    for _ in range(2000):
        clock.advance(50)
        for replica in replicas:
            replica.catch_up(clock())
        primary.set("a", b"1")
        waited.append(sorted(r.acknowledges(primary.offset) - clock() for r in replicas))

    first, second, _ = (sum(column) / 2000 for column in zip(*waited, strict=True))
    assert first == pytest.approx(0.5 + 1 / 3, abs=4 * (1 / 3) / 2000**0.5)
    assert second == pytest.approx(0.5 + 5 / 6, abs=4 * 0.6 / 2000**0.5)


def test_a_replica_that_nobody_reads_bounds_the_log():
    """It catches up when the log asks, so a write is kept for a backlog at most."""
    clock, primary, replica = following(repeat(0.001))
    for n in range(20_000):
        clock.advance(0.001)
        primary.set(f"k{n % 10}", b"x" * 1000)

    assert len(primary.log) > 20_000
    assert len(primary.log.entries) < 2100  # two megabytes
    replica.catch_up(clock())
    assert replica.behind()[0] <= 2
