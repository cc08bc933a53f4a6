"""Snapshots in the model: what a restart finds, what a fork costs, and where a new cache begins."""

import math

import pytest

import cachesim as cs
from cachesim.engines.redis.engine import Redis
from cachesim.errors import BadInput
from cachesim.experiments.run import run
from cachesim.model import faults as f
from cachesim.model.choice import system_for
from cachesim.model.distributions import Constant
from cachesim.model.node import Node
from cachesim.model.popularity import Uniform
from cachesim.model.strategies import LazyLoading, WriteThrough
from cachesim.model.workload import OpenLoop
from cachesim.theory import fork_copy
from cachesim.units import GIB, KIB, MIB
from tests.model.test_faults import played

KEPT = Redis(memory=16 * MIB, persistence="rdb", save="")
READS = [(10.0, "read", "a"), (10.0, "read", "b"), (40.0, "read", "a"), (20.0, "read", "b")]


def lookups(cache, *faults):
    """Read "a" and "b", and again after something has happened at 50 s."""
    return played(READS, *faults, strategy=LazyLoading(), cache=cache, workload__loaded=("a", "b"))


@pytest.mark.parametrize(
    ("save", "fault", "found"),
    [
        ("3600 1", f.RebootCache(at=45, duration=5), ["hit", "hit"]),
        ("3600 1", f.CrashCache(at=45, down=5), ["lost", "lost"]),
        ("", f.RebootCache(at=45, duration=5), ["lost", "lost"]),
    ],
)
def test_what_a_restart_finds(save, fault, found):
    """An orderly one: everything, if there are save points. A crash: what the last snapshot has."""
    records = lookups(KEPT.replace(save=save), fault)

    assert found == records["lookup"].tolist()[2:]


def test_a_crash_loses_what_came_after_the_last_snapshot():
    """A snapshot at 25 s has "a"; "b" is filled later. Without persistence both are lost."""
    faults = f.SnapshotCache(at=25), f.CrashCache(at=45, down=5)

    assert ["hit", "lost"] == lookups(KEPT, *faults)["lookup"].tolist()[2:]
    with pytest.raises(BadInput, match="persistence"):
        lookups(Redis(memory=MIB), *faults)


def busy(**fields):
    """2,000 requests per second at a warm cache that holds all 2,000 keys."""
    rate, keys = 2000.0, 2000
    work = OpenLoop(rate=rate, reads=0.5, popularity=Uniform(keys=keys))
    usual = {
        "cache": KEPT, "strategy": WriteThrough(), "workload": work, "start": "warm",
        "duration": 12.0, "warmup": 2.0,
        "node": Node(service=Constant(value=1e-5), per_byte=0, per_key=0),
    }  # fmt: skip
    return cs.Scenario(**(usual | fields))


def test_snapshots_change_no_record():
    """If nothing restarts and forks take no time, the history is the same byte for byte."""
    quick = Node(service=Constant(value=1e-5), per_byte=0, per_key=0, fork=0)
    saving, plain = (
        run(busy(duration=8.0, node=quick, cache=cache))
        for cache in (KEPT.replace(save="2 1"), Redis(memory=16 * MIB))
    )

    assert saving.history.equals(plain.history)
    assert 2 == len(saving.snapshots)
    assert plain.snapshots.empty


def test_a_fork_stops_the_node():
    """It stands still for `fork` seconds per GiB of its memory: a read that comes then waits for half of that."""
    node = busy().node.replace(fork=100.0)
    result = run(busy(node=node, faults=(f.SnapshotCache(at=5),)))
    (taken,) = result.snapshots.itertuples()
    reads = result.history
    reads = reads[(reads["op"] == "read") & reads["begin"].between(5, 5 + taken.pause)]

    assert taken.pause == pytest.approx(100 * taken.memory / GIB)
    assert taken.end == pytest.approx(5 + taken.pause + taken.size / node.disk, abs=1e-4)
    assert (reads["end"] - reads["begin"]).mean() == pytest.approx(taken.pause / 2, rel=0.1)


@pytest.mark.parametrize("seconds", [1.0, 6.0])
def test_copied_pages_are_as_many_as_theory_says(seconds):
    """F21: each page is copied once. A key of half a page lies in one page or in two: in 1.5 in the mean."""
    size, writes = 2000, 200.0
    work = busy().workload.replace(size=Constant(value=size), reads=0.9)
    scenario = busy(workload=work, faults=(f.SnapshotCache(at=3),))
    scenario = scenario.replace(node__disk=2000 * size / seconds)
    (taken,) = run(scenario).snapshots.itertuples()
    per_key = taken.memory / 2000 - 60 * KIB / 2000 - 24  # without the server and the table
    pages = 1 + per_key / 4096

    assert taken.copied == pytest.approx(
        fork_copy(2000 * per_key, writes * pages, seconds), rel=0.04
    )


