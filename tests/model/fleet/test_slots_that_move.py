"""Slots that move, by hand: a trip to a node takes 1 s, and so does a command of the operator."""

import math
from itertools import count

import pytest

from cachesim.engines.redis import rdb
from cachesim.engines.redis.engine import Redis
from cachesim.engines.redis.moving import REBUILT
from cachesim.engines.redis.slots import SLOTS, dealt, shares, slot_of, taken
from cachesim.errors import BadInput
from cachesim.experiments.run import run
from cachesim.measure.checks import lost_writes
from cachesim.model import faults
from cachesim.model.choice import system_for
from cachesim.model.distributions import Constant
from cachesim.model.fleet import Shards
from cachesim.model.fleet.resharding import ReshardingSystem
from cachesim.model.node import Node
from cachesim.model.popularity import Uniform
from cachesim.model.strategies.base import Strategy
from cachesim.model.strategies.behind import WriteBehind
from cachesim.model.workload import OpenLoop
from cachesim.scenario import Scenario
from cachesim.units import MIB
from tests.model.fleet.test_groups import PATIENT, OnlyCache, play, read, write

TAG = next(f"{{{n}}}" for n in count() if slot_of(b"%d" % n) == 0)  # its keys are in slot 0
A, B, C = (TAG + name for name in "abc")
ONE = faults.Reshard(slots=1, batch=1, at=10)
CLUSTER = Shards(3, processes=1)


# From 10 s on: open at 12 s; keys listed at 13 s, the first one moved at 14 s; listed at 15 s, the second
# one moved at 16 s; listed at 17 s: none; three primaries know the new owner at 20 s.
def test_five_requests_while_a_slot_moves():
    """A command takes effect 1 s after it was sent. Three of five find their key away: ASK; then MOVED, once."""
    steps = [write(1, A), write(1, B)]
    steps += [read(10.5, A), read(1, A), read(0.5, B), read(1.5, B), read(0.5, C)]
    steps += [read(3.5, A), read(3, A), read(1, B)]  # sent at 19.5, 22.5 and 23.5 s
    system, rows = play(CLUSTER, steps, ONE)

    assert [0, 1, 0, 1, 1] == rows["hops"][2:7].tolist()
    assert [1, 0, 0] == rows["hops"][7:].tolist()
    assert ["hit", "hit", "hit", "hit", "cold", "hit", "hit", "hit"] == rows["lookup"][2:].tolist()
    assert [0, 1, 0, 1, 1, 1, 1, 1] == [int(node[6]) for node in rows["node"][2:]]
    assert [(20.0, 0, "shard-0 node-0", "shard-1 node-0", 2)] == system.slot_moves


class Several(OnlyCache):
    """A read asks for two keys at once."""

    def read(self, app, key):
        app.shared["values"] = yield app.cache.execute("MGET", A, B)
        app.shared["answered"] = app.now
        return (yield app.db.read(key))


def test_a_command_with_several_keys_tries_again_until_they_are_together():
    """At 15.2 s one key is away: TRYAGAIN. The source moves until 15.5 s; its answer is ASK at 16.5 s."""
    steps = [write(1, A), write(1, B), read(12.2, A)]
    system, rows = play(CLUSTER, steps, ONE, strategy=Several())

    assert [1, 2] == [value.write for value in system.shared["values"]]
    assert 17.5 == system.shared["answered"]
    assert 1 == rows["hops"][2]


def test_a_client_tries_sixteen_times():
    """The target is gone when the first of two keys has moved: the answer stays TRYAGAIN."""
    steps = [write(1, A), write(1, B), read(12.2, A)]
    dead = faults.KillNode("shard-1 node-0", at=14.1)
    system, rows = play(CLUSTER, steps, ONE, dead, strategy=Several(), on_cache_error="raise")

    assert "CommandError" == rows["error"][2]
    # 0.3 s behind the MIGRATE that fails; a pause before each of the last seven
    assert 14.2 + 16 + 0.3 + 7 * 0.05 == pytest.approx(rows["end"][2])
    assert [] == system.slot_moves


def test_a_client_learns_from_another_request_of_its_process():
    """Two requests are under way when the slot has moved: both get MOVED, and both follow it."""
    _, rows = play(CLUSTER, [write(1, A), read(18.5, A), read(0.1, A)], ONE)

    assert [0, 1, 1] == rows["hops"].tolist()
    assert ["hit", "hit"] == rows["lookup"][1:].tolist()


