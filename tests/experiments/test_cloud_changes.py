"""What changes in a running cluster, seen by its clients: predicted, measured, cured."""

import math

import pytest

import cachesim as cs
from cachesim.experiments.cloud import Cloud
from tests.experiments.test_cloud import values
from tests.service.conftest import GROUP

SHOP = {"ReplicationGroupId": "shop", "ApplyImmediately": True}
WINDOW = "mon:09:00-mon:10:00"  # an hour after the clouds begin
READS = cs.OpenLoop(rate=30)


def cloud_of(seed=1, timings="typical", **group):
    """Return a cloud with one group, 55 minutes after its begin, and its desk."""
    cloud = Cloud(seed=seed, scale=1 / 200, timings=timings)
    desk = cloud.desk("elasticache")
    desk.CreateReplicationGroup({**GROUP, "PreferredMaintenanceWindow": WINDOW, **group})
    cloud.advance(minutes=55)
    return cloud, desk


def failed(result, op="write"):
    """Return the requests of a kind that failed."""
    history = result.history
    return history[(history["op"] == op) & history["error"].notna()]


def last_roles(result):
    """Return the roles of the nodes at the end."""
    samples = result.nodes[result.nodes["begin"] == result.nodes["begin"].max()]
    return dict(zip(samples["node"], samples["role"], strict=True))


def ordered(cloud, what):
    """Return the one order of a kind."""
    (found,) = [order for order in cloud.account.orders.orders if order.what == what]
    return found


def lookups(result):
    """Return how often the reads found the cache in which way."""
    return result.history["lookup"].value_counts()


WRITES = cs.OpenLoop(rate=50, reads=0.0)
KEEPS_ADDRESS = {"dns_ttl": 60, "reresolves": False, "processes": 100}


@pytest.mark.parametrize(("clients", "mean"), [({}, 0.0), (KEEPS_ADDRESS, 30.0)])
def test_a_window_with_multi_az_costs_a_moment_of_writes(clients, mean):
    """A21: writes fail for the gap, and longer for clients that keep an address; nothing is lost."""
    cloud, desk = cloud_of()
    desk.schedule_replacement("shop-001")
    cloud.advance(minutes=4.5)
    result = cloud.run(
        group="shop",
        strategy=cs.WriteThrough(),
        workload=WRITES,
        minutes=2,
        clients=clients,
        on_cache_error="raise",
    )

    gap = ordered(cloud, "hand over").lasts
    predicted = WRITES.rate * (gap + mean)
    spread = math.sqrt(predicted) + WRITES.rate * mean / 10  # of requests, and of 100 processes
    assert abs(len(failed(result)) - predicted) < 3 * spread
    assert cs.theory.stale_topology(60)[0] == 30.0
    assert 0 == len(result.lost_writes)
    assert {"node-0": "replica", "node-1": "primary", "node-2": "replica"} == last_roles(result)


def test_a_window_without_a_replica_costs_minutes():
    """A21: the new node copies the old one, which serves nobody meanwhile; the keys are there afterwards."""
    alone = {"NumCacheClusters": 1, "AutomaticFailoverEnabled": False, "MultiAZEnabled": False}
    cloud, desk = cloud_of(**alone)
    desk.schedule_replacement("shop-001")
    cloud.run(group="shop", workload=READS, minutes=3)
    cloud.advance(minutes=1.5)
    result = cloud.run(group="shop", workload=READS, minutes=6)

    unreachable, lasts = lookups(result)["unreachable"], ordered(cloud, "away").lasts
    predicted = READS.rate * (result.history["op"] == "read").mean() * lasts
    assert 150 < lasts < 340
    assert abs(unreachable - predicted) < 0.1 * predicted
    assert "lost" not in lookups(result)


def test_a_window_empties_a_node_of_memcached():
    """A21: it is replaced empty, and only its own keys are lost."""
    cloud = Cloud(seed=1)
    desk = cloud.desk("elasticache")
    desk.CreateCacheCluster(
        {"CacheClusterId": "m", "Engine": "memcached", "NumCacheNodes": 3,
         "PreferredMaintenanceWindow": WINDOW}
    )  # fmt: skip
    cloud.advance(minutes=55)
    desk.schedule_replacement("m", "0002")
    result = cloud.run(cluster="m", strategy=cs.LazyLoading(), workload=READS, minutes=10)
    served = result.history[result.history["lookup"].isin(["hit", "lost", "cold"])]

    assert {"node-1"} == set(served[served["lookup"] == "lost"]["node"])
    assert {"node-0", "node-1", "node-2"} == set(served["node"])
    assert 0 < lookups(result)["unreachable"] < len(result.history) / 6


def test_scaling_up_in_a_run():
    """More memory from the hand-over on: what was evicted before now fits."""
    cloud, desk = cloud_of(CacheNodeType="cache.t3.micro")
    cloud.account.plane.scale = cloud.scale = 1 / 500
    desk.ModifyReplicationGroup({**SHOP, "CacheNodeType": "cache.t3.small"})
    cloud.advance(minutes=4)
    result = cloud.run(group="shop", workload=cs.OpenLoop(rate=100), minutes=5)

    evicted = result.nodes.groupby("node", observed=True)["evictions"].max()
    assert evicted["node-0"] > 0 == evicted["node-1"]  # the primary before, and the one after
    assert "cache.t3.small" == desk.groups.find("shop").node_type.name


