"""The plan: by hand, the cheapest of all fleets by brute force, monotone, and refused with the reason."""

import itertools
import math

import pytest

from cachesim import theory
from cachesim.errors import BadInput
from cachesim.node_types import NodeType
from cachesim.planner.checks import STRAINED, checks
from cachesim.planner.load import Load
from cachesim.planner.plan import plan
from cachesim.planner.search import Candidate, fleets
from cachesim.rng import stream
from cachesim.units import GIB, MIB

SMALL = NodeType(name="small", maxmemory=4 * MIB, gbps=1.0, price=0.1)
LARGE = NodeType(name="large", maxmemory=16 * MIB, gbps=2.0, price=0.35)
SLOW = NodeType(name="slow", maxmemory=16 * MIB, gbps=0.2, core=0.2, price=0.15)
TYPES = [SMALL, LARGE, SLOW]


def test_memory_binds_by_hand():
    """12,000 keys of 576 bytes are 6.6 MiB, and a small node has 3 MiB for them and its tables.

    48 bytes of each key are its entry and its name, 528 its value (16 + 512). Chance makes the fullest of
    3 shards hold some more than a third.
    """
    found = plan(rate=100, keys=12_000, survive="nothing", types=[SMALL])
    memory = {check.name: check for check in found.fleet.checks}["memory"]

    assert (3, 0) == (found.shards, found.replicas)
    assert ["memory"] == found.binds["one shard fewer"]
    assert 3 * MIB == memory.limit
    assert 4000 * 576 < memory.need < 1.03 * 4000 * 576 + 12 * 4096 + 60 * 1024
    assert found.per_hour == pytest.approx(0.3)
    with pytest.raises(BadInput, match=r"nearest is 2 shards of small: memory needs 3\.465 MiB"):
        plan(rate=100, keys=12_000, survive="nothing", types=[SMALL], quota=2)


def test_the_processor_binds_by_hand():
    """One hot key of two: its shard carries 2/3 and half of the rest, 10.5 µs per request, 70 % allowed."""
    top = 1 / (1 + 0.5**1.0)
    rate = 0.7 / 10.5e-6 / (top + (1 - top) / 2) * 0.999
    found = plan(rate=rate, keys=2, skew=1.0, survive="nothing", types=[SMALL])

    assert 2 == found.shards
    assert ["cpu"] == found.binds["one shard fewer"]
    assert found.fleet.checks[1].used == pytest.approx(0.999)


def test_a_lost_node_by_hand():
    """Two shards without replicas: the database gets the misses of one; with a replica, it gets none for long."""
    load = {"rate": 1000, "writes": 0.1, "keys": 10_000, "skew": 0.0, "types": [LARGE]}
    alone = plan(**load, survive="nothing", quota=1).lost_node
    replaced = plan(**load).lost_node

    assert ("primary", 1.0, 0.0, 900.0, False) == alone[:5]
    assert alone.refill == pytest.approx(-math.log(0.1) / 0.1, rel=0.01)  # each key: 0.1 per second
    assert ("primary", 1.0, 0.0, 900.0, True) == replaced[:5]
    assert 0.0 == replaced.refill


def test_a_strong_database_replaces_the_replicas():
    """If it can serve a cold shard, no replica is needed; one read per second less, and there must be one."""
    load = {"rate": 1000, "writes": 0.0, "keys": 10_000, "skew": 0.0, "types": [SMALL]}
    needed = 1000 * theory.hottest_shard(theory.zipf(10_000, 0.0), 3)

    assert (3, 0) == plan(**load, database=needed).fleet[2:]
    assert 1 == plan(**load, database=0.4 * needed).replicas
    assert 1 == plan(**load).replicas


def test_a_zone_needs_a_copy_in_each():
    """Two replicas in three zones; the bill has the bytes that leave their zone, in each direction."""
    found = plan(rate=1000, keys=1000, zones=3, survive="zone", types=[LARGE])
    size = 0.9 * (98 + 574) + 0.1 * (606 + 71)

    assert 2 == found.replicas
    assert ["copies (one per zone)"] == found.binds["one replica fewer"]
    assert found.fleet.crossing_bill == pytest.approx(1000 * size * 2 / 3 * 3600 / 1e9 * 0.01)
    assert found.per_hour == pytest.approx(3 * 0.35 + found.fleet.crossing_bill)


def test_a_lost_zone_by_hand():
    """A third of the primaries; where all copies of a shard are in one zone, a third of the content."""
    load = {"rate": 900, "writes": 0.0, "keys": 10_000, "skew": 0.0, "zones": 3, "types": [SMALL]}
    safe, bare = (plan(**load, survive=what).lost_zone for what in ("zone", "nothing"))

    assert ("zone", 1 / 3, 2 / 3, 300.0, True) == pytest.approx(safe[:5])
    assert ("zone", 1 / 3, 2 / 3, 300.0, False) == pytest.approx(bare[:5])
    assert 0.0 == safe.refill < bare.refill
    assert plan(rate=900, types=[LARGE], keys=1000).lost_zone is None


def random_load(number):
    """Draw a load that some fleet of TYPES may serve."""
    rng = stream(number, "loads")
    pick = lambda *choices: choices[rng.integers(len(choices))]  # noqa: E731
    return Load(
        rate=float(rng.uniform(100, 150_000)), writes=float(rng.uniform(0, 0.5)),
        keys=int(rng.integers(100, 60_000)), value_size=int(rng.integers(20, 2000)),
        skew=float(rng.uniform(0, 1.1)), hit_ratio=pick(1.0, 0.9), zones=3, quota=24,
        survive=pick("nothing", "node", "zone"), read_from=pick("primary", "replica", "nearest"),
        database=pick(None, 3000.0, 20_000.0),
    )  # fmt: skip


