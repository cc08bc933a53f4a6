"""Faults and fleets that do not fit: one sentence with the next step, before the run begins."""

import pytest

from cachesim.engines.redis.engine import Redis
from cachesim.errors import BadInput
from cachesim.experiments.run import run
from cachesim.measure.history import Recorder
from cachesim.model import faults
from cachesim.model.choice import system_for
from cachesim.model.fleet import Pool, Replicated, Shards
from cachesim.model.fleet.ejection import Eject
from cachesim.units import MIB
from tests.model.fleet.test_failing_pool import WARM

GUTTER = Pool(2, eject=Eject(), gutter=1)


@pytest.mark.parametrize(
    ("fleet", "fault", "sentence"),
    [
        (None, faults.AddNode(at=1), "AddNode changes a fleet; give the scenario one"),
        (Shards(2), faults.AddNode(at=1), r"AddNode changes a Pool, and this fleet is Shards"),
        (
            Pool(2),
            faults.KillNode("node-7", at=1),
            'this fleet has no node "node-7"; choose from node-0, node-1$',
        ),
        (Pool(2), faults.KillNode("node-1\n", at=1), r'no node "node-1\\n"; choose'),
        (
            Pool(2),
            faults.KillNode("primary", at=1),
            'no node "primary"; choose from node-0, node-1$',
        ),
        (
            Pool(9),
            faults.KillNode("x", at=1),
            "node-0, node-1, node-2, ..., node-6, node-7, node-8$",
        ),
        (Pool(2), faults.RemoveNode("gutter-0", at=1), 'no node "gutter-0"'),
        (
            GUTTER,
            faults.RemoveNode("gutter-0", at=1),
            '"gutter-0" is not in the pool; RemoveNode takes one of',
        ),
        (
            Shards(2),
            faults.KillNode("primary", at=1),
            'node-0, or a role such as "shard-0 primary"$',
        ),
        (
            Replicated(1),
            faults.KillNode(" primary", at=1),
            'no node " primary"; .*, or a role such as "primary"$',
        ),
        (Pool(2), faults.KillNode("database", at=1), 'the tier "database" is no cache node'),
        (Pool(2), faults.CrashCache(at=1), "a fleet has several caches; name one: node="),
        (Pool(1), faults.RemoveNode("node-0", at=1), "is the last node of the pool"),
    ],
)
def test_a_fault_that_fits_no_fleet_is_refused(fleet, fault, sentence):
    """One sentence with the next step."""
    with pytest.raises(BadInput, match=sentence):
        run(WARM.replace(cache=Redis(memory=MIB), fleet=fleet, faults=(fault,), duration=3))


def test_a_name_that_is_not_there_is_refused_before_the_run():
    """Not when the fault should strike; a node that another fault adds is waited for."""
    scenario = WARM.replace(fleet=Pool(2), duration=3, warmup=0)
    gone, recorder = (
        scenario.replace(faults=(faults.KillNode("node-2", at=2),)),
        Recorder(fleet=True),
    )
    system = system_for(gone)(gone, recorder.request, recorder.sample)
    with pytest.raises(BadInput, match='no node "node-2"'):
        system.run()
    assert system.env.now == 0
    added = faults.AddNode(at=1), faults.KillNode("node-2", at=2)

    assert len(run(scenario.replace(faults=added)).history) > 0


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        (lambda: Pool(2, gutter=1), "Pool.gutter stands in for ejected nodes; give eject"),
        (lambda: Pool(2, eject=3), "Pool.eject must be an Eject or None, got 3"),
        (lambda: Shards(3, min_replicas=1), r"Shards.min_replicas must be at most replicas \(0\)"),
        (lambda: Replicated(1, min_replicas=2), "no write is ever taken; got 2$"),
    ],
)
def test_a_fleet_that_cannot_work_is_refused(made, sentence):
    """Two fields contradict each other."""
    with pytest.raises(BadInput, match=sentence):
        made()
