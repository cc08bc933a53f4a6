"""What a command costs on its node: by its bytes, and by how many keys it looks at."""

import pytest

from cachesim.engines.memcached.engine import Memcached
from cachesim.engines.redis.engine import Redis
from cachesim.engines.simple import Simple
from cachesim.model.app import App
from cachesim.model.database import Database, DatabaseTier
from cachesim.model.distributions import Constant
from cachesim.model.events import Environment
from cachesim.model.network import Network
from cachesim.model.node import CacheNode, Node
from cachesim.units import US

NODE = Node(service=Constant(value=10 * US), per_byte=0.01 * US, per_key=1 * US)
NO_LEG = Network(in_zone=Constant(value=0.0), cross_zone=Constant(value=0.0))


@pytest.fixture(params=[Redis(), Memcached(), Simple()], ids=lambda spec: type(spec).__name__)
def world(request):
    return build(request.param)


def build(spec):
    env = Environment()
    node = CacheNode(env, NODE, spec, NO_LEG, seed=1)
    database = DatabaseTier(env, Database(), NO_LEG, seed=1)
    return App(env, node, database, client=0, raises=True).cache, node


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


def test_a_command_costs_the_keys_it_looks_at():
    """KEYS walks over all of them, MGET over its arguments, HGETALL over the fields; all wait behind it."""
    cache, node = build(Redis())
    for number in range(100):
        node.engine.set(f"k{number}", b"x")
    node.engine.execute(("HSET", "h", *"a1b2c3"))

    assert 10 + 100 == worked(node, lambda: cache.execute("KEYS", "*"))
    assert 10 + 2 == worked(node, lambda: cache.execute("MGET", "k1", "k2", "k3"))
    assert 10 + 2 == worked(node, lambda: cache.execute("HGETALL", "h"))
    assert 10 + 5 == worked(node, lambda: cache.execute("SET", "k1", b"x" * 500))
    assert 10 == worked(node, lambda: cache.execute("GET", "k1"))
    assert 110 + 12 + 12 + 15 + 10 == pytest.approx(node.station.free[0] / US)


def test_the_defaults_are_of_a_plausible_size():
    """KEYS on a million keys takes 40 ms, a value of 1 MB a millisecond."""
    assert 0.04 == pytest.approx(Node().per_key * 1_000_000)
    assert 0.001 == pytest.approx(Node().per_byte * 1_000_000)