@pytest.mark.parametrize("number", range(20))
def test_it_is_the_cheapest_by_brute_force(number):
    """Of all types, replicas and shards that keep every limit, none costs less."""
    load = random_load(number)
    every = [
        Candidate(load, kind, shards, replicas)
        for kind, shards, replicas in itertools.product(TYPES, range(1, 25), range(6))
    ]
    bills = [fleet.bill for fleet in every if not fleet.broken]
    found = fleets(load, TYPES)

    assert bool(bills) == bool(found)
    if bills:
        assert min(bills) == pytest.approx(found[0].bill)
        assert [] == found[0].broken


def test_the_loads_are_not_all_alike():
    """Plans of several types, of several shards, with and without replicas; and some loads have none."""
    best = [found[0] for n in range(20) if (found := fleets(random_load(n), TYPES))]

    assert 8 <= len(best) < 20
    assert len({fleet.kind.name for fleet in best}) > 1
    assert {0} < {fleet.replicas for fleet in best}
    assert len({fleet.shards for fleet in best}) > 3


@pytest.mark.parametrize("number", range(10))
def test_more_never_costs_less(number):
    """More traffic, bytes, connections, safety or reserve. (More keys may cost less: the hottest is less hot.)"""
    load = random_load(number)
    more = [
        load.replace(rate=load.rate * 1.3), load.replace(rate=load.rate * 5),
        load.replace(value_size=load.value_size + 500), load.replace(connections=70_000),
        load.replace(survive="zone"), load.replace(busy_limit=0.5),
    ]  # fmt: skip
    bill = lambda each: next((f.bill for f in fleets(each, TYPES)), math.inf)  # noqa: E731

    assert all(bill(load) <= bill(each) * (1 + 1e-9) for each in more)


def test_a_higher_budget_changes_nothing_or_helps():
    """The plan is the cheapest, so a budget only refuses; alternatives beyond it are not shown."""
    free = plan(rate=5000, keys=20_000, types=TYPES)
    exact = plan(rate=5000, keys=20_000, types=TYPES, budget=free.per_hour)

    assert exact.fleet[1:] == free.fleet[1:]
    assert len(exact.alternatives) < len(free.alternatives)
    with pytest.raises(BadInput, match=r"Load\.budget must be at least \$0\.\d+ per hour"):
        plan(rate=5000, keys=20_000, types=TYPES, budget=0.9 * free.per_hour)


REFUSED = {
    "the hottest key alone gets 100.0% .* keep at least 3 copies": {"rate": 200_000, "keys": 1},
    "connections needs 70,001, has 65,000": {"connections": 70_000},
    "nearest is 2 shards of large: memory needs": {"keys": 10**6, "quota": 2, "survive": "nothing"},
    "database needs 2,700 reads/s, has 1,000": {"hit_ratio": 0.7, "database": 1000.0},
    'has no field "shards"; its fields are: rate, writes': {"shards": 3},
    "types must hold at least one node type": {"types": []},
    "types must hold node types, or names such as .*, got 7": {"types": [7]},
    'unknown node type "r99"': {"types": ["r99"]},
}


@pytest.mark.parametrize("says", REFUSED)
def test_what_no_fleet_can_serve_is_refused(says):
    """With the reason: the hottest key, or what the nearest fleet lacks."""
    with pytest.raises(BadInput, match=says):
        plan(**{"types": [SMALL, LARGE], "rate": 10_000, "keys": 1000, **REFUSED[says]})


def test_replicas_carry_a_hot_key():
    """What one core cannot serve, six can, if reads may be stale: P7."""
    hot = {"rate": 200_000, "keys": 1, "writes": 0.05, "types": [NodeType(gbps=10.0)]}
    found = plan(**hot, read_from="nearest")
    best = theory.replicated_throughput(
        0.05, found.replicas, write=1.05e-5, apply=1.05e-5, read=1.05e-5
    )

    assert 3 == found.replicas
    assert found.fleet.checks[1].need == pytest.approx(200_000 / best)
    with pytest.raises(BadInput, match="the hottest key"):
        plan(**hot)


def test_a_strained_fleet_is_planned_for():
    """After the loss of a replica the rest may be 90 % busy, and no more."""
    load = Load(rate=100_000, keys=1, writes=0.0, read_from="replica")
    kind = NodeType(maxmemory=GIB, gbps=10.0)
    after = {check.name: check for check in checks(load, kind, 1, 2)}["cpu (a node lost)"]

    assert (1.05, STRAINED) == pytest.approx((after.need, after.limit))


def test_it_can_be_read():
    """As text and in a notebook: the plan, each limit, what binds, what a lost node costs, the alternatives."""
    found = plan(rate=5000, keys=60_000, types=TYPES, zones=2)
    for text in (str(found), found._repr_html_()):
        for part in (str(found.fleet), "memory", "one shard fewer", "a lost primary", "leave their zone",
                     str(found.alternatives[0])):  # fmt: skip
            assert part in text
    assert {"type", "limits", "binds", "lost_node", "alternatives"} <= found.as_dict().keys()
