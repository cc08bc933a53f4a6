"""Node types, nodes of Memcached, replicas and shards: the rules, the states, the events, the bill."""

import pytest

from cachesim.experiments.cloud import Cloud
from cachesim.service.faults import ServiceFault
from tests.service.conftest import GROUP
from tests.service.test_groups import group, messages
from tests.service.test_modify import COMBINATION, SHOP, VALUE, member, sharded

NOW = {"ApplyImmediately": True}
WIDE = {"ReplicationGroupId": "wide", **NOW}


def test_the_types_that_a_group_can_have(shop, desk):
    """Larger ones and smaller ones, not its own."""
    found = desk.ListAllowedNodeTypeModifications(SHOP)
    up, down = found["ScaleUpModifications"], found["ScaleDownModifications"]

    assert "cache.m6g.large" in up
    assert "cache.t4g.micro" in down
    assert not {"cache.t3.micro"} & {*up, *down}
    with pytest.raises(ServiceFault, match="Name either"):
        desk.ListAllowedNodeTypeModifications({})


def test_scaling_up_takes_a_quarter_of_an_hour(shop, desk):
    """The group serves meanwhile; roles are handed over, and the bill goes on at the new price."""
    desk.ModifyReplicationGroup({**SHOP, "CacheNodeType": "cache.m6g.large", **NOW})
    shop.advance(minutes=5)
    assert ("modifying", "cache.t3.micro") == (group(desk)["Status"], group(desk)["CacheNodeType"])
    shop.advance(minutes=15)

    assert ("available", "cache.m6g.large") == (group(desk)["Status"], group(desk)["CacheNodeType"])
    assert "shop-002" == desk.groups.find("shop").shards[0].primary.id
    prices = {each.node_type.name for each in shop.account.bill.rented if each.end is None}
    assert {"cache.m6g.large"} == prices
    assert 3 == len(shop.account.bill.running())


def test_valkey_costs_a_fifth_less(desk, cloud):
    """The same engine underneath."""
    desk.CreateReplicationGroup({**GROUP, "Engine": "valkey"})
    desk.CreateCacheCluster({"CacheClusterId": "one", "Engine": "valkey"})
    cloud.advance(minutes=20)

    assert "valkey" == group(desk)["Engine"] == member(desk, "one")["Engine"]
    assert 4 * 0.8 * 0.017 == pytest.approx(cloud.account.bill.total(cloud.account.calendar.now))


def pool(cloud, desk, nodes=3):
    """Make a Memcached."""
    desk.CreateCacheCluster({"CacheClusterId": "m", "Engine": "memcached", "NumCacheNodes": nodes})
    cloud.advance(minutes=20)


def modify(desk, **change):
    """Change the Memcached; return its PendingModifiedValues."""
    answer = desk.ModifyCacheCluster({"CacheClusterId": "m", **change})
    return answer["CacheCluster"]["PendingModifiedValues"]


def names(desk):
    """Return the names of the nodes of the Memcached."""
    (found,) = desk.DescribeCacheClusters({"ShowCacheNodeInfo": True})["CacheClusters"]
    return [node["CacheNodeId"] for node in found["CacheNodes"]]


def test_a_memcached_grows_and_shrinks(cloud, desk):
    """Each node keeps its name; the bill begins and ends with it."""
    pool(cloud, desk)
    modify(desk, NumCacheNodes=4, NewAvailabilityZones=["us-east-1c"], **NOW)
    cloud.advance(minutes=10)
    assert ["0001", "0002", "0003", "0004"] == names(desk)
    modify(desk, NumCacheNodes=3, CacheNodeIdsToRemove=["0002"], **NOW)
    cloud.advance(minutes=10)

    assert ["0001", "0003", "0004"] == names(desk)
    assert ["m 0001", "m 0003", "m 0004"] == cloud.account.bill.running()
    texts = [text for _, text in messages(desk)]
    assert "Finished modifying number of nodes from 3 to 4" in texts
    assert "Removed cache nodes 0002" in texts


def test_the_number_that_is_there_cancels_a_change(cloud, desk):
    """It waits for the window until then."""
    pool(cloud, desk)
    assert {"NumCacheNodes": 2, "CacheNodeIdsToRemove": ["0003"]} == modify(
        desk, NumCacheNodes=2, CacheNodeIdsToRemove=["0003"]
    )
    assert {} == modify(desk, NumCacheNodes=3)
    modify(desk, NumCacheNodes=5)
    cloud.advance(minutes=8 * 24 * 60)
    assert 5 == len(names(desk))


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"NumCacheNodes": 2}, "must name 1 nodes, got 0"),
        ({"NumCacheNodes": 2, "CacheNodeIdsToRemove": ["0009"]}, "no node 0009"),
        ({"NumCacheNodes": 5, "NewAvailabilityZones": ["us-east-1a"]}, "must name 2 zones, got 1"),
        ({"CacheNodeType": "cache.m6g.large"}, "create a new cluster"),
        ({"SnapshotRetentionLimit": 1}, "not supported for a Memcached"),
    ],
)
def test_what_a_memcached_refuses(cloud, desk, change, text):
    """One sentence each."""
    pool(cloud, desk)
    with pytest.raises(ServiceFault, match=text) as refused:
        modify(desk, **change)
    assert COMBINATION == refused.value.shape


