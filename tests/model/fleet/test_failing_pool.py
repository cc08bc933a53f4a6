"""Nodes of a pool die, join and leave: the hit ratio follows the formulas, and clients find their way."""

import numpy as np
import pandas as pd
import pytest

from cachesim.engines.memcached.engine import Memcached
from cachesim.engines.redis.engine import Redis
from cachesim.experiments.run import run
from cachesim.measure.history import Recorder, select_requests
from cachesim.model import faults, routes
from cachesim.model.choice import system_for
from cachesim.model.database import Database
from cachesim.model.fleet import Pool, Shards
from cachesim.model.fleet.ejection import Eject
from cachesim.model.fleet.topology import Places, Topology, Truth
from cachesim.model.fleet.unreliable import UnreliableFleetSystem
from cachesim.model.popularity import Zipf
from cachesim.model.resilience import Calls, Resilience
from cachesim.model.strategies.lazy import LazyLoading
from cachesim.model.strategies.through import WriteThrough
from cachesim.model.workload import OpenLoop
from cachesim.scenario import Scenario
from cachesim.theory.fleet import cold_node_hit_ratio, gutter_hit_ratio
from cachesim.units import MIB
from tests.model.worlds import Script

AT = 5.0  # seconds: when it happens
WARM = Scenario(
    cache=Memcached(memory=4 * MIB),
    strategy=WriteThrough(),
    start="warm",
    duration=15,
    warmup=1,
    database=Database(connections=20),
    workload=OpenLoop(rate=1000, reads=1.0, popularity=Zipf(keys=2000)),
    resilience=Resilience(cache=Calls(timeout=0.05)),
)


def reads_of(fleet, *played, **fields):
    """Return the reads of a warm pool, and those of the time after the fault."""
    history = select_requests(run(WARM.replace(fleet=fleet, faults=played, **fields)).history)
    reads = history[history["op"] == "read"]
    return reads, reads[reads["begin"] > AT]


def hits(reads):
    """Return the share of hits."""
    return (reads["lookup"] == "hit").mean()


def popularity(of=lambda key: True):
    """Return the probability of each key of the workload that fits."""
    popular = WARM.workload.popularity
    shares = np.arange(1, popular.keys + 1) ** -popular.skew
    keys = WARM.workload.keys_loaded()
    return [p for key, p in zip(keys, shares / shares.sum(), strict=True) if of(key)]


@pytest.mark.parametrize("fleet", [Pool(3), Shards(3)])
def test_without_faults_both_kinds_of_system_give_the_same_records(fleet):
    """So `explain` and a comparison with faults see the run that the user saw."""
    scenario = WARM.replace(
        cache=Redis(memory=MIB), fleet=fleet, start="cold", resilience=Resilience()
    )
    frames = []
    for kind in (system_for(scenario), UnreliableFleetSystem):
        recorder = Recorder(fleet=True)
        system = kind(scenario, recorder.request, recorder.sample)
        system.run()
        frames.append(recorder.hand_over(system.db.versions))

    pd.testing.assert_frame_equal(*frames)


def test_a_dead_node_costs_its_share_of_the_hits():
    """P8c: without ejection its keys are unreachable, and every other key is as before."""
    find = Pool(4).finder()
    share = sum(popularity(lambda key: find(key) == 1))
    _, after = reads_of(Pool(4), faults.KillNode("node-1", at=AT))
    lost = after["lookup"] == "unreachable"

    assert {1} == {find(key) for key in after["key"][lost]}
    assert {0, 2, 3} == {find(key) for key in after["key"][~lost]}
    # 10,000 reads: the half width of the 99.9 % interval is below .017
    assert abs(lost.mean() - share) < 0.017


def test_each_process_ejects_a_dead_node():
    """After a get and a set; the others learn its keys as the formula of a cold node says."""
    find = Pool(4).finder()
    _, after = reads_of(Pool(4, eject=Eject()), faults.KillNode("node-1", at=AT))
    moved = after[[find(key) == 1 for key in after["key"]]]
    cold = popularity(lambda key: find(key) == 1)

    assert (after["lookup"] == "unreachable").sum() == Pool(4).processes
    late = after[after["begin"] > AT + 5]
    expected = np.mean(
        [cold_node_hit_ratio(1.0, cold, 1000, since) for since in np.arange(5, 10, 0.1)]
    )
    assert abs(hits(late) - expected) < 0.02
    assert {"node-0", "node-2", "node-3"} == set(moved["node"].dropna())


def test_the_gutter_takes_the_keys_of_a_dead_node():
    """P15: with a short TTL; no other node gets a key that it does not have."""
    find, ttl = Pool(4).finder(), 2.0
    pool = Pool(4, eject=Eject(), gutter=1, gutter_ttl=ttl)
    _, after = reads_of(pool, faults.KillNode("node-1", at=AT), duration=40)
    late = after[after["begin"] > AT + 10]
    theirs = late[[find(key) == 1 for key in late["key"]]]

    assert {"gutter-0"} == set(theirs["node"])
    expected = gutter_hit_ratio(popularity(lambda key: find(key) == 1), 1000, ttl)
    assert abs(hits(theirs) - expected) < 0.02
    assert 1.0 == hits(late[late["node"] != "gutter-0"])


def test_an_ejected_node_comes_back():
    """With what it had: it was only cut off, and nobody deleted anything meanwhile."""
    pool = Pool(4, eject=Eject(dead=4.0))
    _, after = reads_of(pool, faults.PartitionCache(node="node-1", at=AT, duration=2.0))
    asked = after[after["node"] == "node-1"]

    assert asked["begin"].min() > AT + 4.0
    assert 1.0 == hits(asked)


