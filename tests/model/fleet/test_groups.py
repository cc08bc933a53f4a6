"""Fleets with replicas by hand: a visit takes 1 s, a write is at the replica 3 s later."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from cachesim.engines.redis.engine import Redis
from cachesim.experiments.run import run
from cachesim.measure.history import Recorder, select_requests
from cachesim.model import faults
from cachesim.model.choice import system_for
from cachesim.model.distributions import Constant, Exponential
from cachesim.model.fleet.failover import UnreliableGroupSystem
from cachesim.model.fleet.groups import Replicated, Shards
from cachesim.model.popularity import Zipf
from cachesim.model.resilience import Calls, Resilience
from cachesim.model.strategies.base import Strategy
from cachesim.model.strategies.lazy import LazyLoading
from cachesim.model.workload import OpenLoop
from cachesim.scenario import Scenario
from cachesim.units import MIB
from tests.model.worlds import scripted

LAG = Constant(value=3.0)
PATIENT = Resilience(cache=Calls(timeout=2.0))
PAIR = Replicated(1, lag=LAG, detect=Constant(value=4.0), promote=Constant(value=1.0), dns_ttl=0.0)
CLUSTER = Shards(3, replicas=1, lag=LAG, node_timeout=2.0)  # "b" is in shard-0, "c" in shard-1


class OnlyCache(Strategy):
    """Writes set, reads get, and the answers are noted in `app.shared`."""

    replica: bool | None = None
    waits: int | None = None

    def read(self, app, key):
        value = yield app.cache.get(key, replica=self.replica)
        app.shared.setdefault("read", []).append(value and value.write)
        return value or (yield app.db.read(key))

    def write(self, app, key, value):
        yield app.cache.set(key, value)
        if self.waits is not None:
            have = yield app.cache.wait(self.waits, timeout=10.0)
            app.shared.setdefault("waited", []).append((have, app.now))


def write(gap, key="b"):
    return float(gap), "write", key


def read(gap, key="b"):
    return float(gap), "read", key


def play(fleet, steps, *played, strategy=None, **fields):
    """Run five requests or so; return the system, and one row per request in the order of their begin."""
    fields = {"resilience": PATIENT if played else Resilience(), "duration": 200, **fields}
    scenario = scripted(
        strategy or OnlyCache(),
        steps,
        fleet=fleet,
        faults=played,
        **{"cache": Redis(memory=MIB), **fields},
    )
    recorder = Recorder(fleet=True)
    system = system_for(scenario)(scenario, recorder.request, recorder.sample)
    system.run()
    rows = select_requests(recorder.hand_over(system.db.versions))
    return system, rows.sort_values("begin", ignore_index=True)


# --- the lag


def test_a_read_of_a_replica_before_and_after_the_lag():
    """The set takes effect at 11 s, and is at the replica at 14 s. A read takes effect when it is answered."""
    steps = [write(10), read(2.75), read(0.5), read(0.25), write(1)]
    system, rows = play(PAIR, steps, strategy=OnlyCache(replica=True))

    assert [None, 1, 1] == system.shared["read"]  # at 13.75, 14.25 and 14.5
    assert ["cold", "hit", "hit"] == rows["lookup"].dropna().tolist()
    assert ["node-1"] * 3 == rows["node"].dropna().tolist()


def test_wait():
    """It asks at 12 s; the replica hears it 3 s later, after the write, and answers half a second later."""
    one, _ = play(PAIR, [write(10)], strategy=OnlyCache(waits=1))
    two, _ = play(PAIR, [write(10)], strategy=OnlyCache(waits=2))
    none, _ = play(PAIR, [write(10)], strategy=OnlyCache(waits=0))

    assert [(1, 15.5)] == one.shared["waited"]
    assert [(1, 22.0)] == two.shared["waited"]  # there is one replica: it waits in vain
    assert [(0, 12.0)] == none.shared["waited"]


def test_reading_from_one_replica_never_changes_what_another_answers():
    """Every second answer is the other replica's; more reads of the first leave it as it was."""

    def answers(extra):
        scenario = SMALL.replace(fleet=SMALL.fleet.replace(replicas=2))
        recorder = Recorder(fleet=True)
        system = UnreliableGroupSystem(scenario, recorder.request, recorder.sample)
        first, second = system.caches[1:]
        seen = []
        for moment in range(1, 40):
            at(system, moment / 10 - 0.03, lambda: [first.get(key) for key in extra])
            at(system, moment / 10, lambda: seen.append([second.get(key) for key in KEYS]))
        system.run()
        return seen

    assert answers(()) == answers(KEYS)
    assert 5 < len({str(each) for each in answers(())})


