"""Plans in the simulator: a plan keeps its limits there, and every smaller fleet breaks one that was predicted."""

import math
from itertools import islice

import pytest

from benchmarks.plan_runs import plans, see
from cachesim.engines.memcached.engine import Memcached
from cachesim.errors import BadInput
from cachesim.experiments.run import run
from cachesim.measure.history import select_requests
from cachesim.model.distributions import Constant
from cachesim.model.faults import Eject, KillNode
from cachesim.model.fleet import Pool, Shards
from cachesim.model.network import Network
from cachesim.model.node import Node
from cachesim.node_types import NodeType
from cachesim.planner.in_the_model import scenario
from cachesim.planner.plan import plan
from cachesim.scenario import Scenario
from cachesim.units import MIB

SOME = list(islice(plans(), 3))  # all 20: python benchmarks/plan_runs.py


@pytest.mark.parametrize("found", SOME, ids=lambda found: str(found.fleet))
def test_a_plan_keeps_its_limits_and_less_does_not(found):
    """No key is evicted, and no node is busier than planned; with less, it is the limit that was predicted."""
    assert set() == see(found.fleet).broken(found.fleet)
    for fleet in found.smaller.values():
        predicted = {check.name for check in fleet.broken}

        assert see(fleet).broken(fleet) & predicted, (str(fleet), predicted)


@pytest.mark.parametrize("number", range(2))
def test_a_plan_with_replicas_keeps_its_limits_and_less_does_not(number):
    """The same if replicas serve the reads: with one replica fewer, the others are busier than planned."""
    found = next(islice(plans(replicas=True), number, None))

    assert found.binds["one replica fewer"]
    test_a_plan_keeps_its_limits_and_less_does_not(found)


def test_there_is_something_to_take_away():
    """Each plan has two shards or more, or a cheaper type."""
    assert all(found.smaller for found in SOME)
    assert any(found.shards > 1 for found in SOME)


COLD = {  # a database that can just serve one cold shard of four, beside the fill of the others' misses
    "rate": 8000.0, "writes": 0.1, "keys": 20_000, "skew": 0.3, "value_size": 100, "survive": "node",
    "types": [NodeType()], "node": Node(service=Constant(value=1e-4)),
}  # fmt: skip


def missed(fleet, down):
    """Run a fleet, kill the node that gets most requests, and give the share of reads that miss right after."""
    base = scenario(fleet).replace(duration=3.5, warmup=1)
    busiest = select_requests(run(base).history)["node"].value_counts().idxmax()
    killed = base.replace(faults=(KillNode(busiest, at=3.0, down=down),))
    rows = select_requests(run(killed).history)
    reads = rows[rows["op"] == "read"]
    after = reads[reads["begin"].between(3.0 + min(down, 0.01), 3.25)]

    assert {"hit"} == set(reads[reads["begin"] < 2.9]["lookup"])
    return float((after["lookup"] != "hit").mean()), len(after)


@pytest.mark.parametrize("down", [0.001, math.inf])
def test_a_lost_node_costs_what_the_plan_says(down):
    """Back at once and cold, or away. The database can serve a shard of four, and not one of three."""
    whole = plan(**{**COLD, "survive": "nothing"})
    limit = COLD["rate"] * 0.9 * whole.load.share(4)
    found = plan(**COLD, database=limit * 1.01)

    assert (4, 0) == (found.shards, found.replicas)
    assert ["database (a node lost)"] == found.binds["one shard fewer"]
    share, reads = missed(found.fleet, down)
    error = 4 * (share * (1 - share) / reads) ** 0.5
    assert share <= 1 - found.lost_node.hit_ratio + error
    assert share == pytest.approx(found.lost_node.requests, abs=error + 0.02)  # some keys are back
    fewer, _ = missed(found.fleet._replace(shards=3), down)
    assert fewer * COLD["rate"] * 0.9 > found.load.database


def test_the_scenario_is_the_load():
    """As the user described it; changes are those of a scenario."""
    found = plan(rate=5000, keys=3000, value_size=400, key_size=20, writes=0.3, survive="nothing")
    described = found.scenario(duration=5, warmup=1, seed=3)

    assert (5000, 0.7, 20) == (
        described.workload.rate, described.workload.reads, described.workload.key_size
    )  # fmt: skip
    assert (3000, 0.99) == (described.workload.popularity.keys, described.workload.popularity.skew)
    assert (found.shards, found.kind.usable) == (described.fleet.shards, described.cache.memory)
    assert (5, 1, 3) == (described.duration, described.warmup, described.seed)


@pytest.mark.parametrize("read_from", ["primary", "replica", "nearest"])
def test_the_scenario_has_the_replicas_and_the_zones(read_from):
    """As many as planned, and they answer the reads if the plan says so; each zone has a process."""
    found = plan(rate=5000, keys=3000, zones=3, survive="zone", read_from=read_from)
    shards = Shards(found.shards, replicas=2, reads=read_from, zones=3, processes=3)

    assert found.replicas == 2
    assert found.scenario().fleet == shards


@pytest.mark.parametrize("read_from", ["primary", "nearest"])
def test_zones_cost_what_the_plan_says(read_from):
    """P9, P19: bytes between zones, dollars, and the mean latency of reads."""
    found = plan(
        rate=2000, keys=3000, zones=3, survive="zone", read_from=read_from, types=["r6g.large"]
    )
    result = run(found.scenario(duration=12, warmup=2))

    # Seed 1. The plan counts the words of the protocol, too: 5 % of the bytes here. Bytes differ by chance, by 4 % of
    # them at most where only the writes leave (4,000 requests, three standard deviations: 5 %).
    assert result.crossing == pytest.approx(found.fleet.crossing, rel=0.12)
    assert result.crossing < found.fleet.crossing * 1.05
    assert result.cost_per_hour("r6g.large") == pytest.approx(found.per_hour, rel=1e-2)
    reads = result.measured[result.measured["op"] == "read"]
    trip = 2 / 3 if read_from == "primary" else 0
    near, far = Network().in_zone.mean, Network().cross_zone.mean
    served = found.load.work
    mean = (reads["end"] - reads["begin"]).mean()
    assert mean == pytest.approx(near + trip * (far - near) + served, rel=0.05)


def test_what_a_run_costs():
    """One node is one price; a fleet pays for spare nodes, too; a type of one's own has its own price."""
    short = {"duration": 2, "warmup": 1}
    one = run(Scenario(**short))
    pool = run(
        Scenario(cache=Memcached(memory=2 * MIB), fleet=Pool(3, gutter=1, eject=Eject()), **short)
    )

    assert (0.206, 0.824) == (one.cost_per_hour("r6g.large"), pool.cost_per_hour("r6g.large"))
    assert 2.0 == pool.cost_per_hour(NodeType(price=0.5))
    assert (0.0, 0.0) == (one.crossing, pool.crossing)
    for wrong in ("r6g.largest", 7):
        with pytest.raises(BadInput, match=r"choose one such as|a NodeType, or a name such as"):
            one.cost_per_hour(wrong)


def test_the_summary_says_what_left_its_zone():
    """Only where something did."""
    fleet = Pool(3, zones=3)
    told = run(Scenario(fleet=fleet, duration=2, warmup=1)).notes

    assert [note for note in told if note.startswith("bytes between zones: ")]
    assert "between zones" not in str(run(Scenario(fleet=Pool(3), duration=2, warmup=1)))
