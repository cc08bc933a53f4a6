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
CHECKSUMS = "checksums are not made"
NO_HISTORY = "policies have no history"
NO_RULES = "rules and groups have no ids of their own"
NOT_ASKED = "DynamoDB tells it only to who asks"
WARM = "how warm a table is, is not told"
DAX_PLACE = "the network, the window and the keys of a DAX are not simulated"
DAX_PARTS = ("PreferredMaintenanceWindow", "SSEDescription", "SecurityGroups", "SubnetGroup")
DAX = {  # operation -> where the cluster stands in its answer
    "describe_clusters": "Clusters[]",
    **{f"{verb}_cluster": "Cluster" for verb in ("create", "delete")},
    **{f"{verb}_replication_factor": "Cluster" for verb in ("increase", "decrease")},
}
TABLES = {  # the same of a table of DynamoDB
    "describe_table": "Table",
    **{f"{verb}_table": "TableDescription" for verb in ("create", "update", "delete")},
    "restore_table_to_point_in_time": "TableDescription",
}
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
    ("describe_alarms_for_metric", "MetricAlarms[].AlarmConfigurationUpdatedTimestamp"): "not kept",
    ("describe_alarms_for_metric", "MetricAlarms[].StateReasonData"): "the reason is a sentence",
    ("get_topic_attributes", "Attributes.DeliveryPolicy"): "a message is sent once",
    ("get_topic_attributes", "Attributes.EffectiveDeliveryPolicy"): "a message is sent once",
    **{(each, "ChecksumCRC32"): CHECKSUMS for each in ("put_object", "get_object", "upload_part")},
    ("complete_multipart_upload", "VersionId"): "this bucket has no versions",
    ("list_objects", "EncodingType"): "botocore asks for it and takes it away again",
    ("list_objects_v2", "Contents[].ChecksumAlgorithm"): CHECKSUMS,
    ("list_objects_v2", "EncodingType"): "botocore asks for it and takes it away again",
    ("create_policy", "Policy.CreateDate"): NO_HISTORY,
    ("create_policy", "Policy.UpdateDate"): NO_HISTORY,
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
    **{(each, f"{path}.{key}"): NO_HISTORY
       for each, path in (("list_policies", "Policies[]"), ("get_policy", "Policy"))
       for key in ("CreateDate", "Path", "PolicyId", "UpdateDate")},
    ("get_policy_version", "PolicyVersion.CreateDate"): NO_HISTORY,
    ("describe_availability_zones", "AvailabilityZones[].Zone"): "zones have names only",
    ("create_security_group", "SecurityGroupArn"): NO_RULES,
    ("authorize_security_group_ingress", "SecurityGroupRules"): NO_RULES,
    **{("create_subnet", f"Subnet.{key}"): "as in describe_subnets" for key in (
        "AssignIpv6AddressOnCreation", "AvailabilityZoneId", "AvailableIpAddressCount",
        "Ipv6Native", "MapPublicIpOnLaunch", "PrivateDnsNameOptionsOnLaunch", "SubnetArn")},
    **{(each, f"{path}.WarmThroughput"): WARM for each, path in TABLES.items()},
    ("delete_table", "TableDescription.BillingModeSummary"): "it has provisioned capacity",
    **{(each, "ConsumedCapacity"): NOT_ASKED
       for each in ("update_item", "batch_get_item", "batch_write_item")},
    **{("update_continuous_backups",
        f"ContinuousBackupsDescription.PointInTimeRecoveryDescription.{key}RestorableDateTime"):
       "nothing is saved yet" for key in ("Earliest", "Latest")},
    **{(each, f"{path}.{key}"): DAX_PLACE for each, path in DAX.items() for key in DAX_PARTS},
    **{(each, "Cluster.ClusterDiscoveryEndpoint"): "only an available cluster has an endpoint"
       for each in ("create_cluster", "delete_cluster")},
    ("assume_role", "PackedPolicySize"): "sessions have no policy of their own",
}  # fmt: skip


UNASKED = {  # operation that both know -> why it is not among the calls
    "confirm_subscription": "moto takes any token",
}


def test_what_both_know_is_asked():
    """Each operation of our desks for which moto has a method is among the calls."""
    cloud, known = Cloud(seed=1), json.loads(KEYS.read_text())["known"]
    asked = {(each["service"], each["operation"]) for each in calls()}
    operations = {
        (service, name)
        for service in known
        for name, own in cloud.client(service).meta.method_to_api_mapping.items()
        if name in known[service] and hasattr(cloud.desk(service), own)
    }

    assert set(cloud.account.desks) == set(known)
    assert set(UNASKED) == {name for _, name in operations - asked}


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
