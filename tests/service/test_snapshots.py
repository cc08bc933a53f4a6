"""Snapshots at the desk: states, refusals, quota, windows, what stays and what goes."""

import pytest

from cachesim.experiments.cloud import Cloud
from cachesim.service.faults import ServiceFault
from tests.service.conftest import GROUP
from tests.service.test_groups import group, messages

WIDE = {
    "ReplicationGroupId": "wide",
    "ReplicationGroupDescription": "",
    "NumNodeGroups": 2,
    "ReplicasPerNodeGroup": 1,
}


def refused(call, **request):
    """Return the shape and the text of a refusal."""
    with pytest.raises(ServiceFault) as found:
        call(request)
    return found.value.shape, str(found.value)


def named(desk, **request):
    """Return the names of the snapshots that are listed."""
    return [each["SnapshotName"] for each in desk.DescribeSnapshots(request)["Snapshots"]]


@pytest.fixture
def wide(cloud, desk):
    """A cloud with a group of two shards of two."""
    desk.CreateReplicationGroup(WIDE)
    cloud.advance(minutes=15)
    return cloud


def test_a_sharded_group_is_saved_as_a_whole(wide, desk):
    """One file for each shard, from its replica; the shards' shapes only when asked for."""
    desk.CreateSnapshot({"SnapshotName": "all", "ReplicationGroupId": "wide"})
    wide.advance(minutes=6)
    (plain,) = desk.DescribeSnapshots({})["Snapshots"]
    (full,) = desk.DescribeSnapshots({"ShowNodeGroupConfig": True})["Snapshots"]
    shapes = [each["NodeGroupConfiguration"] for each in full["NodeSnapshots"]]

    assert 2 == plain["NumNodeGroups"] == len(plain["NodeSnapshots"])
    assert ["wide-0001-002", "wide-0002-002"] == [
        each["CacheClusterId"] for each in plain["NodeSnapshots"]
    ]
    assert "NodeGroupConfiguration" not in plain["NodeSnapshots"][0]
    assert ["0-8191", "8192-16383"] == [each["Slots"] for each in shapes]
    assert [1, 1] == [each["ReplicaCount"] for each in shapes]


def test_what_cannot_be_saved(wide, desk):
    """Each refusal has AWS's name, and no snapshot is begun."""
    desk.CreateCacheCluster({"CacheClusterId": "m", "Engine": "memcached"})
    wide.advance(minutes=15)
    desk.CreateReplicationGroup(GROUP)
    both = {"ReplicationGroupId": "wide", "CacheClusterId": "m"}
    for shape, request in (
        ("SnapshotFeatureNotSupportedFault", {"CacheClusterId": "m"}),
        ("InvalidParameterCombinationException", {"CacheClusterId": "wide-0001-001"}),
        ("InvalidParameterCombinationException", both),
        ("InvalidParameterCombinationException", {}),
        ("InvalidReplicationGroupStateFault", {"ReplicationGroupId": "shop"}),
        ("InvalidCacheClusterStateFault", {"CacheClusterId": "shop-001"}),
        ("CacheClusterNotFoundFault", {"CacheClusterId": "x"}),
        ("NotImplemented", {"CacheClusterId": "m", "KmsKeyId": "k"}),
    ):
        assert shape == refused(desk.CreateSnapshot, SnapshotName="s", **request)[0]
    wide.advance(minutes=15)
    whole = refused(desk.CreateSnapshot, SnapshotName="s", ReplicationGroupId="shop")
    assert "InvalidParameterCombinationException" == whole[0]
    assert [] == named(desk)


def test_twenty_snapshots_of_a_node_in_a_day(shop, desk):
    """The 21st is refused; another member may, and a day later all may."""
    for number in range(20):
        desk.CreateSnapshot({"SnapshotName": f"s{number}", "CacheClusterId": "shop-001"})
        shop.advance(minutes=10)
    one_more = {"SnapshotName": "more", "CacheClusterId": "shop-001"}
    assert "SnapshotQuotaExceededFault" == refused(desk.CreateSnapshot, **one_more)[0]
    desk.CreateSnapshot({"SnapshotName": "other", "CacheClusterId": "shop-002"})

    pages = [desk.DescribeSnapshots({"MaxRecords": 20, "Marker": m}) for m in ("0", "20")]
    assert [20, 1] == [len(page["Snapshots"]) for page in pages]
    shop.advance(minutes=24 * 60)
    desk.CreateSnapshot(one_more)


def test_copies_and_deletions(shop, desk):
    """A copy is a snapshot of its own; what is deleted is gone; names are used once."""
    desk.CreateSnapshot({"SnapshotName": "one", "CacheClusterId": "shop-001"})
    copy = {"SourceSnapshotName": "one", "TargetSnapshotName": "two"}
    assert "InvalidSnapshotStateFault" == refused(desk.CopySnapshot, **copy)[0]
    shop.advance(minutes=6)
    assert "copying" == desk.CopySnapshot(copy)["Snapshot"]["SnapshotStatus"]
    assert "SnapshotAlreadyExistsFault" == refused(desk.CopySnapshot, **copy)[0]
    shop.advance(minutes=2)
    assert "deleting" == desk.DeleteSnapshot({"SnapshotName": "one"})["Snapshot"]["SnapshotStatus"]
    shop.advance(minutes=1)

    assert ["two"] == named(desk)
    assert "SnapshotNotFoundFault" == refused(desk.DeleteSnapshot, SnapshotName="one")[0]


