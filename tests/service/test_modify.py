"""Modify: what changes at once, what waits for the window, what is refused."""

import pytest

from cachesim.experiments.cloud import Cloud
from cachesim.service.calendar import Calendar
from cachesim.service.checks import next_window
from cachesim.service.faults import ServiceFault
from tests.service.conftest import GROUP
from tests.service.test_groups import group, messages

SHOP = {"ReplicationGroupId": "shop"}
WEDNESDAY = "wed:05:00-wed:06:00"
COMBINATION = "InvalidParameterCombinationException"
VALUE = "InvalidParameterValueException"


def member(desk, name="shop-001"):
    """Return one cluster."""
    return desk.DescribeCacheClusters({"CacheClusterId": name})["CacheClusters"][0]


def sharded(cloud, desk, shards=2, replicas=1):
    """Make a group with cluster mode enabled."""
    sizes = {"NumNodeGroups": shards, "ReplicasPerNodeGroup": replicas}
    desk.CreateReplicationGroup(
        {"ReplicationGroupId": "wide", "ReplicationGroupDescription": "", **sizes}
    )
    cloud.advance(minutes=20)


def test_some_settings_change_at_once(shop, desk):
    """Without ApplyImmediately: the description, the window and the topic need no window."""
    desk.ModifyReplicationGroup(
        {**SHOP, "ReplicationGroupDescription": "new", "PreferredMaintenanceWindow": WEDNESDAY}
    )
    assert ("new", "available") == (group(desk)["Description"], group(desk)["Status"])
    assert WEDNESDAY == member(desk)["PreferredMaintenanceWindow"]


def test_what_waits_survives_until_the_window(shop, desk):
    """Check 11: PendingModifiedValues stay until the window; then they hold, and are no longer there."""
    desk.ModifyReplicationGroup(
        {**SHOP, "CacheNodeType": "cache.m6g.large", "PreferredMaintenanceWindow": WEDNESDAY}
    )
    assert {"CacheNodeType": "cache.m6g.large"} == member(desk)["PendingModifiedValues"]
    shop.advance(minutes=44 * 60)  # Wednesday, 04:30
    assert ("available", "cache.t3.micro") == (group(desk)["Status"], group(desk)["CacheNodeType"])

    shop.advance(minutes=35)
    assert "modifying" == group(desk)["Status"]
    shop.advance(minutes=30)

    assert ("available", "cache.m6g.large") == (group(desk)["Status"], group(desk)["CacheNodeType"])
    assert {} == member(desk)["PendingModifiedValues"]
    assert (
        "shop",
        "Succeeded applying modification to cache node type to cache.m6g.large.",
    ) in messages(desk)


def test_a_change_at_once_cancels_the_same_that_waits(shop, desk):
    """ApplyImmediately: nothing is left for the window."""
    desk.ModifyReplicationGroup({**SHOP, "CacheNodeType": "cache.m6g.large"})
    desk.ModifyReplicationGroup(
        {**SHOP, "CacheNodeType": "cache.t3.small", "ApplyImmediately": True}
    )
    shop.advance(minutes=8 * 24 * 60)
    assert "cache.t3.small" == group(desk)["CacheNodeType"]


def test_failover_and_promotion_by_hand(shop, desk):
    """A replica can be promoted only after failover and Multi-AZ are off."""
    promote = {**SHOP, "PrimaryClusterId": "shop-003", "ApplyImmediately": True}
    with pytest.raises(ServiceFault, match="only while automatic failover and Multi-AZ are off"):
        desk.ModifyReplicationGroup(promote)
    off = {"AutomaticFailoverEnabled": False, "MultiAZEnabled": False}
    desk.ModifyReplicationGroup({**SHOP, **off})
    waits = group(desk)
    assert ("enabled", "disabled") == (
        waits["AutomaticFailover"], waits["PendingModifiedValues"]["AutomaticFailoverStatus"],
    )  # fmt: skip

    desk.ModifyReplicationGroup({**SHOP, **off, "ApplyImmediately": True})
    desk.ModifyReplicationGroup(promote)
    found = group(desk)
    roles = {
        m["CacheClusterId"]: m["CurrentRole"] for m in found["NodeGroups"][0]["NodeGroupMembers"]
    }
    assert "primary" == roles["shop-003"]
    assert ("disabled", {}) == (found["AutomaticFailover"], found["PendingModifiedValues"])