def at(system, moment, do):
    system.until(moment).callbacks.append(lambda event: do())


# --- failover


def test_readonly_at_a_replica_behind_the_endpoint():
    """The name still has the old address, but that node is a replica now: READONLY, one hop, kept."""
    fleet = PAIR.replace(dns_ttl=1e6, processes=1)
    steps = [write(10), read(6), write(20), read(3)]
    system, rows = play(fleet, steps, faults.KillNode("primary", at=20, down=10))

    assert [0, 0, 1, 0] == rows[
        "hops"
    ].tolist()  # the node took over at 25 s; the old one is back at 30 s
    assert [1, 2] == system.shared["read"]
    assert "node-1" == rows["node"][3]


def test_moved_in_a_cluster():
    """The read asks the old primary, which is a replica now: MOVED, one hop."""
    fleet, dead = CLUSTER.replace(processes=1), "shard-0 node-0"
    fault = faults.KillNode("shard-0 primary", at=20, down=20)
    system, rows = play(fleet, [write(10), read(50), read(3)], fault)

    assert [0, 1, 0] == rows["hops"].tolist()
    assert ["shard-0 node-1"] * 2 == rows["node"].dropna().tolist()
    assert [1, 1] == system.shared["read"]
    assert [dead] == [system.caches[place].name for place in system.topology.replicas[0]]


def test_a_primary_that_comes_back_is_a_replica_with_the_new_data():
    """It died at 20 s, and another has taken over at 25 s; the write of 30 s is only there."""
    steps = [write(10), write(20, "c"), read(20), read(1, "c")]
    system, rows = play(PAIR, steps, faults.KillNode("primary", at=20, down=20),
                     strategy=OnlyCache(replica=True))  # fmt: skip

    old, new = system.caches
    assert old.engine.is_replica
    assert not new.engine.is_replica
    assert {"node-0"} == set(rows["node"].dropna())
    assert (1,) == system.topology.primaries
    assert [1, 2] == system.shared["read"]
    assert [] == system.lost_writes()


def test_what_was_under_way_is_lost():
    """Killed at 12 s: the write of 11 s would have been there at 14 s."""
    system, rows = play(PAIR, [write(10), read(20)], faults.KillNode("primary", at=12))

    assert [(11.0, "b", 1, "node-0", "only copy")] == system.lost_writes()
    assert [None] == system.shared["read"]
    assert "node-1" == rows["node"][1]


def test_a_reboot_empties_the_shard():
    """The primary is back before anybody takes over: the replica copies the empty node."""
    steps = [write(10), read(12), read(8), read(2)]
    system, _ = play(CLUSTER.replace(node_timeout=15.0), steps,
                     faults.RebootCache(node="shard-0 primary", at=25, duration=3),
                     strategy=OnlyCache(replica=True))  # fmt: skip

    assert [1, None, None] == system.shared["read"]
    assert [("b", 1)] == [(lost.key, lost.write) for lost in system.lost_writes()]
    assert "shard-0 node-0" == system.caches[system.topology.primaries[0]].name


@pytest.mark.parametrize(
    "fleet", [CLUSTER.replace(shards=2), CLUSTER.replace(replicas=0), PAIR.replace(replicas=0)]
)
def test_nobody_takes_over_without_a_majority_or_a_replica(fleet):
    """Two shards have no majority when one is dead."""
    names = fleet.groups()[0]
    system, rows = play(fleet, [write(10), read(150)], faults.KillNode(names[0], at=20))

    assert (0,) == system.topology.primaries[:1]
    assert "unreachable" == rows["lookup"][1]
    assert [("b", 1)] == [(lost.key, lost.write) for lost in system.lost_writes()]