class Rich(Strategy):
    """A write stores a value with a TTL, and a hash with one."""

    def read(self, app, key):
        return (yield app.db.read(key))

    def write(self, app, key, value):
        yield app.cache.set(A, value, 100.0)
        yield app.cache.execute("HSET", B, "field", "x", "other", "y")
        yield app.cache.execute("PEXPIRE", B, 50_000)
        yield app.cache.set(C, value, 8.0)  # it dies on the way, at 12 s


def test_values_and_their_ttls_survive():
    """At the target, and at its replica; the source and its replica have nothing left."""
    fleet = CLUSTER.replace(replicas=1, lag=Constant(value=0.1))
    steps = [write(0, A), read(20, A)]
    system, _ = play(fleet, steps, ONE.replace(batch=10), strategy=Rich(), duration=25)
    engines = [node.engine for node in system.caches[:4]]

    assert [0, 0, 2, 2] == [len(engine) for engine in engines]
    for engine in engines[2:]:
        assert engine.table.entries[A].value.write == 1
        assert {b"field": b"x", b"other": b"y"} == engine.table.entries[B].value.values
        since = 1_577_836_800_000
        assert [101_000, 53_000] == [engine.table.entries[key].when - since for key in (A, B)]


def test_each_type_can_move():
    """A type that a snapshot knows, a move knows."""
    assert set(rdb.dumps()) == {bytes, *REBUILT}


# --- the work


def test_both_ends_work_and_the_source_waits():
    """A MIGRATE of 100 bytes: 2 s at the source, half a second on the way, 2 s at the target, and back."""
    node = Node(service=Constant(value=1.0), per_byte=0.01, per_key=0)
    system, _ = play(CLUSTER, [write(1, A)], ONE, node=node)
    source, target = (system.caches[place].station.booked for place in (0, 1))

    assert (2.0 + 2.0 + 3.0, 2.0) == (source, target)  # the write was 2 s of work, too


# --- shards come and go


def keys_at(system):
    """Return the keys that each primary has."""
    return [set(system.primary(shard).engine.keys()) for shard in system.present()]


def moved(fault, fleet=CLUSTER, **fields):
    """Run a warm cluster that changes; return the system."""
    scenario = Scenario(
        cache=Redis(memory=4 * MIB), fleet=fleet, faults=(fault,), duration=20, warmup=0,
        start="warm", workload=OpenLoop(rate=50.0, reads=1.0, popularity=Uniform(keys=2000)), **fields,
    )  # fmt: skip
    system = system_for(scenario)(scenario, list, lambda *samples: None)
    system.run()
    return system


def test_the_share_of_the_keys_that_moves_is_that_of_the_slots():
    """A fourth shard takes 4,096 slots: a quarter, 1,366 of one and 1,365 of each other shard."""
    system = moved(faults.AddShard(at=1))
    gone = {move.slot for move in system.slot_moves}
    keys = system.blueprint.workload.keys_loaded()

    assert 4096 == len(gone) == len(system.slot_moves)
    assert [1366, 1365, 1365] == [
        sum(move.source[6] == c for move in system.slot_moves) for c in "012"
    ]
    away = {key for key in keys if slot_of(key.encode()) in gone}
    assert away >= keys_at(system)[3]
    assert sum(move.keys for move in system.slot_moves) > 100
    assert 0.25 == pytest.approx(len(away) / len(keys), abs=5 * math.sqrt(0.25 * 0.75 / 2000))


def test_a_shard_that_leaves_gives_its_slots_to_the_others():
    """Each of them gets half, no key is lost, and its nodes are spare."""
    system = moved(faults.RemoveShard("shard-2", at=1), CLUSTER.replace(replicas=1))

    assert [0, 1] == system.present()
    assert [8192, 8192] == [len(system.table.of(shard)) for shard in (0, 1)]
    assert ["primary", "replica", "primary", "replica", "spare", "spare"] == [
        system.role_of(place) for place in range(6)
    ]


def test_what_is_not_yet_written_behind_moves_with_its_slot():
    """Every write that was acknowledged is committed, and none is kept where the key has left."""
    scenario = Scenario(
        strategy=WriteBehind(interval=1.0), cache=Redis(memory=MIB), fleet=CLUSTER, duration=5, warmup=0,
        workload=OpenLoop(rate=200.0, reads=0.2, popularity=Uniform(keys=50)),
        faults=(faults.Reshard(at=1, share=1.0),),
    )  # fmt: skip
    result = run(scenario)

    assert result.slot_moves["keys"].sum() > 3
    assert lost_writes(result.history).violations == 0