def daily(desk, cloud, **settings):
    """Create a group with automatic snapshots, and return it."""
    desk.CreateReplicationGroup({**GROUP, "SnapshotRetentionLimit": 2, **settings})
    cloud.advance(minutes=20)
    return group(desk)


def test_a_window_that_nobody_chose_is_in_the_block_of_the_region():
    """Between 3 and 11; another seed, another window."""
    windows = []
    for seed in range(8):
        cloud = Cloud(seed=seed)
        found = daily(cloud.desk("elasticache"), cloud)["SnapshotWindow"]
        windows.append(found)
        assert "03:00" <= found[:5]
        assert found[6:] <= "11:00"
        assert int(found[:2]) + 1 == int(found[6:8])
    assert 4 < len(set(windows))


def test_a_busy_group_is_saved_later_in_its_window(cloud, desk):
    """A snapshot by hand keeps it busy; the automatic one comes behind it."""
    daily(desk, cloud, SnapshotWindow="09:00-10:00")
    cloud.advance(minutes=35)  # 08:55
    for number in range(5):
        desk.CreateSnapshot({"SnapshotName": f"s{number}", "CacheClusterId": "shop-001"})
        cloud.advance(minutes=5)
    cloud.advance(minutes=50)
    assert 1 == len(named(desk, SnapshotSource="system"))


def test_an_automatic_snapshot_that_is_deleted_while_its_group_ends(cloud, desk):
    """It goes once."""
    daily(desk, cloud)
    cloud.advance(minutes=24 * 60)
    (name,) = named(desk)
    found = desk.snapshots.find(name)
    desk.DeleteSnapshot({"SnapshotName": name})
    for member in list(desk.groups):
        desk._forget(member)  # the group ends within these 20 seconds
    assert found.status == "deleting"
    assert [] == named(desk)
    cloud.advance(minutes=5)
    assert [] == named(desk)


def test_memcached_has_none(desk):
    """Neither a window nor a retention."""
    for setting in ({"SnapshotRetentionLimit": 1}, {"SnapshotWindow": "05:00-06:00"}):
        found = refused(desk.CreateCacheCluster, CacheClusterId="m", Engine="memcached", **setting)
        assert "InvalidParameterCombinationException" == found[0]
    made = desk.CreateCacheCluster({"CacheClusterId": "m", "Engine": "memcached"})
    assert "SnapshotRetentionLimit" not in made["CacheCluster"]


@pytest.mark.parametrize(("primary", "cme"), [("shop-001", False), ("wide-0001-001", True)])
def test_the_last_snapshot_is_of_the_primary(cloud, desk, primary, cme):
    """The group is deleting at once, its waiter does not stumble; the snapshot stays."""
    desk.CreateReplicationGroup(WIDE if cme else GROUP)
    cloud.advance(minutes=15)
    name = "wide" if cme else "shop"
    last = {"ReplicationGroupId": name, "FinalSnapshotIdentifier": "last"}
    assert "deleting" == desk.DeleteReplicationGroup(last)["ReplicationGroup"]["Status"]
    cloud.advance(minutes=30)
    (found,) = desk.DescribeSnapshots({})["Snapshots"]

    assert 0 == len(desk.groups)
    assert ("last", primary) == (found["SnapshotName"], found["NodeSnapshots"][0]["CacheClusterId"])
    told = [text for _, text in messages(desk)]
    assert told.index(f"Replication group {name} deleted") > next(
        place for place, text in enumerate(told) if "Snapshot succeeded" in text
    )


def test_a_last_snapshot_that_is_refused_deletes_nothing(cloud, desk):
    """Of a Memcached there is none."""
    desk.CreateCacheCluster({"CacheClusterId": "m", "Engine": "memcached"})
    cloud.advance(minutes=15)
    last = {"CacheClusterId": "m", "FinalSnapshotIdentifier": "last"}
    assert "SnapshotFeatureNotSupportedFault" == refused(desk.DeleteCacheCluster, **last)[0]
    assert 1 == len(desk.clusters)


@pytest.mark.parametrize(
    ("which", "request_", "text"),
    [
        ("shop", {"SnapshotRetentionLimit": 1}, "Must specify both"),
        ("shop", {"SnapshottingClusterId": "x"}, "snapshotting cluster does not exist"),
        ("wide", {"SnapshottingClusterId": "wide-0001-001"}, "Cannot set snapshotting cluster"),
    ],
)
def test_changes_that_are_refused(cloud, desk, which, request_, text):
    """AWS's own words."""
    desk.CreateReplicationGroup(WIDE)
    desk.CreateReplicationGroup(GROUP)
    cloud.advance(minutes=15)
    assert text in refused(desk.ModifyReplicationGroup, ReplicationGroupId=which, **request_)[1]
    both = {"SnapshotRetentionLimit": 1, "SnapshottingClusterId": "SHOP-002"}
    desk.ModifyReplicationGroup({"ReplicationGroupId": "shop", **both})