def test_replicas_come_and_go(shop, desk):
    """A new one is a member at once, is billed when it serves, and is there until it has left."""
    desk.IncreaseReplicaCount({**SHOP, "NewReplicaCount": 4, **NOW})
    assert ("modifying", 5) == (group(desk)["Status"], len(group(desk)["MemberClusters"]))
    assert "creating" == member(desk, "shop-005")["CacheClusterStatus"]
    assert 3 == len(shop.account.bill.running())
    shop.advance(minutes=15)
    assert ("available", 5) == (group(desk)["Status"], len(shop.account.bill.running()))

    desk.DecreaseReplicaCount({**SHOP, "ReplicasToRemove": ["shop-002"], **NOW})
    assert "deleting" == member(desk, "shop-002")["CacheClusterStatus"]
    shop.advance(minutes=15)
    assert ["shop-001", "shop-003", "shop-004", "shop-005"] == group(desk)["MemberClusters"]
    assert 4 == len(shop.account.bill.running())


REPLICAS = [  # the operation, what it asks for -> the shape and a part of the text
    ("IncreaseReplicaCount", {"NewReplicaCount": 2}, "NoOperationFault", "this number already"),
    ("DecreaseReplicaCount", {"NewReplicaCount": 2}, "NoOperationFault", "this number already"),
    ("IncreaseReplicaCount", {"NewReplicaCount": 6}, VALUE, "from 0 to 5, got 6"),
    ("IncreaseReplicaCount", {"NewReplicaCount": 1}, VALUE, "must be at least 2"),
    ("DecreaseReplicaCount", {"NewReplicaCount": 3}, VALUE, "must be from 0 to 2"),
    ("DecreaseReplicaCount", {"NewReplicaCount": 0}, VALUE,
     "Must have at least 1 replica when cluster mode is disabled with auto failover enabled."),
    ("DecreaseReplicaCount", {"ReplicasToRemove": ["shop-001"]}, VALUE, "is a primary"),
    ("IncreaseReplicaCount", {"NewReplicaCount": 3, "ApplyImmediately": False}, COMBINATION,
     "ApplyImmediately must be true"),
    ("IncreaseReplicaCount", {}, COMBINATION, "Give either"),
    ("IncreaseReplicaCount",
     {"ReplicaConfiguration": [{"NodeGroupId": "0009", "NewReplicaCount": 3}]},
     "NodeGroupNotFoundFault", "0009"),
]  # fmt: skip


@pytest.mark.parametrize(("operation", "asked", "shape", "text"), REPLICAS)
def test_what_is_refused_about_replicas(shop, desk, operation, asked, shape, text):
    """One sentence each, and the group is still available."""
    with pytest.raises(ServiceFault, match=text) as refused:
        getattr(desk, operation)({**SHOP, **NOW, **asked})
    assert shape == refused.value.shape
    assert ("available", 3) == (group(desk)["Status"], len(desk.clusters))


def test_one_shard_may_have_more_replicas(cloud, desk):
    """With zones of its own choice: those of all its members."""
    sharded(cloud, desk)
    zones = ["us-east-1a", "us-east-1b", "us-east-1b"]
    chosen = {"NodeGroupId": "0002", "NewReplicaCount": 2, "PreferredAvailabilityZones": zones}
    desk.IncreaseReplicaCount({**WIDE, "ReplicaConfiguration": [chosen]})
    cloud.advance(minutes=15)

    assert [2, 3] == [len(each["NodeGroupMembers"]) for each in group(desk, "wide")["NodeGroups"]]
    assert "us-east-1b" == member(desk, "wide-0002-003")["PreferredAvailabilityZone"]


def test_a_cluster_may_join_a_group(shop, desk):
    """Under a name of its own; it is deleted alone, but the last replica is not."""
    desk.CreateCacheCluster({"CacheClusterId": "mine", "ReplicationGroupId": "shop"})
    shop.advance(minutes=15)
    assert "mine" == group(desk)["MemberClusters"][-1]
    for name in ("shop-002", "shop-003"):
        desk.DeleteCacheCluster({"CacheClusterId": name})
        shop.advance(minutes=15)
    for name in ("mine", "shop-001"):
        with pytest.raises(ServiceFault, match="the last replica") as refused:
            desk.DeleteCacheCluster({"CacheClusterId": name})
        assert "InvalidCacheClusterStateFault" == refused.value.shape


def test_a_primary_may_stay(shop, desk):
    """RetainPrimaryCluster: it is a cluster of its own afterwards."""
    desk.DeleteReplicationGroup({**SHOP, "RetainPrimaryCluster": True})
    shop.advance(minutes=15)

    assert (0, ["shop-001"]) == (len(desk.groups), shop.account.bill.running())
    assert "available" == member(desk)["CacheClusterStatus"]
    assert "ReplicationGroupId" not in member(desk)
    desk.DeleteCacheCluster({"CacheClusterId": "shop-001"})


