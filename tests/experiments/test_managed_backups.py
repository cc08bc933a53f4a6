"""Anomalies A17 and A33 in the managed service: predicted, measured, cured."""

import pytest

import cachesim as cs
from cachesim.anomalies.failovers import OnlyCopy
from cachesim.experiments.cloud import Cloud
from cachesim.model.backups import look_at
from cachesim.theory import fork_copy
from cachesim.units import GIB
from tests.service.conftest import GROUP
from tests.service.test_restores import file_of, seeds

SCALE, KEYS, SIZE, WRITES = 1 / 200, 500, 8000, 300


@pytest.mark.parametrize(("member", "waits"), [("shop-001", True), ("shop-002", False)])
def test_a_backup_of_a_replica_stops_nobody(member, waits):
    """A17: the fork of the whole node, and the pages that are copied; readers of the primary wait, or not."""
    cloud = Cloud(seed=1, scale=SCALE)
    desk = cloud.desk("elasticache")
    desk.CreateReplicationGroup(
        {**GROUP, "NumCacheClusters": 2, "CacheNodeType": "cache.m6g.large"}
    )
    cloud.advance(minutes=15)
    work = cs.OpenLoop(
        rate=10 * WRITES, reads=0.9, popularity=cs.popularity.Uniform(keys=KEYS),
        size=cs.distributions.Constant(value=SIZE),
    )  # fmt: skip
    cloud.run(group="shop", strategy=OnlyCopy(), workload=work, minutes=0.2)
    desk.CreateSnapshot({"SnapshotName": "s", "CacheClusterId": member})
    result = cloud.run(group="shop", strategy=OnlyCopy(), workload=work, minutes=0.2)
    (row,) = result.snapshots.itertuples()
    reads = result.history[result.history["op"] == "read"]
    met = reads[reads["begin"].between(0, row.pause)]

    assert row.pause == pytest.approx(0.01 * row.memory / SCALE / GIB)
    memory = row.memory - 60 * 1024 - 8 * 512  # of the keys: without the server and the table
    pages = WRITES * (1 + memory / KEYS / 4096)
    predicted = fork_copy(memory, pages, row.end - row.time - row.pause)
    assert row.copied == pytest.approx(predicted, rel=0.1)
    rest = (reads["end"] - reads["begin"]).mean()
    slow = (met["end"] - met["begin"]).mean()
    assert len(met) > 3
    assert (slow > rest + row.pause / 4) == waits


def test_a_seed_needs_room():
    """A33: what the file needs, and what a node has; the next larger type cures it."""
    cloud = Cloud(seed=1, scale=SCALE)
    desk = cloud.desk("elasticache")
    file = file_of(500, size=6000)
    arns = seeds(cloud, file)
    rooms = {}
    for kind in ("cache.t3.micro", "cache.t3.small"):
        name = kind.replace(".", "-")
        request = {**GROUP, **arns, "ReplicationGroupId": name, "CacheNodeType": kind}
        desk.CreateReplicationGroup(request)
        rooms[name] = desk.groups.find(name).node_type.usable * SCALE
    cloud.advance(minutes=20)
    states = {each.id: each.status for each in desk.groups}
    fits = {name: look_at(file).memory <= room for name, room in rooms.items()}

    assert {"cache-t3-micro": False, "cache-t3-small": True} == fits
    assert {"cache-t3-micro": "create-failed", "cache-t3-small": "available"} == states
