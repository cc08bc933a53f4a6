"""Plans in the simulator: a plan keeps its limits there, and every smaller fleet breaks one that was predicted."""

from itertools import islice

import pytest

from benchmarks.plan_runs import plans, see, smaller
from cachesim.planner.plan import plan

SOME = list(islice(plans(), 3))  # all 20: python benchmarks/plan_runs.py


@pytest.mark.parametrize("found", SOME, ids=lambda found: str(found.fleet))
def test_a_plan_keeps_its_limits_and_less_does_not(found):
    """No key is evicted, and no node is busier than planned; with less, it is the limit that was predicted."""
    assert set() == see(found.fleet).broken(found.fleet)
    for fleet in smaller(found).values():
        predicted = {check.name for check in fleet.broken}

        assert see(fleet).broken(fleet) & predicted, (str(fleet), predicted)


def test_there_is_something_to_take_away():
    """Each plan has two shards or more, or a cheaper type."""
    assert all(smaller(found) for found in SOME)
    assert any(found.shards > 1 for found in SOME)


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