def test_a_child_dies_with_its_server():
    """A crash while it writes: the snapshot is not complete, and the restart finds nothing."""
    slow = busy().node.replace(disk=1e5)
    faults = f.SnapshotCache(at=3), f.CrashCache(at=4, down=1)
    result = run(busy(node=slow, faults=faults))
    (taken,) = result.snapshots.itertuples()

    assert (4.0, False) == (taken.end, taken.complete)
    assert 0.3 < result.metrics["hit_ratio"] < 0.99


def saved(tmp_path, scenario):
    """Run a scenario, and write the snapshot of its node at the end."""
    system = system_for(scenario)(scenario, lambda record: None, lambda *samples: None)
    system.run()
    path = tmp_path / "node.rdb"
    path.write_bytes(system.cache.save())
    return str(path), system.cache.engine


FLEETS = [None, cs.Pool(3), cs.Shards(3, replicas=1), cs.Shards(3), cs.Replicated(1)]


@pytest.mark.parametrize("fleet", FLEETS, ids=repr)
def test_a_cluster_that_begins_with_a_snapshot(tmp_path, fleet):
    """Every read of a key that the snapshot has is a hit; its nodes hold each key once."""
    path, engine = saved(tmp_path, busy(duration=3.0))
    cache = Redis(memory=16 * MIB, seed_from=path)
    only_reads = busy().workload.replace(reads=1.0)
    result = run(busy(cache=cache, fleet=fleet, start="cold", workload=only_reads, warmup=0))

    assert 2000 == len(engine)
    assert 1.0 == result.metrics["hit_ratio"]
    assert 0.0 == result.metrics["stale_ratio"]
    if fleet is not None:
        first = result.nodes[result.nodes["begin"] == 0.0]
        assert 2000 == first[first["role"] == "primary"]["items"].sum()


def test_ttls_of_a_seed_go_on(tmp_path):
    """The copies have as long to live as they had when the file was written."""
    path, _ = saved(tmp_path, busy(duration=3.0, strategy=LazyLoading(ttl=10)))
    engine = Redis(seed_from=path).build(lambda: 0.0, lambda: 0.5)
    ttls = [engine.execute(("PTTL", key)) / 1000 for key in list(engine.keys())]

    assert 1000 < len(ttls) <= 2000
    assert 0 < min(ttls)
    assert 9.5 < max(ttls) <= 11  # the file knows when it was written to the second


def test_a_seed_that_is_not_there():
    """One sentence with the name; so for a file that is no snapshot."""
    for path in ("none.rdb", __file__):
        with pytest.raises(BadInput, match=path):
            run(busy(cache=Redis(memory=MIB, seed_from=path), duration=3.0))


def test_a_node_gives_and_takes_its_content():
    """`save` and `load`: the other node has the same keys, and values with the ids of their writes."""
    systems = [
        system_for(each)(each, lambda record: None, lambda *samples: None)
        for each in (busy(duration=3.0), busy(start="cold"))
    ]
    systems[0].run()
    one, other = (system.cache for system in systems)

    assert 2000 == other.load(one.save())
    for key in one.engine.keys():
        assert one.engine.get(key).write == other.engine.get(key).write


def test_a_primary_with_snapshots_loses_less():
    """A shard without replicas is killed: the writes that its last snapshot has are not lost."""
    lost = {}
    for cache in (KEPT, Redis(memory=16 * MIB)):
        faults = (
            f.SnapshotCache(at=5, node="shard-0 node-0"),
            f.KillNode(node="shard-0 node-0", at=6, down=1),
        )
        result = run(busy(cache=cache, fleet=cs.Shards(1), faults=faults))
        lost[cache.persistence] = len(result.lost_writes)
    assert 0 < lost["rdb"] < lost["none"] / 2


def test_nan_end():
    """A snapshot that the run does not see the end of has none."""
    slow = busy().node.replace(disk=1.0)
    (taken,) = run(busy(node=slow, faults=(f.SnapshotCache(at=5),))).snapshots.itertuples()

    assert math.isnan(taken.end)
    assert not taken.complete
