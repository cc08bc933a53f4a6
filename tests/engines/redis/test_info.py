"""INFO's counts, and CONFIG RESETSTAT."""

from cachesim.clock import ManualClock
from cachesim.engines.redis.engine import Redis, RedisEngine
from cachesim.errors import CommandError, OutOfMemory
from cachesim.rng import uniform


def build(**fields) -> RedisEngine:
    return Redis(**fields).build(ManualClock(), uniform(1, "info"))


def attempt(engine: RedisEngine, *lines: str) -> None:
    for line in lines:
        try:
            engine.execute(tuple(line.split()))
        except (CommandError, OutOfMemory):
            continue


def lines_of(engine: RedisEngine, *sections: str) -> list[str]:
    return engine.execute(("INFO", *sections)).decode().split("\r\n")


def test_commands_and_errors_are_counted_by_name():
    """Rejected: never run. Failed: run, and answered with an error."""
    engine = build()
    attempt(engine, "SET a 1", "set b x", "INCR b", "GET", "HGET a f", "nope", "OBJECT FREQ a")

    assert [
        "# Commandstats",
        "cmdstat_get:calls=0,usec=0,usec_per_call=0.00,rejected_calls=1,failed_calls=0",
        "cmdstat_hget:calls=1,usec=0,usec_per_call=0.00,rejected_calls=0,failed_calls=1",
        "cmdstat_incr:calls=1,usec=0,usec_per_call=0.00,rejected_calls=0,failed_calls=1",
        "cmdstat_object|freq:calls=1,usec=0,usec_per_call=0.00,rejected_calls=0,failed_calls=1",
        "cmdstat_set:calls=2,usec=0,usec_per_call=0.00,rejected_calls=0,failed_calls=0",
        "",
    ] == [line for line in lines_of(engine, "commandstats") if "cmdstat_info" not in line]
    assert ["# Errorstats", "errorstat_ERR:count=4", "errorstat_WRONGTYPE:count=1", ""] == (
        lines_of(engine, "errorstats")
    )


def test_a_command_refused_for_memory_is_rejected():
    """It counts as an error of its own kind."""
    engine = build(policy="noeviction", memory=70_000)
    attempt(engine, *(f"SET k{n} {'x' * 500}" for n in range(30)))
    found = lines_of(engine, "commandstats", "errorstats")

    assert any(line.startswith("errorstat_OOM:count=") for line in found)
    assert engine.tally.rejected["SET"] == 30 - engine.tally.calls["SET"] > 0


def test_a_reset_shows_counts_from_zero_and_keeps_the_engines_own():
    """What is measured elsewhere is not lost by CONFIG RESETSTAT."""
    engine = build()
    attempt(engine, "SET a 1", "GET a", "GET b", "nope", "CONFIG RESETSTAT", "GET a")
    found = lines_of(engine, "stats")

    assert {"keyspace_hits:1", "keyspace_misses:0", "total_error_replies:0"} <= set(found)
    assert "total_commands_processed:2" in found  # GET and INFO
    assert (2, 1) == (engine.keyspace_hits, engine.keyspace_misses)


def test_sections_come_in_the_servers_order():
    """However they are asked for; with "all" every one."""
    engine = build()
    headings = [line for line in lines_of(engine, "all") if line.startswith("#")]

    assert ["# Server", "# Clients", "# Memory", "# Persistence", "# Stats"] == headings[:5]
    assert headings[:2] == [
        line for line in lines_of(engine, "clients", "SERVER") if line.startswith("#")
    ]


def test_memory_is_told_for_people_too():
    """In units of 1024, two digits after the point."""
    engine = build(memory=64 * 1024 * 1024, base_memory=870 * 1024)

    assert {"used_memory_human:870.00K", "maxmemory_human:64.00M"} <= set(lines_of(engine))

    engine.execute(("CONFIG", "SET", "maxmemory", 17))

    assert "maxmemory_human:17B" in lines_of(engine)


def test_memory_stats_adds_up():
    """MEMORY STATS shows keys, bytes per key, and the tables of each database."""
    engine = build()
    empty = engine.execute(("MEMORY", "STATS"))
    engine.set("a", b"1", ttl=9)
    stats = engine.execute(("MEMORY", "STATS"))

    assert (0, 0) == (empty[b"keys.count"], empty[b"keys.bytes-per-key"])
    assert 1 == stats[b"keys.count"]
    assert stats[b"dataset.bytes"] == stats[b"total.allocated"] - stats[b"startup.allocated"]
    assert {b"overhead.hashtable.main": 32, b"overhead.hashtable.expires": 32} == stats[b"db.0"]


def test_waiting_and_debugging_have_nothing_to_do():
    """No replicas; DEBUG is switched off as in a fresh server."""
    engine = build()

    assert 0 == engine.execute(("WAIT", 0, 0))

    errors = []
    for line in ("WAIT x 0", "WAIT 0 x", "WAIT 0 -1", "DEBUG SLEEP 0"):
        try:
            engine.execute(tuple(line.split()))
        except CommandError as error:
            errors.append(str(error)[:46])

    assert [
        "ERR value is not an integer or out of range",
        "ERR timeout is not an integer or out of range",
        "ERR timeout is negative",
        "ERR DEBUG command not allowed. If the enable-d",
    ] == errors