@pytest.mark.parametrize(
    ("route", "moved"), [(routes.Modulo(), 0.9), (routes.Ketama(), 0.1), (routes.Jump(), 0.1)]
)
def test_a_node_joins(route, moved):
    """P4: of the keys, n/(n+1) change their node under modulo, and 1/(n+1) under a consistent rule."""
    before, after = reads_of(Pool(9, route=route), faults.AddNode(at=AT))
    at = before[before["begin"] < AT].groupby("key")["node"].last()
    now = after.groupby("key")["node"].last()
    both = at.index.intersection(now.index)
    changed = at[both] != now[both]

    assert abs(changed.mean() - moved) < 0.04  # the ring's own imbalance included
    if moved < 0.5:
        assert {"node-9"} == set(now[both][changed])


def test_a_node_leaves():
    """Its keys go to the others, and it is not asked any more."""
    _, after = reads_of(Pool(4, route=routes.Rendezvous()), faults.RemoveNode("node-2", at=AT))

    assert {"node-0", "node-1", "node-3"} == set(after["node"])
    assert 0.5 < hits(after) < 1.0


def test_processes_learn_of_a_new_node_one_by_one():
    """With auto discovery each looks once per period, at a moment of its own."""
    _, after = reads_of(Pool(3, discovery=8.0, processes=8), faults.AddNode(at=AT))
    first = after[after["node"] == "node-3"]["begin"].min()

    assert AT < first < AT + 8.0
    soon = after[after["begin"] < AT + 4]
    assert 0 < (soon["node"] == "node-3").mean() < (after["node"] == "node-3").mean()


def test_by_hand():
    """A hit; the node dies; its get and the set of the fill fail; then the next node has the key."""
    steps = tuple((1.0, "read", "user:0") for _ in range(5))
    records = select_requests(
        run(
            WARM.replace(
                fleet=Pool(3, eject=Eject(), processes=1),
                workload=Script(steps=steps, loaded=("user:0",)),
                faults=(faults.KillNode("node-0", at=1.5),),
            )
        ).history
    )

    expected = ["hit", "unreachable", "cold", "hit", "hit"]
    assert expected == records["lookup"].tolist()
    assert ["node-0", None, "node-1", "node-1", "node-1"] == [
        None if pd.isna(node) else node for node in records["node"]
    ]


@pytest.mark.parametrize("cache", [Memcached(memory=4 * MIB), Redis(memory=MIB)])
def test_a_new_node_is_warmed_by_hand(cache):
    """A hit; a node joins; the miss there asks the old node: a hit; then the new node has the key, with its TTL."""
    key = next(key for key in map("user:{}".format, range(99)) if Pool(4).finder()(key) == 3)
    scenario = WARM.replace(
        cache=cache,
        fleet=Pool(3, processes=1),
        strategy=LazyLoading(ttl=6.0),
        workload=Script(steps=tuple((1.0, "read", key) for _ in range(8)), loaded=(key,)),
        start="cold",
        warmup=0,
        sample_every=1.0,
    )
    joined = faults.AddNode(at=2.5, warm=1.0)
    warm = run(scenario.replace(faults=(joined,))).history
    late = run(scenario.replace(faults=(joined.replace(warm=0.25),))).history

    reads = select_requests(warm)
    old = f"node-{Pool(3).finder()(key)}"
    assert ["cold", "hit", "hit", "hit"] == reads["lookup"].tolist()[:4]
    assert ["expired"] == [kind for kind in reads["lookup"][4:] if kind != "hit"]
    assert [old, old, old, "node-3", "node-3"] == reads["node"].tolist()[:5]
    assert [0, 0, 1, 0, 0] == reads["hops"].tolist()[:5]
    assert 2 == warm["db_queries"].max()
    assert ["cold", "hit", "cold", "hit"] == select_requests(late)["lookup"].tolist()[:4]


def test_a_write_while_a_node_is_warmed():
    """The delete goes to the new node and to the old one, or the next miss would bring the old copy back."""
    key = next(key for key in map("user:{}".format, range(99)) if Pool(4).finder()(key) == 3)
    steps = tuple((1.0, op, key) for op in ("read", "write", "read"))
    scenario = WARM.replace(
        fleet=Pool(3, processes=1),
        strategy=LazyLoading(invalidate=True),
        workload=Script(steps=steps, loaded=(key,)),
        faults=(faults.AddNode(at=1.5, warm=9.0),),
    )
    reads = select_requests(run(scenario).history)

    assert ["hit", "cold"] == reads[reads["op"] == "read"]["lookup"].tolist()
    assert 1 == reads["version"].iloc[-1]


def test_a_warmed_pool_does_not_ask_the_database():
    """Even under modulo; and the same seed gives the same records."""
    pool, joined = Pool(9, route=routes.Modulo()), faults.AddNode(at=AT, warm=20.0)
    _, after = reads_of(pool, joined)

    assert 1.0 == hits(after)
    assert 0.7 < (after["node"] == after.groupby("key")["node"].transform("last")).mean() < 1.0
    pd.testing.assert_frame_equal(after, reads_of(pool, joined)[1])


def test_an_ejected_node_takes_keys_again_when_its_time_is_over():
    """Though nobody has asked for a key of its own since: two nodes die, and the first is back."""
    now = [0.0]
    pool = Pool(2, eject=Eject(failures=1, dead=10.0))
    find = pool.finder()
    key = next(f"k{n}" for n in range(99) if find(f"k{n}") == 1)
    truth = Truth(lambda: now[0], Topology(Places(find), [0, 1]))
    view = pool.view(truth, lambda: 0.0)
    view.failed(0)
    now[0] = 8.0
    view.failed(1)

    assert view.node_of(key) == 1  # nobody else is there
    now[0] = 11.0
    assert view.node_of(key) == 0
    now[0] = 18.0
    assert view.node_of(key) == 1