def test_changes_wait_for_each_other():
    """The second reshard begins when the first is over, and gives the slots back."""
    back = ONE.replace(source="shard-1", target="shard-0", at=11, slots=5461)
    system, _ = play(CLUSTER, [read(1, A)], ONE, back, duration=60)

    assert [(16.0, 0), (22.0, 0)] == [(move.time, move.slot) for move in system.slot_moves[:2]]


def test_a_full_target_takes_no_more():
    """With noeviction MIGRATE fails: the slot stays open, and every key is somewhere."""
    cache = Redis(memory=100 * 1024, policy="noeviction")
    steps = [write(0.01, TAG + str(n)) for n in range(150)]
    others = [f"{n}" for n in range(2000) if SLOTS < 3 * slot_of(b"%d" % n) < 2 * SLOTS]
    steps += [write(0.01, key) for key in others[:400]]
    system, _ = play(
        CLUSTER, steps, ONE.replace(batch=100), duration=40, cache=cache,
    )  # fmt: skip

    assert [] == system.slot_moves
    here, there = (set(key for key in keys if key.startswith(TAG)) for keys in keys_at(system)[:2])
    assert 150 == len(here | there)
    assert not here & there
    assert here


# --- what is refused, and what stays as it was


def test_uneven_slots():
    """By weight; without weights each shard has a third; and a run uses them."""
    even, uneven = CLUSTER.finder(), CLUSTER.replace(weights=(2, 1, 1)).finder()
    thirds, halves = dealt(3), dealt(3, (2, 1, 1))
    keys = {f"user:{n}": slot_of(b"user:%d" % n) for n in range(3000)}

    assert [thirds[slot] for slot in keys.values()] == list(map(even, keys))
    assert [halves[slot] for slot in keys.values()] == list(map(uneven, keys))
    shares = run(
        Scenario(
            fleet=CLUSTER.replace(weights=(2, 1, 1)), cache=Redis(memory=4 * MIB), duration=2, warmup=0,
            workload=UNIFORM,
        )
    ).history["node"].value_counts(normalize=True)  # fmt: skip
    assert 0.5 == pytest.approx(shares["shard-0 node-0"], abs=5 * math.sqrt(0.25 / 600))


UNIFORM = OpenLoop(rate=300.0, reads=1.0, popularity=Uniform(keys=10_000))


def test_weights_must_fit():
    """One per shard."""
    with pytest.raises(
        BadInput, match=r"Shards\.weights must have one weight per shard, got 2 for 3"
    ):
        Shards(3, weights=(2, 1))


def test_slots_are_taken_as_redis_cli_takes_them():
    """In proportion to what each shard has; the largest is first, and gives the rest of the division."""
    ranges = [range(5461, 6827), range(1365), range(10923, 12288)]  # redis-cli 7.0.15 did this
    owners = [shard for shard, part in enumerate(shares(3)) for _ in part]
    assert [slot for each in ranges for slot in each] == taken(owners, [0, 1, 2], 4096)

    owners = [0] * 10 + [1] * 5 + [2] * 5

    assert [0, 1, 2, 10, 15] == taken(owners, [0, 1, 2], 5)
    assert [] == taken(owners, [3], 5)
    assert owners.index(1) == taken(owners, [1], 1)[0]


def test_only_a_cluster_with_such_a_fault_pays_for_it():
    """Another fault takes the class of before."""
    base = Scenario(cache=Redis(memory=MIB), fleet=CLUSTER)

    assert system_for(base.replace(faults=(ONE,))) is ReshardingSystem
    assert system_for(base.replace(faults=(faults.FlushCache(node="shard-0 node-0"),))) is not (
        ReshardingSystem
    )


def test_a_cluster_that_moves_nothing_is_as_before():
    """Byte for byte: a reshard of no slots changes no record."""
    base = Scenario(
        cache=Redis(memory=MIB), fleet=Shards(3, replicas=1), duration=1, warmup=0, resilience=PATIENT,
        faults=(faults.FlushCache(node="shard-0 node-0", at=0.5),),
    )  # fmt: skip
    nothing = (*base.faults, faults.Reshard(share=0))

    assert run(base).history.equals(run(base.replace(faults=nothing)).history)
