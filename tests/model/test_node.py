"""What a command costs on its node: by its bytes, and by how many keys it looks at."""

from functools import partial

import pytest

from cachesim.engines.memcached.engine import Memcached, MemcachedEngine
from cachesim.engines.redis.engine import Redis
from cachesim.engines.simple import Simple
from cachesim.model.cache import CacheTier
from cachesim.model.cache_client import CacheClient
from cachesim.model.distributions import Constant
from cachesim.model.events import Environment
from cachesim.model.journey import Journey
from cachesim.model.network import Network
from cachesim.model.node import Node
from cachesim.units import US

NODE = Node(service=Constant(value=10 * US), per_byte=0.01 * US, per_key=1 * US)
NO_LEG = Network(in_zone=Constant(value=0.0), cross_zone=Constant(value=0.0))


@pytest.fixture(params=[Redis(), Memcached(), Simple()], ids=lambda spec: type(spec).__name__)
def world(request):
    return build(request.param)


def build(spec):
    env = Environment()
    node = CacheTier(env, spec, NODE, NO_LEG, seed=1)
    return CacheClient(node, Journey(), raises=True), node


def worked(node, send):
    """Return the microseconds of work that sending a command books."""
    before = node.station.booked
    send()
    return round((node.station.booked - before) / US, 6)


def test_a_value_costs_its_bytes(world):
    """Every byte in or out costs; a miss has none."""
    cache, node = world

    assert 10 == worked(node, lambda: cache.get("a"))
    assert 15 == worked(node, lambda: cache.set("a", b"x" * 500))
    node.engine.set("a", b"x" * 500)
    assert 15 == worked(node, lambda: cache.get("a"))
    assert 10 == worked(node, lambda: cache.delete("a"))


def test_a_value_costs_the_same_whichever_way_it_is_sent(world):
    """`execute` books what `get`, `set` and `delete` book, to the last bit."""
    cache, node = world
    is_memcached = isinstance(node.engine, MemcachedEngine)
    ask, drop = ("get", "delete") if is_memcached else ("GET", "DEL")
    for size in (0, 500, 70_000):
        value = b"x" * size
        store = ("set", "a", 0, 60, value) if is_memcached else ("SET", "a", value, "EX", 60)
        ways = [partial(cache.set, "a", value, 60.0), partial(cache.execute, *store)]
        assert [10 + size / 100] * 2 == [worked(node, send) for send in ways]
        node.engine.set("a", value)
        ways = [partial(cache.get, "a"), partial(cache.execute, ask, "a")]
        assert [10 + size / 100] * 2 == [worked(node, send) for send in ways]
    ways = [partial(cache.delete, "a"), partial(cache.execute, drop, "a")]
    ways += [partial(cache.get, "z"), partial(cache.execute, ask, "z")]  # a miss has no bytes
    assert [10] * 4 == [worked(node, send) for send in ways]


def test_a_command_costs_the_keys_it_looks_at():
    """KEYS walks over all of them, MGET over its arguments; what they reply costs too; all wait behind it."""
    cache, node = build(Redis())
    for number in range(100):
        node.engine.set(f"k{number}", b"x" * 50)

    assert 10 + 99 + 2.9 == worked(node, lambda: cache.execute("KEYS", "*"))
    assert 10 + 99 == worked(node, lambda: cache.execute("KEYS", "nothing"))
    assert 10 + 2 + 1.5 == worked(node, lambda: cache.execute("MGET", "k1", "k2", "k3"))
    assert 10 + 1 + 10 == worked(
        node, lambda: cache.execute("MSET", "a", "x" * 500, "b", b"x" * 500)
    )
    assert 10 == worked(node, lambda: cache.execute("EXISTS", "k1"))
    assert 111.9 + 109 + 13.5 + 21 + 10 == pytest.approx(node.station.free[0] / US)


def test_a_walk_over_nothing_gives_no_time_back():
    """An empty keyspace costs what a command costs."""
    cache, node = build(Redis())

    assert 10 == worked(node, lambda: cache.execute("KEYS", "*"))
    assert 10 == worked(node, lambda: cache.execute("FLUSHALL"))


@pytest.mark.parametrize("count", [1, 100])
def test_a_hash_costs_its_bytes(count):
    """Not how many fields they are in: one of 10,000 bytes costs what a hundred of 100 do."""
    cache, node = build(Redis())
    pairs = [part for n in range(count) for part in (f"{n:04}", "x" * (10_000 // count - 4))]
    values = 100 - count * 4 / 100

    assert 10 + 100 == worked(node, lambda: cache.execute("HSET", "h", *pairs))
    node.engine.execute(("HSET", "h", *pairs))
    assert 10 + 100 == worked(node, lambda: cache.execute("HGETALL", "h"))
    assert 10 + values == worked(node, lambda: cache.execute("HVALS", "h"))
    assert 10 + values / count == worked(node, lambda: cache.execute("HGET", "h", "0000"))
    assert 10 == worked(node, lambda: cache.execute("HLEN", "h"))
    assert 10 == worked(node, lambda: cache.get("h"))  # the reply is an error


@pytest.mark.parametrize(
    "command", [("GET",), ("NONSENSE", "a"), ("GETRANGE", "a", "x", "y"), ("HGET", "a", "f")]
)
def test_a_wrong_command_costs_what_was_sent(command):
    """It is the engine that refuses it, when it gets there."""
    cache, node = build(Redis())
    node.engine.set("a", b"x" * 500)

    assert 10 <= worked(node, lambda: cache.execute(*command)) < 10.1


def test_the_defaults_are_of_a_plausible_size():
    """KEYS on a million keys takes 40 ms, a value of 1 MB a millisecond."""
    assert 0.04 == pytest.approx(Node().per_key * 1_000_000)
    assert 0.001 == pytest.approx(Node().per_byte * 1_000_000)
