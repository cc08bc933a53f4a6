"""The four waiters of botocore in the same process: their sleep is simulated."""

import pytest

pytest.importorskip("boto3", reason="needs the extra aws")

from botocore.exceptions import WaiterError

from cachesim.experiments.cloud import Cloud
from tests.service.conftest import GROUP
from tests.service.test_rds import ORDERS
from tests.service.test_restores import file_of, seeds

ONE = {"CacheClusterId": "one"}
SHOP = {"ReplicationGroupId": "shop"}


def test_four_waiters_in_process():
    """All four that botocore has, for success, and the two of deletion, too."""
    cloud = Cloud(seed=1)
    seen = cloud.client("elasticache")
    seen.create_cache_cluster(CacheClusterId="one", Engine="redis")
    seen.create_replication_group(**GROUP)
    seen.get_waiter("cache_cluster_available").wait(CacheClusterId="one")
    seen.get_waiter("replication_group_available").wait(ReplicationGroupId="shop")
    seen.delete_cache_cluster(CacheClusterId="one")
    seen.delete_replication_group(ReplicationGroupId="shop")
    seen.get_waiter("cache_cluster_deleted").wait(CacheClusterId="one")
    seen.get_waiter("replication_group_deleted").wait(ReplicationGroupId="shop")
    assert [] == seen.describe_cache_clusters()["CacheClusters"]


def seeded(cloud, client):
    """Create a cluster and a group with a file that no node can hold."""
    arns = seeds(cloud, file_of(700, size=5000))
    client.create_cache_cluster(**ONE, Engine="redis", CacheNodeType="cache.t3.micro", **arns)
    client.create_replication_group(**GROUP, **arns)


def created(cloud, client):
    """Create a cluster and a group."""
    client.create_cache_cluster(**ONE, Engine="redis")
    client.create_replication_group(**GROUP)


def deleted(cloud, client):
    """Delete a cluster, and a group that is gone by now, as soon as they are there."""
    created(cloud, client)
    cloud.advance(minutes=20)
    client.delete_replication_group(**SHOP)
    cloud.advance(minutes=20)
    client.delete_cache_cluster(**ONE)


@pytest.mark.parametrize(
    ("before", "waiter", "name", "why"),
    [
        (seeded, "cache_cluster_available", ONE, '"restore-failed"'),
        (seeded, "replication_group_available", SHOP, "Max attempts exceeded"),  # create-failed
        (deleted, "cache_cluster_available", ONE, '"deleting"'),
        (deleted, "replication_group_available", SHOP, "not found"),
        (created, "cache_cluster_deleted", ONE, '"creating"'),
    ],
)
def test_waiters_end_when_it_cannot_be(before, waiter, name, why):
    """WaiterError, in simulated time: what happened before makes the state, and nobody sets it."""
    cloud = Cloud(seed=1, scale=1 / 200)
    client = cloud.client("elasticache")
    before(cloud, client)
    with pytest.raises(WaiterError, match=why):
        client.get_waiter(waiter).wait(**name)


def test_a_waiter_for_the_end_of_what_stays():
    """Nobody has deleted the group: its waiter ends at once."""
    cloud = Cloud(seed=1)
    client = cloud.client("elasticache")
    created(cloud, client)
    client.get_waiter("replication_group_available").wait(**SHOP)
    before = cloud.account.calendar.now
    with pytest.raises(WaiterError, match='"available"'):
        client.get_waiter("replication_group_deleted").wait(**SHOP)
    assert before == cloud.account.calendar.now


def test_the_waiters_and_paginators_of_rds():
    """All four waiters, for success; a state from which nothing follows ends one; pages of 20."""
    cloud = Cloud(seed=1)
    seen, named = cloud.client("rds"), {"DBInstanceIdentifier": "orders"}
    seen.create_db_instance(**ORDERS)
    seen.get_waiter("db_instance_available").wait(**named)
    saved = {"DBSnapshotIdentifier": "kept"}
    seen.create_db_snapshot(**named, **saved)
    seen.get_waiter("db_snapshot_available").wait(**saved)
    seen.delete_db_snapshot(**saved)
    seen.get_waiter("db_snapshot_deleted").wait(**saved)
    seen.delete_db_instance(**named, SkipFinalSnapshot=True)
    with pytest.raises(WaiterError):
        seen.get_waiter("db_instance_available").wait(**named)
    seen.get_waiter("db_instance_deleted").wait(**named)
    for number in range(35):
        seen.create_db_instance(**{**ORDERS, "DBInstanceIdentifier": f"d{number}"})
    pages = seen.get_paginator("describe_db_instances").paginate(PaginationConfig={"PageSize": 20})
    assert [20, 15] == [len(page["DBInstances"]) for page in pages]