REFUSED = [  # the change of "shop", or of "wide", which is sharded -> shape, a part of the text
    ("wide", {"AutomaticFailoverEnabled": False}, COMBINATION,
     "Turning off automatic failover for replication group with cluster mode enabled is not supported."),
    ("wide", {"SnapshottingClusterId": "wide-0001-001"}, COMBINATION,
     "Cannot set snapshotting cluster for cluster mode enabled replication group"),
    ("shop", {"SnapshotRetentionLimit": 3}, COMBINATION,
     "Must specify both SnapshotRetentionLimit and SnapshottingClusterId to turn on snapshots"),
    ("shop", {"AutomaticFailoverEnabled": False}, COMBINATION, "Multi-AZ needs automatic failover"),
    ("shop", {"CacheNodeType": "cache.banana"}, VALUE, "cache.banana"),
    ("shop", {"PreferredMaintenanceWindow": "tue:05:00-tue:05:59"}, VALUE, "at least 60 minutes"),
    ("shop", {"EngineVersion": "99"}, COMBINATION, "Cannot find version 99"),
    ("shop", {"Port": 7000}, "NotImplemented", "Port is not simulated"),
    ("shop", {"AuthToken": "x" * 16}, COMBINATION, "with TransitEncryptionEnabled"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "change", "shape", "text"), REFUSED)
def test_what_a_modify_refuses(shop, desk, name, change, shape, text):
    """One sentence each, and nothing has changed."""
    sharded(shop, desk)
    before = group(desk, name)
    with pytest.raises(ServiceFault) as refused:
        desk.ModifyReplicationGroup(
            {"ReplicationGroupId": name, "ApplyImmediately": True, **change}
        )
    assert shape == refused.value.shape
    assert text in str(refused.value)
    assert before == group(desk, name)


def test_failover_needs_two(cloud, desk):
    """Check 6: one member cannot fail over to another."""
    desk.CreateReplicationGroup(
        {"ReplicationGroupId": "shop", "ReplicationGroupDescription": "", "NumCacheClusters": 1}
    )
    cloud.advance(minutes=15)
    with pytest.raises(ServiceFault, match="there must be at least 2 cache clusters") as refused:
        desk.ModifyReplicationGroup({**SHOP, "AutomaticFailoverEnabled": True})
    assert COMBINATION == refused.value.shape


def test_a_busy_group_is_not_modified(cloud, desk):
    """AWS's own text."""
    desk.CreateReplicationGroup(GROUP)
    with pytest.raises(
        ServiceFault, match="Replication group must be in available state to modify"
    ):
        desk.ModifyReplicationGroup(SHOP)


def test_another_part_of_the_desk_may_hook_in(shop, desk):
    """A member that is no setting: its function gets the group and the request, at once."""
    seen = []
    desk.hooks["AuthToken"] = lambda group, request: seen.append((group.id, request["AuthToken"]))
    desk.ModifyReplicationGroup({**SHOP, "AuthToken": "secret"})
    assert [("shop", "secret")] == seen


def test_a_change_that_does_not_fit_any_more_is_dropped(shop, desk):
    """The replica that was to lead has left before the window."""
    off = {"AutomaticFailoverEnabled": False, "MultiAZEnabled": False, "ApplyImmediately": True}
    desk.ModifyReplicationGroup({**SHOP, **off})
    desk.ModifyReplicationGroup({**SHOP, "PrimaryClusterId": "shop-003"})
    desk.DecreaseReplicaCount({**SHOP, "ReplicasToRemove": ["shop-003"], "ApplyImmediately": True})
    shop.advance(minutes=8 * 24 * 60)
    assert ("available", {}) == (group(desk)["Status"], group(desk)["PendingModifiedValues"])
    assert "shop-001" == desk.groups.find("shop").shards[0].primary.id


def test_a_replacement_can_be_taken_back(shop, desk):
    """An event, and nothing happens in the window; larger nodes make it needless, too."""
    for cancel in (
        lambda: desk.cancel_replacement("shop-001"),
        lambda: desk.ModifyReplicationGroup(
            {**SHOP, "CacheNodeType": "cache.t3.small", "ApplyImmediately": True}
        ),
    ):
        desk.schedule_replacement("shop-001")
        cancel()
        shop.advance(minutes=8 * 24 * 60)
        texts = [text for _, text in messages(desk)]
        assert "has been canceled" in "".join(texts)
        assert "Recovering cache nodes 0001" not in texts
        desk.events.clear()


def test_windows_lie_in_the_block_of_the_region():
    """Nobody chose: each group has an hour of its own between 03:00 and 11:00; the seed decides."""

    def windows(seed):
        desk = Cloud(seed=seed, timings="instant").desk("elasticache")
        for number in range(20):
            desk.CreateReplicationGroup({**GROUP, "ReplicationGroupId": f"g{number}"})
        return [each.settings["PreferredMaintenanceWindow"] for each in desk.groups]

    found = windows(1)
    assert found == windows(1) != windows(2)
    assert all("03:00" <= each[4:9] and each[14:] <= "11:00" for each in found)
    assert len(set(found)) > 10


def test_the_next_window_is_never_now():
    """Not even in the window itself; one may go over the end of the week."""
    monday = Calendar()
    week = 7 * 24 * 3600.0
    assert (week, week + 3600) == next_window("mon:08:00-mon:09:00", monday)
    assert (week - 3600, week + 3600) == next_window("mon:07:00-mon:09:00", monday)
    begin, end = next_window("sun:23:30-mon:00:30", monday)
    assert 3600 == end - begin
    assert "Sun 23:30" == f"{monday.date_at(begin):%a %H:%M}"