def test_scaling_down_fails_when_it_is_too_late_to_say_so():
    """The new nodes are too small for what is there: an event, and the type is as before."""
    cloud, desk = cloud_of(CacheNodeType="cache.t3.small")
    cloud.account.plane.scale = cloud.scale = 1 / 2000
    forever = cs.LazyLoading()
    cloud.run(group="shop", strategy=forever, workload=cs.OpenLoop(rate=200), minutes=1)
    held = cloud.account.plane.memory(desk.groups.find("shop"))
    desk.ModifyReplicationGroup({**SHOP, "CacheNodeType": "cache.t3.micro"})
    assert "modifying" == desk.groups.find("shop").status
    cloud.advance(minutes=15)

    assert held > 0.75 * 512 * 2**20
    assert "available" == desk.groups.find("shop").status
    assert "cache.t3.small" == desk.groups.find("shop").node_type.name
    assert (
        "Failed to scale down to cache node type Replication Group [shop]"
        in desk.events[-1]["Message"]
    )


def test_a_new_replica_copies_and_joins():
    """It is away at first, and has the keys afterwards; one that leaves is not there."""
    cloud, desk = cloud_of()
    desk.IncreaseReplicaCount({**SHOP, "NewReplicaCount": 3})
    cloud.advance(minutes=1)
    result = cloud.run(group="shop", workload=READS, minutes=3)
    roles = result.nodes[result.nodes["node"] == "node-3"]["role"].tolist()
    last = result.nodes.sort_values("begin").drop_duplicates("node", keep="last").set_index("node")
    assert ("silent", "replica") == (roles[1], roles[-1])
    assert last["items"]["node-3"] == last["items"]["node-0"] > 0

    cloud.advance(minutes=10)
    desk.DecreaseReplicaCount({**SHOP, "NewReplicaCount": 1})
    result = cloud.run(group="shop", workload=READS, minutes=0.5)
    assert ["node-0", "node-1"] == sorted(last_roles(result))


def test_a_memcached_grows_in_a_run():
    """A quarter of the keys has another node then; the new node sends metrics."""
    cloud = Cloud(seed=1, scale=1 / 200)
    desk = cloud.desk("elasticache")
    desk.CreateCacheCluster({"CacheClusterId": "m", "Engine": "memcached", "NumCacheNodes": 3})
    cloud.advance(minutes=15)
    desk.ModifyCacheCluster({"CacheClusterId": "m", "NumCacheNodes": 4, "ApplyImmediately": True})
    result = cloud.run(cluster="m", workload=READS, minutes=5)
    after = result.history[result.history["begin"] > 240]["node"].value_counts(normalize=True)

    assert {"node-0", "node-1", "node-2", "node-3"} == set(after.index)
    assert sum(values(cloud, "CmdGets", "m 0004")) > 0

    desk.ModifyCacheCluster(
        {"CacheClusterId": "m", "NumCacheNodes": 3, "CacheNodeIdsToRemove": ["0001"],
         "ApplyImmediately": True}
    )  # fmt: skip
    result = cloud.run(cluster="m", workload=READS, minutes=6)
    assert "spare" == last_roles(result)["node-0"]


def test_slots_move_under_load():
    """Each third slot goes to the new shard, no request fails, and the next run begins warm."""
    cloud = Cloud(seed=1, scale=1 / 200, timings="instant")
    desk = cloud.desk("elasticache")
    wide = {"ReplicationGroupId": "wide", "ApplyImmediately": True}
    sizes = {"NumNodeGroups": 2, "ReplicasPerNodeGroup": 0}
    desk.CreateReplicationGroup(
        {"ReplicationGroupId": "wide", "ReplicationGroupDescription": "", **sizes}
    )
    cloud.advance(minutes=1)
    steady = {"group": "wide", "strategy": cs.LazyLoading(), "workload": READS}
    cloud.run(**steady, minutes=1)
    desk.ModifyReplicationGroupShardConfiguration({**wide, "NodeGroupCount": 3})
    result = cloud.run(**steady, minutes=1)
    assert 16384 // 3 == len(result.slot_moves)
    assert 0 == len(failed(result)) + len(failed(result, "read"))
    assert "lost" not in lookups(result)

    removed = {"NodeGroupCount": 2, "NodeGroupsToRemove": ["0001"]}
    desk.ModifyReplicationGroupShardConfiguration({**wide, **removed})
    again = cloud.run(**steady, minutes=1)
    assert "lost" not in lookups(again)
    assert lookups(again)["cold"] < lookups(result)["cold"]


def test_a_reboot_of_a_replica_loses_nothing():
    """Its primary has everything."""
    cloud, desk = cloud_of()
    steady = {"group": "shop", "strategy": cs.LazyLoading(), "workload": READS, "minutes": 1}
    cloud.run(**steady)
    desk.RebootCacheCluster({"CacheClusterId": "shop-002", "CacheNodeIdsToReboot": ["0001"]})
    assert "lost" not in lookups(cloud.run(**steady))


def test_one_of_two_shards_fails_over():
    """One primary of two is no majority, so the service lets the replica lead; then nobody meets an error."""
    cloud = Cloud(seed=1, scale=1 / 200)
    desk = cloud.desk("elasticache")
    about = {"ReplicationGroupId": "two", "ReplicationGroupDescription": "two shards"}
    desk.CreateReplicationGroup({**about, "NumNodeGroups": 2, "ReplicasPerNodeGroup": 1})
    cloud.advance(minutes=20)
    desk.TestFailover({"ReplicationGroupId": "two", "NodeGroupId": "0001"})
    steady = {"group": "two", "workload": READS, "minutes": 2}
    errors = [cloud.run(**steady).metrics["cache_errors"] for _ in range(2)]
    assert 0 < errors[0] < 60 * READS.rate
    assert 0 == errors[1]
