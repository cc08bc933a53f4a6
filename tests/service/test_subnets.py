"""Subnet groups and zones at the desk: where nodes may stand, and where they do."""

import pytest

from cachesim.service.faults import ServiceFault
from tests.service.conftest import GROUP
from tests.service.test_parameters import refused

A, B, C = (f"us-east-1{letter}" for letter in "abc")
SUBNETS = [f"subnet-0123456789abcdef{number}" for number in range(3)]
NAME = {"CacheSubnetGroupName": "two"}
TEXT = {"CacheSubnetGroupDescription": "two zones"}
COMBINATION, VALUE = "InvalidParameterCombinationException", "InvalidParameterValueException"


@pytest.fixture
def two(desk):
    """The desk, with a group of subnets in the second and the third zone."""
    desk.CreateCacheSubnetGroup({**NAME, **TEXT, "SubnetIds": SUBNETS[1:]})
    return desk


def zones(desk, group="shop"):
    """Return the zones of the members of each shard."""
    members = desk.groups.find(group).shards
    return [[member.zones[0] for member in shard.members] for shard in members]


def test_a_group_shows_its_subnets_and_their_zones(two):
    """The default group has all three."""
    groups = two.DescribeCacheSubnetGroups({})["CacheSubnetGroups"]
    seen = {
        each["CacheSubnetGroupName"]: [s["SubnetAvailabilityZone"]["Name"] for s in each["Subnets"]]
        for each in groups
    }
    assert {"default": [A, B, C], "two": [B, C]} == seen


def test_members_stand_in_the_zones_of_the_group(two):
    """In turn; a cluster without a wish stands in the first one."""
    two.CreateReplicationGroup({**GROUP, **NAME})
    assert [[B, C, B]] == zones(two)
    told = two.CreateCacheCluster({"CacheClusterId": "c", **NAME})["CacheCluster"]
    assert (B, "two") == (told["PreferredAvailabilityZone"], told["CacheSubnetGroupName"])


def test_a_group_may_wish_for_zones(desk):
    """One for each member, the primary's first; or for each node group."""
    desk.CreateReplicationGroup({**GROUP, "PreferredCacheClusterAZs": [C, A, C]})
    assert [[C, A, C]] == zones(desk)
    shards = [
        {"PrimaryAvailabilityZone": B, "ReplicaAvailabilityZones": [C]},
        {"ReplicaCount": 1},
    ]
    sizes = {"NumNodeGroups": 2, "ReplicasPerNodeGroup": 1, "NodeGroupConfiguration": shards}
    wide = {"ReplicationGroupId": "wide", "ReplicationGroupDescription": "", **sizes}
    desk.CreateReplicationGroup(wide)
    assert [[B, C], [A, B]] == zones(desk, "wide")


@pytest.mark.parametrize(
    ("wish", "found"),
    [
        ({}, [A, A, A]),
        ({"AZMode": "cross-az"}, [A, B, C]),
        ({"PreferredAvailabilityZone": C}, [C, C, C]),
        ({"PreferredAvailabilityZones": [C, B, B], "AZMode": "cross-az"}, [C, B, B]),
    ],
)
def test_memcached_nodes_in_zones(desk, wish, found):
    """All in one, unless somebody says more."""
    desk.CreateCacheCluster(
        {"CacheClusterId": "m", "Engine": "memcached", "NumCacheNodes": 3, **wish}
    )
    assert found == desk.clusters.find("m").zones


@pytest.mark.parametrize(
    ("shape", "engine", "wish"),
    [
        (COMBINATION, "redis", {"AZMode": "cross-az"}),
        (COMBINATION, "memcached", {"AZMode": "cross-az", "NumCacheNodes": 1}),
        (COMBINATION, "memcached", {"AZMode": "single-az", "PreferredAvailabilityZones": [A, B]}),
        (COMBINATION, "memcached", {"PreferredAvailabilityZones": [A]}),
        (COMBINATION, "memcached", {"AZMode": "cross-az", "PreferredAvailabilityZone": A}),
        (VALUE, "redis", {"PreferredAvailabilityZone": "us-east-1z"}),
    ],
)
def test_zones_of_a_cluster_that_are_refused(desk, shape, engine, wish):
    """They do not fit the nodes, the engine, or the mode."""
    nodes = 2 if engine == "memcached" else 1
    request = {"CacheClusterId": "c", "Engine": engine, "NumCacheNodes": nodes, **wish}
    refused(shape, desk.CreateCacheCluster, request)
    assert 0 == len(desk.clusters)


