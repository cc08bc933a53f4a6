"""The four waiters of botocore in the same process: their sleep is simulated."""

import pytest

pytest.importorskip("boto3", reason="needs the extra aws")

from botocore.exceptions import WaiterError

from cachesim.experiments.cloud import Cloud
from tests.service.conftest import GROUP
from tests.service.test_rds import ORDERS


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


@pytest.mark.parametrize("status", ["restore-failed", "incompatible-network", "deleting"])
def test_waiters_end_when_it_cannot_be(status):
    """A state from which nothing follows ends a waiter with WaiterError."""
    cloud = Cloud(seed=1)
    seen = cloud.client("elasticache")
    seen.create_cache_cluster(CacheClusterId="one", Engine="redis")
    cloud.desk("elasticache").clusters.find("one").status = status
    before = cloud.account.calendar.now
    with pytest.raises(WaiterError):
        seen.get_waiter("cache_cluster_available").wait(CacheClusterId="one")
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