def test_shards_come_and_go(cloud, desk):
    """As many nodes as the others have; all slots are dealt again; progress can be watched."""
    sharded(cloud, desk)
    change = desk.ModifyReplicationGroupShardConfiguration
    change({**WIDE, "NodeGroupCount": 3})
    cloud.advance(minutes=8)
    progress = group(desk, "wide")["PendingModifiedValues"]["Resharding"]["SlotMigration"]
    assert 0 < progress["ProgressPercentage"] < 100
    cloud.advance(minutes=15)
    slots = [each["Slots"] for each in group(desk, "wide")["NodeGroups"]]
    assert ["0-5460", "5461-10921", "10922-16383"] == slots
    assert ("available", {}) == tuple(
        group(desk, "wide")[k] for k in ("Status", "PendingModifiedValues")
    )
    assert 6 == len(cloud.account.bill.running())

    change({**WIDE, "NodeGroupCount": 1, "NodeGroupsToRetain": ["0003"]})
    cloud.advance(minutes=25)
    assert ["wide-0003-001", "wide-0003-002"] == group(desk, "wide")["MemberClusters"]
    assert ["0-16383"] == [each["Slots"] for each in group(desk, "wide")["NodeGroups"]]
    assert 2 == len(cloud.account.bill.running())


def test_a_new_shard_has_members_at_once(cloud, desk):
    """It is creating, without slots; a death meanwhile does not end the change too early."""
    sharded(cloud, desk)
    desk.ModifyReplicationGroupShardConfiguration({**WIDE, "NodeGroupCount": 3})
    found = group(desk, "wide")
    new = found["NodeGroups"][2]
    assert ["wide-0003-001", "wide-0003-002"] == found["MemberClusters"][-2:]
    assert ("creating", False) == (new["Status"], "Slots" in new)

    cloud.advance(minutes=5)
    cloud.kill("wide-0001-001")
    for _ in range(30):
        cloud.advance(minutes=1)
        found = group(desk, "wide")
        is_over = "Resharding" not in found["PendingModifiedValues"]
        assert is_over or "modifying" == found["Status"]
    assert "available" == found["Status"]


SHARDS = [
    ({"NodeGroupCount": 2}, VALUE, "another number"),
    ({"NodeGroupCount": 91}, "NodeGroupsPerReplicationGroupQuotaExceededFault", "at most 90"),
    ({"NodeGroupCount": 1}, COMBINATION, "Give either NodeGroupsToRemove"),
    (
        {"NodeGroupCount": 1, "NodeGroupsToRemove": ["0001", "0002"]},
        VALUE,
        "does not leave so many",
    ),
    ({"NodeGroupCount": 3, "ApplyImmediately": False}, COMBINATION, "must be true"),
    ({"NodeGroupCount": 4, "ReshardingConfiguration": [{}]}, VALUE, "each new node group"),
]


@pytest.mark.parametrize(("asked", "shape", "text"), SHARDS)
def test_what_is_refused_about_shards(cloud, desk, asked, shape, text):
    """One sentence each, and nothing changes."""
    sharded(cloud, desk)
    with pytest.raises(ServiceFault, match=text) as refused:
        desk.ModifyReplicationGroupShardConfiguration({**WIDE, **asked})
    assert shape == refused.value.shape
    assert ("available", 4) == (group(desk, "wide")["Status"], len(desk.clusters))


def test_a_whole_shard_dies(shop, desk):
    """Check 16: the endpoints and the names stay; nobody leads in its place, and it is empty."""
    before = group(desk)
    shop.kill("shop-001", "shop-002", "shop-003")
    assert "modifying" == group(desk)["Status"]
    shop.advance(minutes=15)

    assert before == group(desk)
    assert b"" == shop.account.plane.content(desk.groups.find("shop"))


def test_a_dead_replica_does_not_lead():
    """The first replica died, too: the second takes over."""
    cloud = Cloud(seed=1)
    desk = cloud.desk("elasticache")
    desk.CreateReplicationGroup(GROUP)
    cloud.advance(minutes=20)
    cloud.kill("shop-001", "shop-002")
    cloud.advance(minutes=15)
    assert "shop-003" == desk.groups.find("shop").shards[0].primary.id


@pytest.mark.parametrize(("name", "text"), [("m 0009", "has no node 0009"), ("x", "not found: x")])
def test_only_what_is_there_can_die(cloud, desk, name, text):
    """One sentence, and nothing has died."""
    pool(cloud, desk)
    with pytest.raises(ServiceFault, match=text):
        cloud.kill("m 0001", name)
    assert "available" == member(desk, "m")["CacheClusterStatus"]
    cloud.kill("m 0002")
    cloud.advance(minutes=10)
    assert ("m", "Finished recovery for cache nodes 0002") in messages(desk)