def test_a_role_names_the_node_that_has_it_when_the_fault_begins():
    """The second primary to die is the node that took over from the first."""
    first, second = (faults.KillNode("primary", at=at, down=10) for at in (20, 50))
    system, rows = play(PAIR, [write(10), read(20), read(40), read(40)], first, second)

    assert ["node-1", "node-0", "node-0"] == rows["node"].dropna().tolist()
    assert [1, 1, 1] == system.shared["read"]


# --- min-replicas-to-write


@pytest.mark.parametrize("max_lag", [2, 5])
def test_noreplicas(max_lag):
    """The replica is cut off; writes fail from m - 1/2 to m + 3/2 s later on, until it is back."""
    cut, back = 20.3, 60.0
    steps = [(1.0, "write", "b"), *[(0.1, "write", "b")] * 700]
    fleet = PAIR.replace(min_replicas=1, max_lag=max_lag)
    _, rows = play(fleet, steps, faults.PartitionCache(node="node-1", at=cut, duration=back - cut),
                   on_cache_error="raise")  # fmt: skip
    refused = rows[rows["error"].notna()]

    assert {"CommandError"} == set(refused["error"])
    assert max_lag - 0.5 <= refused["end"].min() - cut <= max_lag + 1.5
    assert back <= refused["end"].max() <= back + 2  # a look per second; a visit takes a second
    assert 0.9 < len(refused) / (10 * (back - cut - max_lag)) < 1.1  # all in between


# --- the same records

SMALL = Scenario(
    fleet=Replicated(1, lag=Exponential(mean=0.05), reads="replica"), cache=Redis(memory=MIB),
    workload=OpenLoop(rate=200.0, reads=0.7, popularity=Zipf(keys=50)), duration=4, warmup=0,
    strategy=LazyLoading(invalidate=True), seed=3,
)  # fmt: skip
KEYS = SMALL.workload.keys_loaded()[:10]


@pytest.mark.parametrize(
    "fleet", [SMALL.fleet, Shards(3, replicas=2), SMALL.fleet.replace(min_replicas=1)]
)
def test_without_faults_both_kinds_of_system_give_the_same_records(fleet):
    """As for a pool: a comparison with faults sees the run that the user saw."""
    scenario, frames = SMALL.replace(fleet=fleet), []
    for kind in (system_for(scenario), UnreliableGroupSystem):
        recorder = Recorder(fleet=True)
        system = kind(scenario, recorder.request, recorder.sample)
        system.run()
        frames.append(recorder.hand_over(system.db.versions))

    assert system_for(scenario) is not UnreliableGroupSystem
    pd.testing.assert_frame_equal(*frames)


FAILING = SMALL.replace(
    faults=(faults.KillNode("primary", at=1.0, down=1.5), faults.PartitionCache(node="node-1", at=3.0)),
    resilience=Resilience(cache=Calls(timeout=0.05, retries=1)), fleet=Replicated(
        2, lag=Exponential(mean=0.05), detect=Exponential(mean=0.3), promote=Constant(value=0.1), min_replicas=1),
)  # fmt: skip
PRINT_DIGEST = "from tests.model.fleet.test_groups import digest; print(digest())"


def digest():
    """Return a hash of all that a run with a failover leaves."""
    result = run(FAILING)
    text = "".join(f.to_csv() for f in (result.history, result.nodes, result.lost_writes))
    return hashlib.sha256(text.encode()).hexdigest()


def test_the_same_seed_gives_the_same_records():
    """Whatever the hash seed of the process."""
    here = digest()
    assert len(run(FAILING).lost_writes) > 0

    for hash_seed in ("0", "4242"):
        there = subprocess.run(
            [sys.executable, "-c", PRINT_DIGEST], cwd=Path(__file__).parents[3], check=True,
            env={**os.environ, "PYTHONHASHSEED": hash_seed}, capture_output=True, text=True,
        )  # fmt: skip
        assert here == there.stdout.strip()
