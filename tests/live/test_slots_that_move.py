"""A slot on its way, at real nodes of a cluster and at ours: the same word for every command."""

from itertools import count

import pytest

from cachesim.engines.redis.engine import Redis
from cachesim.engines.redis.slots import SLOTS, slot_of
from cachesim.errors import CommandError
from cachesim.live.groups import RedisCluster
from cachesim.model import faults
from cachesim.model.fleet.client import CROSSSLOT
from cachesim.model.fleet.groups import Shards
from cachesim.model.fleet.resharding import ReshardingSystem
from cachesim.model.fleet.slot_table import Passage
from cachesim.scenario import Scenario
from tests.live.conftest import started_fleet
from tests.model.fleet.test_slots_that_move import TAG

HERE, AWAY, NEW, OTHER = (TAG + name for name in ("here", "away", "new", "other"))
ELSEWHERE = next(f"{n}" for n in count() if slot_of(b"%d" % n) * 3 // SLOTS == 2)
KEYS = {  # a case -> its command
    "one that is here": ("GET", HERE),
    "one that is away": ("GET", AWAY),
    "one that is nowhere": ("SET", NEW, "1", "XX"),
    "two that are here": ("MGET", HERE, HERE),
    "one here, one away": ("MGET", HERE, AWAY),
    "none here": ("MGET", AWAY, NEW),
    "two away": ("MGET", AWAY, OTHER),
    "the same one twice": ("MGET", NEW, NEW),
    "another slot": ("GET", ELSEWHERE),
    "a dead one": ("GET", TAG + "dead"),
    "a dead one and one here": ("MGET", TAG + "dead", HERE),
}
SOURCE, TARGET, THIRD, REPLICA = range(4)


@pytest.fixture(scope="module")
def real():
    """Three primaries and their replicas, with slot 0 on its way from the first to the second."""
    with started_fleet(RedisCluster, 3, 1, node_timeout=2) as cluster:
        source, target, *_ = cluster.nodes
        target.call("CLUSTER", "SETSLOT", 0, "IMPORTING", cluster.ids[0])
        source.call("SET", HERE, "1")
        source.call("SET", TAG + "dead", "1", "PX", 1)
        source.call("CLUSTER", "SETSLOT", 0, "MIGRATING", cluster.ids[1])
        for key in (AWAY, OTHER):
            target.call("ASKING")
            target.call("SET", key, "1")
        cluster.move(1)
        yield cluster


@pytest.fixture(scope="module")
def ours():
    """The same, of the model."""
    system = ReshardingSystem(
        Scenario(
            cache=Redis(), fleet=Shards(3, replicas=1), faults=(faults.Reshard(),), duration=100
        ), list, list,
    )  # fmt: skip
    system.let_follow(system.caches[1], system.caches[0])
    source, target = (system.primary(shard).engine for shard in (0, 1))
    source.set(HERE, b"1")
    source.set(TAG + "dead", b"1", 0.001)
    system.table.passages[0] = Passage(0, 1)
    for key in (AWAY, OTHER):
        target.set(key, b"1")
    system.env._now = 1.0
    return system


def answer(cluster, place, command, *, asking, readonly):
    """Return the answer of a real node: the first words of its error, or "served"."""
    node = cluster.nodes[place]
    node.call("READONLY" if readonly else "READWRITE")
    if asking:
        node.call("ASKING")
    try:
        node.call(*command)
    except CommandError as error:
        word, *rest = str(error).split()
        if word not in ("MOVED", "ASK"):
            return word
        addresses = [f"{each.address}:6379" for each in cluster.nodes]
        return f"{word} {rest[0]} {addresses.index(rest[1])}"
    return "served"


def our_answer(system, place, command, *, asking, readonly):
    """Return the same of ours; it lists a replica behind each primary."""
    node = system.caches[1 if place == REPLICA else 2 * place]
    keys = system.caches[0].engine.keys_of(command)
    error = system.refusal(node, keys, asking=asking, readonly=readonly)
    if error is None:
        return "served"
    word, *rest = str(error).split(maxsplit=2)
    return word if word not in ("MOVED", "ASK") else f"{word} {rest[0]} {rest[1][6]}"


@pytest.mark.parametrize("asking", [False, True], ids=["", "asking"])
@pytest.mark.parametrize("place", [SOURCE, TARGET, THIRD])
@pytest.mark.parametrize("case", KEYS)
def test_a_primary_says_the_same(real, ours, case, place, asking):
    """Served, MOVED, ASK or TRYAGAIN, with the slot and the node."""
    how = {"asking": asking, "readonly": False}
    assert answer(real, place, KEYS[case], **how) == our_answer(ours, place, KEYS[case], **how)


@pytest.mark.parametrize("readonly", [False, True], ids=["", "readonly"])
@pytest.mark.parametrize("case", [name for name, command in KEYS.items() if command[0] != "SET"])
def test_a_replica_says_the_same(real, ours, case, readonly):
    """The source's replica knows nothing of the slot's way: a key that is away is a miss there."""
    how = {"asking": False, "readonly": readonly}
    assert answer(real, REPLICA, KEYS[case], **how) == our_answer(ours, REPLICA, KEYS[case], **how)


def test_the_words_of_the_real_server(real):
    """Every kind of answer is in the table, and CROSSSLOT has the words that our sentence has."""
    seen = {
        answer(real, place, command, asking=False, readonly=False).split()[0]
        for command in KEYS.values()
        for place in (SOURCE, TARGET)
    }
    assert {"served", "MOVED", "ASK", "TRYAGAIN"} == seen
    for keys in ((HERE, ELSEWHERE), ("123456789", "foo")):
        with pytest.raises(CommandError, match=f"^{CROSSSLOT}$"):
            real.nodes[0].call("MGET", *keys)
