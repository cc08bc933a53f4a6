"""Service updates: from not-applied to complete or stopped, by hand and in the window."""

import pytest

from cachesim.service.faults import ServiceFault
from tests.service.conftest import GROUP
from tests.service.test_groups import group, messages

NAME = "elasticache-20260107-001"
ENGINE = "elasticache-redis-20260119-7-0-8"
SHOP = {"ServiceUpdateName": NAME, "ReplicationGroupIds": ["shop"]}
DAY = 24 * 60  # minutes


@pytest.fixture
def released(cloud, desk):
    """A cloud with a group of three nodes, on Wednesday at ten: an update came at eight."""
    desk.CreateReplicationGroup({**GROUP, "PreferredMaintenanceWindow": "fri:05:00-fri:07:00"})
    cloud.advance(minutes=2 * DAY + 120)
    return cloud


def action(desk, **request):
    """Return the state of the update, and how many nodes have it."""
    (found,) = desk.DescribeUpdateActions({"ServiceUpdateName": NAME, **request})["UpdateActions"]
    return found["UpdateActionStatus"], found["NodesUpdated"]


def test_an_update_is_announced(cloud, desk):
    """It is not known before its release; then there is an event for each node."""
    desk.CreateReplicationGroup(GROUP)
    cloud.advance(minutes=DAY)
    assert [] == desk.DescribeServiceUpdates({})["ServiceUpdates"]
    with pytest.raises(ServiceFault) as refused:
        desk.DescribeServiceUpdates({"ServiceUpdateName": NAME})
    assert "ServiceUpdateNotFoundFault" == refused.value.shape

    cloud.advance(minutes=DAY + 1)
    (found,) = desk.DescribeServiceUpdates({"ServiceUpdateStatus": ["available"]})["ServiceUpdates"]
    assert (NAME, "important", False) == (
        found["ServiceUpdateName"], found["ServiceUpdateSeverity"],
        found["AutoUpdateAfterRecommendedApplyByDate"],
    )  # fmt: skip
    assert 3 == sum(
        text == "Service update is available for cache node 0001." for _, text in messages(desk)
    )
    assert ("not-applied", "0/3") == action(desk)


def test_an_update_is_applied_node_by_node(released, desk):
    """The replicas first; the old primary hands over before its turn."""
    answer = desk.BatchApplyUpdateAction(SHOP)
    assert "waiting-to-start" == answer["ProcessedUpdateActions"][0]["UpdateActionStatus"]
    assert "modifying" == group(desk)["Status"]
    released.advance(minutes=3)
    assert ("in-progress", "0/3") == action(desk)
    released.advance(minutes=30)

    assert ("complete", "3/3") == action(desk)
    assert "available" == group(desk)["Status"]
    began = [who for who, text in messages(desk) if text == "Recovering cache nodes 0001"]
    assert ["shop-002", "shop-003", "shop-001"] == began
    primary = desk.groups.find("shop").shards[0].primary.id
    assert "shop-001" != primary
    nodes = released.account.desk("cloudwatch").standing.nodes
    assert [primary] == [name for name in nodes if nodes[name].leads(released.account.calendar.now)]


def test_an_update_is_stopped_and_goes_on(released, desk):
    """The node at work gets it; the next call takes the others."""
    desk.BatchApplyUpdateAction(SHOP)
    released.advance(minutes=3)
    desk.BatchStopUpdateAction(SHOP)
    assert ("stopping", "0/3") == action(desk)
    released.advance(minutes=10)
    assert ("stopped", "1/3") == action(desk)

    desk.BatchApplyUpdateAction(SHOP)
    released.advance(minutes=30)
    assert ("complete", "3/3") == action(desk, UpdateActionStatus=["complete"])


def test_after_its_date_an_update_is_applied_in_the_window(cloud, desk):
    """Due on Monday at 0:00: done in the window on Friday. One for Redis waits until somebody asks."""
    friday = {"PreferredMaintenanceWindow": "fri:05:00-fri:07:00"}
    desk.CreateReplicationGroup({**GROUP, **friday})
    desk.CreateCacheCluster({"CacheClusterId": "m", "Engine": "memcached", **friday})
    cloud.advance(minutes=24 * DAY)

    def states():
        found = desk.DescribeUpdateActions({})["UpdateActions"]
        return {each["Engine"]: each["UpdateActionStatus"] for each in found}

    assert "not-applied" == states()["memcached"]
    cloud.advance(minutes=DAY)
    assert {"redis": "not-applied", "memcached": "complete"} == states()


def test_what_cannot_be_done_is_listed(released, desk):
    """An update of the engine cannot be stopped, nor one that has not begun; nobody has the third name."""
    released.advance(minutes=14 * DAY)
    request = {"ServiceUpdateName": ENGINE, "ReplicationGroupIds": ["shop", "nobody"]}
    desk.BatchApplyUpdateAction(request)
    refused = desk.BatchStopUpdateAction(request)["UnprocessedUpdateActions"]

    assert ["InvalidParameterCombinationException", "ReplicationGroupNotFoundFault"] == [
        each["ErrorType"] for each in refused
    ]
    assert "cannot be stopped" in refused[0]["ErrorMessage"]
    (early,) = desk.BatchStopUpdateAction(SHOP)["UnprocessedUpdateActions"]
    assert "is not-applied in shop" in early["ErrorMessage"]


def test_newer_groups_have_it(released, desk):
    """Nothing is to be done for a group that was made after the release."""
    desk.CreateReplicationGroup({**GROUP, "ReplicationGroupId": "new"})
    found = desk.DescribeUpdateActions({"ReplicationGroupIds": ["new"]})["UpdateActions"]
    assert [] == found
    with pytest.raises(ServiceFault, match="is not simulated"):
        desk.DescribeUpdateActions({"ShowNodeLevelUpdateStatus": True})
