"""Scripts in the embedded engine, called directly; tests/wire/test_scripts.py compares every reply with the server."""

import sys

import pytest

import cachesim as cs
from cachesim.clock import ManualClock
from cachesim.engines.redis.engine import Redis
from cachesim.engines.redis.replication import ReplicatedEngine
from cachesim.errors import BadInput, CommandError, OutOfMemory
from cachesim.model.node import Node

INCR_ONCE = "if redis.call('incr', KEYS[1]) == 1 then redis.call('expire', KEYS[1], ARGV[1]) end"


@pytest.fixture
def clock():
    return ManualClock(1000.0)


@pytest.fixture
def engine(clock):
    return Redis().build(clock, lambda: 0.5)


@pytest.fixture
def primary(clock):
    return ReplicatedEngine(Redis(), clock, lambda: 0.5)


def entries(engine):
    """The commands in the log, without SELECT."""
    return [tuple(e.command) for e in engine.log.entries if e.command[0] != "SELECT"]


def test_without_lupa_only_scripts_are_missing(engine, monkeypatch):
    """EVAL says what to install; what every client sends at its start works."""
    monkeypatch.setitem(sys.modules, "lupa", None)
    for command in (("EVAL", "return 1", 0), ("SCRIPT", "LOAD", "return 1")):
        with pytest.raises(CommandError, match=r'pip install "cachesim-lab\[lua\]"'):
            engine.execute(command)

    assert "OK" == engine.execute(("FUNCTION", "FLUSH")) == engine.execute(("SCRIPT", "FLUSH"))
    assert [] == engine.execute(("FUNCTION", "LIST"))
    assert [0] == engine.execute(("SCRIPT", "EXISTS", "a" * 40))


def test_the_log_has_the_effects_as_one_transaction(primary):
    """Replicas run what the script did, with dates, and nothing in between; a script that only reads writes nothing."""
    primary.execute(("EVAL", INCR_ONCE, 1, "a", 10))
    primary.execute(("EVAL", "return redis.call('get', 'a')", 0))

    assert [
        ("MULTI",),
        (b"incr", b"a"),
        ("PEXPIREAT", b"a", 1577837810000),
        ("EXEC",),
    ] == entries(primary)
    assert b"1" == primary.copy(primary.clock, lambda: 0.5).get("a")


def test_what_a_failed_script_did_stays(primary):
    """There is no way back: the log has the writes before the error."""
    with pytest.raises(CommandError, match="Unknown Redis command"):
        primary.execute(("EVAL", "redis.call('set', 'a', 1) redis.call('nosuch')", 0))

    assert b"1" == primary.get("a")
    assert [(b"set", b"a", b"1")] == entries(primary)


def test_set_repl_keeps_a_write_from_the_replicas(primary):
    """REPL_NONE and REPL_AOF: the write is here, and not in the log."""
    script = "redis.set_repl(redis.REPL_%s) redis.call('set', KEYS[1], 1)"
    for kind in ("NONE", "AOF", "SLAVE", "ALL"):
        primary.execute(("EVAL", script % kind, 1, kind))

    assert [(b"set", b"SLAVE", b"1"), (b"set", b"ALL", b"1")] == entries(primary)


def test_a_replica_runs_scripts_that_only_read(primary, clock):
    """A write in a script gets the error of a write."""
    primary.set("a", b"one")
    replica = primary.copy(clock, lambda: 0.5)

    assert b"one" == replica.execute(("EVAL", "return redis.call('get', 'a')", 0))
    for script in ("return redis.call('set', 'a', 1)", "#!lua\nreturn 1"):
        with pytest.raises(CommandError, match="READONLY"):
            replica.execute(("EVAL", script, 0))


def test_time_stands_still_in_a_script(engine, clock):
    """A key that is alive at the beginning of a script is alive at its end."""
    engine.set("a", b"one", ttl=1)
    engine.scripts.pause = lambda: clock.advance(10)
    script = "for i = 1, 300000 do end return redis.call('exists', 'a')"

    assert 1 == engine.execute(("EVAL", script, 0))
    assert engine.get("a") is None


def test_without_memory_a_script_may_not_begin_to_store(clock):
    """It is refused at its first write; a script that has begun to write goes on."""
    engine = Redis(policy="noeviction").build(clock, lambda: 0.5)
    engine.execute(("SET", "a", "1"))
    engine.execute(("CONFIG", "SET", "maxmemory", "1"))
    for script in ("return redis.call('set', 'b', 1)", "#!lua\nreturn 1"):
        with pytest.raises((CommandError, OutOfMemory), match=r"^OOM command not allowed"):
            engine.execute(("EVAL", script, 0))

    assert b"1" == engine.execute(("EVAL", "return redis.call('get', 'a')", 0))
    assert "OK" == engine.execute(
        ("EVAL", "redis.call('del', 'a') return redis.call('set', 'b', 1)", 0)
    )
    assert "OK" == engine.execute(
        ("EVAL", "#!lua flags=allow-oom\nreturn redis.call('set', 'b', 1)", 0)
    )


def test_an_error_is_counted_once(engine):
    """In errorstats by the command that failed; EVAL counts as failed, too."""
    engine.execute(("SET", "a", "x"))
    with pytest.raises(CommandError):
        engine.execute(("EVAL", "return redis.call('lpush', 'a', 1)", 0))

    assert {"WRONGTYPE": 1} == dict(engine.tally.errors)
    assert {"LPUSH": 1, "EVAL": 1} == dict(engine.tally.failed)


def test_a_script_costs_its_calls(engine):
    """Before the first run: the calls in its text; then those of its last run."""
    script = "for i = 1, 10 do redis.call('incr', KEYS[1]) end"
    before = engine.work(("EVAL", script, 1, "a"))
    engine.execute(("EVAL", script, 1, "a"))
    sha = engine.execute(("SCRIPT", "LOAD", script))

    assert 1 + 5 == before.keys
    assert 1 + 5 * 10 == engine.work(("EVAL", script, 1, "a")).keys
    assert 1 + 5 * 10 == engine.work(("EVALSHA", sha, 1, "a")).keys
    assert ["a"] == engine.keys_of(("EVALSHA", sha, 1, "a", "b"))


class Limited(cs.Strategy):
    """Each read counts itself by a script."""

    def read(self, app, key):
        yield app.cache.execute("EVAL", INCR_ONCE, 1, f"count:{key}", 60)
        return (yield app.db.read(key))

    def write(self, app, key, value):
        yield app.db.write(key, value)


def test_a_strategy_runs_scripts_in_the_model():
    """Each call keeps the node busy for five keys; memcached refuses scripts, and the run ends."""
    node = Node(service=cs.distributions.Constant(value=0.0), per_byte=0, per_key=1e-6)
    base = cs.Scenario(strategy=Limited(), duration=0.5, warmup=0, cache=cs.Redis(), node=node)
    history = cs.run(base).history
    reads, busy = (history.op == "read").sum(), history.cache_busy.max()

    assert 0 == history.cache_errors.sum()
    assert 5e-6 * reads < busy <= 10e-6 * reads  # seconds: one call, or two for a new key
    with pytest.raises(BadInput, match="memcached runs no scripts, got EVAL"):
        cs.run(base.replace(cache=cs.Memcached()))
