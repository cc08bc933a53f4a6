"""Replication groups and clusters at the desk: states, names, refusals, events."""

from itertools import pairwise

import pytest

from cachesim.experiments.cloud import Cloud
from cachesim.service.faults import ServiceFault
from tests.service.conftest import GROUP


def group(desk, name="shop"):
    """Return the one group of that name."""
    return desk.DescribeReplicationGroups({"ReplicationGroupId": name})["ReplicationGroups"][0]


def messages(desk):
    """Return the texts of the events, the oldest first, with their sources."""
    events = desk.DescribeEvents({"Duration": 20160})["Events"]
    return [(event["SourceIdentifier"], event["Message"]) for event in reversed(events)]


def test_a_group_is_created_within_minutes(cloud, desk):
    """No endpoints while it is created; three members in three zones afterwards, the first leads."""
    made = desk.CreateReplicationGroup(GROUP)["ReplicationGroup"]
    assert ("creating", "enabling") == (made["Status"], made["AutomaticFailover"])
    assert "NodeGroups" not in made

    cloud.advance(minutes=3)
    assert "creating" == group(desk)["Status"]
    cloud.advance(minutes=12)

    found = group(desk)
    members = found["NodeGroups"][0]["NodeGroupMembers"]
    assert ("available", "enabled") == (found["Status"], found["AutomaticFailover"])
    assert ["shop-001", "shop-002", "shop-003"] == [each["CacheClusterId"] for each in members]
    assert ["primary", "replica", "replica"] == [each["CurrentRole"] for each in members]
    assert 3 == len({each["PreferredAvailabilityZone"] for each in members})


def test_a_sharded_group_has_all_slots_once(cloud, desk):
    """Sixteen thousand slots, spread evenly and without a gap."""
    sizes = {"NumNodeGroups": 3, "ReplicasPerNodeGroup": 1}
    desk.CreateReplicationGroup(
        {"ReplicationGroupId": "wide", "ReplicationGroupDescription": "", **sizes}
    )
    cloud.advance(minutes=15)
    found = group(desk, "wide")
    ends = [tuple(map(int, each["Slots"].split("-"))) for each in found["NodeGroups"]]

    assert [0, 16384] == [ends[0][0], ends[-1][1] + 1]
    assert all(end + 1 == begin for (_, end), (begin, _) in pairwise(ends))
    assert "wide-0003-002" == found["MemberClusters"][-1]
    assert found["ConfigurationEndpoint"]["Address"].startswith("clustercfg.wide.")


