"""Expiry: to the millisecond when a key is asked for, by sampling when it is not."""

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.base import START
from cachesim.engines.redis.active_expiry import active_cycle
from cachesim.engines.redis.engine import Redis, RedisEngine
from cachesim.rng import uniform


def build(**fields) -> RedisEngine:
    return Redis(**fields).build(ManualClock(), uniform(1, "expiry"))


def test_a_key_lives_to_its_last_millisecond():
    """Dead is now > when, not >=."""
    engine = build()
    engine.set("a", b"1", ttl=0.05)
    engine.clock.advance(0.05)

    assert b"1" == engine.get("a")

    engine.clock.advance(0.001)

    assert engine.get("a") is None
    assert "expired" == engine.why_missed("a")
    assert (1, 0) == (engine.expirations, len(engine))


def test_no_command_sees_a_dead_key():
    """Every way to look at a key removes it when it is dead."""
    for command in [
        ("GET", "a"),
        ("EXISTS", "a"),
        ("TTL", "a"),
        ("TYPE", "a"),
        ("DEL", "a"),
        ("STRLEN", "a"),
        ("SETNX", "a", "2"),
        ("OBJECT", "ENCODING", "a"),
        ("APPEND", "a", "2"),
        ("RANDOMKEY",),
    ]:
        engine = build(hz=1)
        engine.set("a", b"1", ttl=0.05)
        engine.clock.advance(0.06)
        engine.execute(command)

        assert 1 == engine.expirations, command


def test_the_cron_removes_dead_keys_without_a_request():
    """All dead: the cycle goes on until all are gone."""
    engine = build()
    for number in range(1000):
        engine.set(f"k{number}", b"x", ttl=1)
    engine.clock.advance(1.2)
    engine.execute(("PING",))

    assert (0, 1000) == (len(engine), engine.expirations)
    assert 60 * 1024 == engine.memory - engine.table.table_bytes - engine.expires.table_bytes


def test_the_cron_does_nothing_between_its_ticks():
    """Dead keys stay, and are counted, until the next tick."""
    engine = build()
    engine.set("a", b"x", ttl=0.01)
    engine.clock.advance(0.09)

    assert 1 == engine.execute(("DBSIZE",))

    engine.clock.advance(0.02)

    assert 0 == engine.execute(("DBSIZE",))


def test_a_cycle_stops_when_few_are_dead():
    """At most 10 % dead in a loop of 20: one loop and no more; the next goes on from there."""
    engine = build()
    for number in range(1000):
        engine.set(f"k{number}", b"x", ttl=1 if number % 50 == 0 else 1000)
    active_cycle(engine, now=START * 1000 + 2000)
    first = engine.databases[0].expires_cursor

    assert engine.expirations < 20
    assert 0 < first < 100

    for _ in range(100):
        active_cycle(engine, now=START * 1000 + 2000)

    assert 20 == engine.expirations


def test_more_effort_removes_more():
    """Effort 10 looks at 65 keys a loop and bears 1 % of dead ones."""

    def removed(effort: int) -> int:
        engine = build()
        for number in range(1000):
            engine.set(f"k{number}", b"x", ttl=1 if number % 20 == 0 else 1000)
        active_cycle(engine, now=START * 1000 + 2000, effort=effort)
        return engine.expirations

    assert removed(1) < removed(10)


def test_a_table_almost_empty_is_left_alone():
    """Below 1 % the walk would cost too much: the table shrinks first."""
    engine = build()
    for number in range(1024):
        engine.set(f"k{number}", b"x", ttl=1)
    for number in range(1020):
        engine.delete(f"k{number}")
    active_cycle(engine, now=START * 1000 + 5000)

    assert 4 == len(engine)

    engine.expires.tidy()
    active_cycle(engine, now=START * 1000 + 5000)

    assert 0 == len(engine)


def test_a_cycle_goes_on_until_it_has_seen_a_key():
    """One key in 64 buckets: loops of 20 buckets that find no key do not end the cycle."""
    engine = build()
    for number in range(64):
        engine.set(f"k{number}", b"x", ttl=1)
    for number in range(63):
        engine.delete(f"k{number}")
    engine.databases[0].expires_cursor = (
        engine.expires.entries["k63"].hash + 1
    )  # the bucket just before
    active_cycle(engine, now=START * 1000 + 5000)

    assert 0 == len(engine)


def test_each_tick_of_a_silence_has_its_own_time():
    """A cycle at 0.1 s sees keys of 0.15 s alive, the one at 0.2 s sees them dead."""
    engine = build()
    seen = []
    engine.set("a", b"x", ttl=0.15)
    remember = engine.expire
    engine.expire = lambda entry: (
        seen.append(engine.databases[0].expires_cursor),
        remember(entry),
    )[1]
    engine.clock.advance(10)
    engine.execute(("PING",))

    assert 1 == len(seen)
    assert seen[0] >= 4  # the buckets of the first tick's loop lie behind


def test_a_long_silence_costs_a_bounded_number_of_ticks():
    """After a year one live key has been looked at in 100 cycles of at most 20 buckets."""
    engine = build()
    engine.set("a", b"x", ttl=10**9)
    engine.clock.advance(365 * 86400)
    engine.execute(("PING",))

    assert 0 < engine.databases[0].expires_cursor <= 100 * 20


def test_the_average_ttl_is_estimated():
    """INFO shows the average TTL left: the first sample, then a fiftieth of each new one."""
    engine = build()
    for number in range(20):
        engine.set(f"k{number}", b"x", ttl=100)
    active_cycle(engine, now=START * 1000 + 50_000)

    assert 50_000 == engine.databases[0].average_ttl

    active_cycle(engine, now=START * 1000 + 100_001)

    assert (0, 0) == (engine.databases[0].average_ttl, len(engine))


@pytest.mark.parametrize("silence", [5, 100, 5000])
def test_a_silence_changes_no_average(silence):
    """After it, the average TTL is as if each tick of the cron had run at its time."""
    silent, ticked = build(), build()
    for engine in (silent, ticked):
        for number in range(20):
            engine.set(f"k{number}", b"x", ttl=10 + 1000.5 * number)
    silent.clock.advance(silence)
    silent.tick()
    for _ in range(silence * 10):
        ticked.clock.advance(0.1)
        ticked.tick()

    averages = [engine.databases[0].average_ttl for engine in (silent, ticked)]
    assert averages[0] == pytest.approx(averages[1], abs=10)  # milliseconds
    assert len(silent) == len(ticked)


@pytest.mark.parametrize("ttl", [0, -1, float("nan")])
def test_a_ttl_of_nothing_is_refused(ttl):
    """As SET ... EX 0 is."""
    with pytest.raises(Exception, match="invalid expire time in 'set' command"):
        build().set("a", b"1", ttl=ttl)


@pytest.mark.parametrize(("left", "average"), [(0.049, 0), (0.099, 50), (100, 100_000)])
def test_the_average_ttl_moves_in_steps_of_fifty(left, average):
    """The server divides whole numbers: also the first average is 49 fiftieths and one more."""
    engine = build()
    engine.clock.advance(0.1)
    engine.set("a", b"1", ttl=left + 0.1)
    engine.clock.advance(0.1)

    assert b"avg_ttl=%d\r\n" % average in engine.execute(("INFO", "keyspace"))
