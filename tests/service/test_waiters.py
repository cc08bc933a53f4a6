"""The four waiters of botocore in the same process: their sleep is simulated."""

import pytest

pytest.importorskip("boto3", reason="needs the extra aws")

from botocore.exceptions import WaiterError

from cachesim.experiments.cloud import Cloud
from tests.service.conftest import GROUP


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