BAD = {  # what is wrong -> the shape of the fault, a part of its text
    "ReplicationGroupId 1bad": ("InvalidParameterValueException", "not a valid identifier"),
    "ReplicationGroupId bad--id": ("InvalidParameterValueException", "not a valid identifier"),
    "ReplicationGroupId " + "a" * 41: ("InvalidParameterValueException", "not a valid identifier"),
    "NumCacheClusters 7": ("InvalidParameterValueException", "from 1 to 6, got 7"),
    "NumCacheClusters 1": ("InvalidParameterCombinationException", "at least 2 cache clusters"),
    "CacheNodeType cache.banana": ("InvalidParameterValueException", "cache.banana"),
    "CacheNodeType cache.t2.micro": ("InvalidParameterValueException", "previous generation"),
    "PreferredMaintenanceWindow tue:05:00-tue:05:59": (
        "InvalidParameterValueException", "at least 60 minutes",
    ),
    "PreferredMaintenanceWindow 05:00-06:00": ("InvalidParameterValueException", "ddd:hh24:mi"),
    "PreferredMaintenanceWindow abc:05:00-tue:06:00": (
        "InvalidParameterValueException", "not valid",
    ),
    "SnapshotWindow 05:00-05:30": ("InvalidParameterValueException", "at least 60 minutes"),
    "SnapshotRetentionLimit 36": ("InvalidParameterValueException", "from 0 to 35"),
    "Engine mysql": ("InvalidParameterValueException", "must be redis"),
    "AuthToken secret-secret-secret": (
        "InvalidParameterCombinationException", "with TransitEncryptionEnabled",
    ),
    "NumNodeGroups 2": ("InvalidParameterCombinationException", "NumCacheClusters"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", BAD)
def test_what_is_wrong_is_refused(desk, wrong):
    """One sentence for each, and nothing is made."""
    name, _, value = wrong.partition(" ")
    number = int(value) if value.isdecimal() else value
    shape, text = BAD[wrong]

    with pytest.raises(ServiceFault) as refused:
        desk.CreateReplicationGroup({**GROUP, name: number})

    assert shape == refused.value.shape
    assert text in str(refused.value)
    assert (0, 0) == (len(desk.groups), len(desk.clusters))


def test_types_of_the_previous_generation_may_be_allowed():
    """Old course notes name cache.t2.micro."""
    desk = Cloud(allow_previous_generation=True).desk("elasticache")
    made = desk.CreateReplicationGroup({**GROUP, "CacheNodeType": "cache.t2.micro"})

    assert "cache.t2.micro" == made["ReplicationGroup"]["CacheNodeType"]


def test_what_exists_twice_or_not_at_all(cloud, desk):
    """The same name again, a name that nobody has, and a group that is not ready."""
    desk.CreateReplicationGroup(GROUP)
    asked = {"ReplicationGroupId": "shop", "NodeGroupId": "0001"}
    for shape, call, request in (
        ("ReplicationGroupAlreadyExistsFault", desk.CreateReplicationGroup, GROUP),
        (
            "ReplicationGroupNotFoundFault",
            desk.DescribeReplicationGroups,
            {"ReplicationGroupId": "x"},
        ),
        ("InvalidReplicationGroupStateFault", desk.TestFailover, asked),
        (
            "InvalidReplicationGroupStateFault",
            desk.DeleteReplicationGroup,
            {"ReplicationGroupId": "shop"},
        ),
        ("CacheClusterNotFoundFault", desk.DescribeCacheClusters, {"CacheClusterId": "x"}),
    ):
        with pytest.raises(ServiceFault) as refused:
            call(request)
        assert shape == refused.value.shape


def test_a_failover_tells_five_events(shop, desk):
    """Asked, ended twice (node and group), recovery began and ended; the roles have changed."""
    before = len(messages(desk))
    desk.TestFailover({"ReplicationGroupId": "shop", "NodeGroupId": "0001"})
    assert "modifying" == group(desk)["Status"]
    shop.advance(minutes=15)
    ended = "Failover from primary node shop-001 to replica node shop-002 completed"

    assert [
        ("shop", "Test Failover API called for node group 0001"),
        ("shop-001", ended),
        ("shop", ended),
        ("shop-001", "Recovering cache nodes 0001"),
        ("shop-001", "Finished recovery for cache nodes 0001"),
    ] == messages(desk)[before:]
    roles = {
        each["CacheClusterId"]: each["CurrentRole"]
        for each in group(desk)["NodeGroups"][0]["NodeGroupMembers"]
    }
    assert {"shop-001": "replica", "shop-002": "primary", "shop-003": "replica"} == roles
    assert "ElastiCache:FailoverComplete" in "".join(each.text for each in shop.inbox)


def test_sixteen_failovers_a_day_are_too_many(shop, desk):
    """Fifteen node groups in 24 hours; a day later it goes on."""
    asked = {"ReplicationGroupId": "shop", "NodeGroupId": "0001"}
    for _ in range(15):
        desk.TestFailover(asked)
        shop.advance(minutes=30)
    with pytest.raises(ServiceFault) as refused:
        desk.TestFailover(asked)
    assert "APICallRateForCustomerExceededFault" == refused.value.shape

    shop.advance(minutes=24 * 60)
    desk.TestFailover(asked)


def test_what_is_deleted_is_gone_and_costs_no_more(shop, desk):
    """Each begun hour is paid; what does not run any more costs nothing."""
    shop.advance(minutes=90)
    desk.DeleteReplicationGroup({"ReplicationGroupId": "shop"})
    shop.advance(minutes=10)
    bill = shop.bill()
    shop.advance(minutes=600)

    assert (0, 0, []) == (len(desk.groups), len(desk.clusters), shop.account.bill.running())
    assert bill == shop.bill()
    begun = shop.account.bill.rented[0].hours(shop.account.calendar.now)
    assert f"{3 * begun * 0.017:.3f} USD" in bill.splitlines()[-1]


def test_a_memcached_cluster_has_many_nodes(cloud, desk):
    """Its nodes have addresses of their own, and one for all of them."""
    request = {"CacheClusterId": "m", "Engine": "memcached", "NumCacheNodes": 3}
    desk.CreateCacheCluster(request)
    cloud.advance(minutes=15)
    told = desk.DescribeCacheClusters({"ShowCacheNodeInfo": True})["CacheClusters"][0]

    assert ["0001", "0002", "0003"] == [node["CacheNodeId"] for node in told["CacheNodes"]]
    assert 11211 == told["ConfigurationEndpoint"]["Port"]
    assert "CacheNodes" not in desk.DescribeCacheClusters({})["CacheClusters"][0]


def test_long_lists_have_pages(cloud, desk):
    """Forty-five groups: twenty, twenty and five."""
    for number in range(45):
        desk.CreateReplicationGroup({**GROUP, "ReplicationGroupId": f"g{number}"})
    found, marker = [], {}
    while marker is not None:
        answer = desk.DescribeReplicationGroups({"MaxRecords": 20, **marker})
        found.append(len(answer["ReplicationGroups"]))
        marker = {"Marker": answer["Marker"]} if "Marker" in answer else None

    assert [20, 20, 5] == found
    with pytest.raises(ServiceFault, match="from 20 to 100, got 19"):
        desk.DescribeEvents({"MaxRecords": 19})