@pytest.mark.parametrize(
    ("shape", "wish"),
    [
        (COMBINATION, {"PreferredCacheClusterAZs": [A, B]}),
        (VALUE, {"PreferredCacheClusterAZs": [A, B, "us-east-1z"]}),
        (COMBINATION, {"NodeGroupConfiguration": [{}, {}]}),
        (
            COMBINATION,
            {"NodeGroupConfiguration": [{}], "PreferredCacheClusterAZs": [A, B, C]},
        ),
        ("NotImplemented", {"NodeGroupConfiguration": [{"Slots": "0-3"}]}),
        ("NotImplemented", {"NodeGroupConfiguration": [{"ReplicaCount": 1}]}),
    ],
)
def test_zones_of_a_group_that_are_refused(desk, shape, wish):
    """They do not fit its members, or are not simulated."""
    refused(shape, desk.CreateReplicationGroup, {**GROUP, **wish})
    assert 0 == len(desk.groups)


def test_multi_az_needs_two_zones(desk):
    """A group of subnets in one zone is not enough."""
    desk.CreateCacheSubnetGroup({**NAME, **TEXT, "SubnetIds": SUBNETS[:1]})
    text = refused(COMBINATION, desk.CreateReplicationGroup, {**GROUP, **NAME})
    assert "at least two zones" in text


def test_what_is_in_use_stays(cloud, two):
    """A group with a cluster, and a subnet with a node; the rest may go."""
    two.CreateReplicationGroup({**GROUP, **NAME})
    text = refused("CacheSubnetGroupInUse", two.DeleteCacheSubnetGroup, NAME)
    assert "Cache subnet group two is currently in use by a cache cluster." == text
    text = refused("SubnetInUse", two.ModifyCacheSubnetGroup, {**NAME, "SubnetIds": SUBNETS[:2]})
    assert SUBNETS[2] in text
    two.ModifyCacheSubnetGroup({**NAME, "SubnetIds": SUBNETS, "CacheSubnetGroupDescription": "all"})
    found = two.DescribeCacheSubnetGroups(NAME)["CacheSubnetGroups"][0]
    assert ("all", 3) == (found["CacheSubnetGroupDescription"], len(found["Subnets"]))

    cloud.advance(minutes=30)
    two.DeleteReplicationGroup({"ReplicationGroupId": "shop"})
    cloud.advance(minutes=30)
    two.DeleteCacheSubnetGroup(NAME)
    assert ["default"] == [each.id for each in two.subnet_groups]


def test_what_else_is_refused(cloud, two):
    """Subnets that nobody has, none, too many; names; the default group."""
    create = two.CreateCacheSubnetGroup
    other = {"CacheSubnetGroupName": "other", **TEXT}
    text = refused(VALUE, create, {**other, "SubnetIds": ["subnet-1", SUBNETS[0]]})
    assert "Some input subnets in :[subnet-1] are invalid." == text
    refused("InvalidSubnet", create, {**other, "SubnetIds": []})
    ec2 = cloud.desk("ec2")
    many = [
        ec2.CreateSubnet({"VpcId": "vpc-0123456789abcdef0", "CidrBlock": f"172.31.{64 + n}.0/24"})
        for n in range(21)
    ]
    ids = [each["Subnet"]["SubnetId"] for each in many]
    refused("CacheSubnetQuotaExceededFault", create, {**other, "SubnetIds": ids})
    text = refused(
        "CacheSubnetGroupAlreadyExistsFault", create, {**NAME, **TEXT, "SubnetIds": ids[:1]}
    )
    assert "Cache subnet group two already exists." == text
    refused(VALUE, create, {**other, "CacheSubnetGroupName": "bad--name", "SubnetIds": ids[:1]})
    refused(
        "CacheSubnetGroupInUse", two.DeleteCacheSubnetGroup, {"CacheSubnetGroupName": "default"}
    )
    missing = {"CacheSubnetGroupName": "none"}
    refused("CacheSubnetGroupNotFoundFault", two.DescribeCacheSubnetGroups, missing)
    with pytest.raises(ServiceFault, match="none"):
        two.CreateReplicationGroup({**GROUP, **missing})
