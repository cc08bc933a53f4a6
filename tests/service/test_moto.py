"""moto as an oracle: every key that it answers is in our answer, too, but for its listed faults."""

import json
from functools import cache

import pytest

pytest.importorskip("boto3", reason="needs the extra aws")

from cachesim.experiments.cloud import Cloud
from tests.service.played_calls import KEYS, calls, played

NO_IPV6 = "a VPC with IPv6, DHCP and names of its own is not simulated"
EARLY = "a group that is being created has no nodes yet"
NO_TOKEN = "there is no token, so it was never changed"
UNBORN_DB = "an instance that is being created has no endpoint yet"
NO_BACKUP = "nothing is saved yet"
NO_TAGS = "an instance does not inherit tags"
NEW_DB = (
    "create_db_instance", "create_db_instance_read_replica",
    "restore_db_instance_from_db_snapshot", "restore_db_instance_to_point_in_time",
)  # fmt: skip
FAULTS = {  # operation, how the keys begin -> why ours has them not
    ("describe_vpcs", "Vpcs[].CidrBlockAssociationSet"): NO_IPV6,
    ("describe_vpcs", "Vpcs[].DhcpOptionsId"): NO_IPV6,
    ("describe_subnets", "Subnets[].AssignIpv6AddressOnCreation"): NO_IPV6,
    ("describe_subnets", "Subnets[].AvailabilityZoneId"): "zones have names only",
    ("describe_subnets", "Subnets[].AvailableIpAddressCount"): "addresses are not counted",
    ("describe_subnets", "Subnets[].Ipv6Native"): NO_IPV6,
    ("describe_subnets", "Subnets[].MapPublicIpOnLaunch"): NO_IPV6,
    ("describe_subnets", "Subnets[].PrivateDnsNameOptionsOnLaunch"): NO_IPV6,
    ("describe_subnets", "Subnets[].SubnetArn"): "no policy names a subnet",
    ("describe_security_groups", "SecurityGroups[].IpPermissionsEgress"): "what goes out is free",
    ("describe_security_groups", "SecurityGroups[].SecurityGroupArn"): "no policy names a group",
    ("create_cache_cluster", "CacheCluster.AuthTokenLastModifiedDate"): NO_TOKEN,
    ("create_cache_cluster", "CacheCluster.SnapshotRetentionLimit"): "a Memcached has no snapshots",
    ("describe_cache_clusters", "CacheClusters[].AuthTokenLastModifiedDate"): NO_TOKEN,
    ("describe_cache_clusters", "CacheClusters[].SnapshotRetentionLimit"): "a Memcached has none",
    ("delete_cache_cluster", "CacheCluster.AuthTokenLastModifiedDate"): NO_TOKEN,
    ("create_replication_group", "ReplicationGroup.NodeGroups"): EARLY,
    ("describe_replication_groups", "ReplicationGroups[].NodeGroups[].NodeGroupMembers[].CurrentRole"):
        "AWS leaves it out in cluster mode",
    ("describe_replication_groups", "ReplicationGroups[].NodeGroups[].NodeGroupMembers[].ReadEndpoint"):
        "AWS leaves it out in cluster mode",
    ("describe_replication_groups", "ReplicationGroups[].NodeGroups[].PrimaryEndpoint"):
        "cluster mode has one address for all shards",
    ("describe_alarms", "MetricAlarms[].AlarmConfigurationUpdatedTimestamp"): "not kept",
    ("describe_alarms", "MetricAlarms[].StateReasonData"): "the reason is a sentence",
    ("put_object", "ChecksumCRC32"): "checksums are not made",
    ("list_objects_v2", "Contents[].ChecksumAlgorithm"): "checksums are not made",
    ("list_objects_v2", "EncodingType"): "botocore asks for it and takes it away again",
    ("create_policy", "Policy.CreateDate"): "policies have no history",
    ("create_policy", "Policy.UpdateDate"): "policies have no history",
    ("create_policy", "Policy.Path"): "paths are not simulated",
    ("create_policy", "Policy.PolicyId"): "a policy is known by its ARN",
    **{(each, "DBInstance.Endpoint"): UNBORN_DB for each in NEW_DB},
    **{(each, "DBInstance.InstanceCreateTime"): UNBORN_DB for each in NEW_DB},
    **{(each, "DBInstance.LatestRestorableTime"): NO_BACKUP for each in (*NEW_DB, "promote_read_replica")},
    **{(each, "DBInstance.TagList"): NO_TAGS
       for each in (*NEW_DB[1:], "promote_read_replica", "delete_db_instance")},
    ("promote_read_replica", "DBInstance.ReadReplicaSource"): "a promoted replica has no source",
    ("restore_db_instance_to_point_in_time", "DBInstance.ReadReplicaSource"): "it is no replica",
    ("modify_db_instance", "DBInstance.ReadReplicaDB"): "its replica was promoted",
    ("reboot_db_instance", "DBInstance.ReadReplicaDB"): "its replica was promoted",
    ("create_db_snapshot", "DBSnapshot.OriginalSnapshotCreateTime"): "it is not complete",
    ("create_db_snapshot", "DBSnapshot.SnapshotCreateTime"): "it is not complete",
    ("assume_role", "PackedPolicySize"): "sessions have no policy of their own",
}  # fmt: skip


def test_moto_answers_nothing_that_we_do_not():
    """The same calls in the same order, each after half an hour."""
    cloud = Cloud(seed=1)
    ours = played(cache(cloud.client), lambda: cloud.advance(minutes=30))
    theirs = json.loads(KEYS.read_text())["answers"]
    assert [(each["service"], each["operation"]) for each in calls()] == [
        (service, operation) for service, operation, _ in theirs
    ]
    missing = {
        (operation, key)
        for (_, operation, keys), (*_, own) in zip(theirs, ours, strict=True)
        for key in set(keys) - set(own)
    }

    unlisted = {
        (operation, key)
        for operation, key in missing
        if not any(each == operation and key.startswith(begin) for each, begin in FAULTS)
    }
    unused = {
        (operation, begin)
        for operation, begin in FAULTS
        if not any(each == operation and key.startswith(begin) for each, key in missing)
    }

    assert set() == unlisted
    assert set() == unused
