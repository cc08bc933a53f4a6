"""Acceptance check 8: every paginator of botocore, over forty-five things. See test_acceptance.py."""

import pytest

boto3 = pytest.importorskip("boto3", reason="needs the extra aws")

from cachesim.experiments.cloud import Cloud  # noqa: E402
from tests.service.test_acceptance import DAY, refused  # noqa: E402
from tests.service.test_network_client import sizes  # noqa: E402

PAGED = {  # paginator -> its list
    "describe_cache_clusters": "CacheClusters",
    "describe_replication_groups": "ReplicationGroups",
    "describe_serverless_caches": "ServerlessCaches",
    "describe_service_updates": "ServiceUpdates",
    "describe_snapshots": "Snapshots",
    "describe_update_actions": "UpdateActions",
    "describe_user_groups": "UserGroups",
    "describe_users": "Users",
}
ELSEWHERE = {  # other tests have them
    "describe_cache_engine_versions", "describe_cache_parameter_groups", "describe_cache_parameters",
    "describe_cache_subnet_groups", "describe_engine_default_parameters", "describe_events",
}  # fmt: skip


@pytest.fixture(scope="module")
def crowded():
    """A client of an account with forty-five of everything that may be so many."""
    cloud = Cloud(seed=1, timings="instant")
    client = cloud.client("elasticache")
    for n in range(45):
        client.create_cache_cluster(CacheClusterId=f"c{n}", Engine="redis")
        client.create_replication_group(ReplicationGroupId=f"g{n}", ReplicationGroupDescription="")
        client.create_user(
            UserId=f"u{n}", UserName=f"u{n}", Engine="redis", AccessString="on ~* +@all",
            NoPasswordRequired=True,
        )  # fmt: skip
        client.create_user_group(UserGroupId=f"ug{n}", Engine="redis", UserIds=["default"])
        if n < 40:  # a quota
            client.create_serverless_cache(ServerlessCacheName=f"s{n}", Engine="redis")
    cloud.advance(minutes=15 * DAY)  # until there are updates
    for n in range(45):
        client.create_snapshot(SnapshotName=f"snap{n}", CacheClusterId=f"c{n}")
    cloud.advance(minutes=30)
    return client


@pytest.mark.parametrize("operation", PAGED)
def test_check_8_pages_of_twenty(crowded, operation):
    """Each page but the last has twenty, and all are there once; fewer than twenty are one page."""
    found = sizes(crowded, operation, [PAGED[operation]])
    fewer = {"describe_serverless_caches": 40, "describe_service_updates": 3}  # all that may be

    assert [20] * (len(found) - 1) == found[:-1]
    assert sum(found) >= fewer.get(operation, 45)


def test_check_8_every_paginator_is_checked(cloud):
    """Of botocore's nineteen; those that are left are of operations that are not simulated."""
    client = cloud.client("elasticache")
    operations = client.meta.method_to_api_mapping
    names = {name for name in operations if client.can_paginate(name)}
    left = names - set(PAGED) - ELSEWHERE

    assert 19 == len(names)
    assert {"NotImplemented"} == {refused(client, operations[each])[0] for each in left}
