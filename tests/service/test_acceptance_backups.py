"""Acceptance checks 18 to 21, and 4 for exports: snapshots, seeds and restores. See test_acceptance.py."""

import itertools
import json
from datetime import timedelta

import pytest

pytest.importorskip("boto3", reason="needs the extra aws")

from cachesim.model.backups import look_at
from cachesim.service.grants import ACTIONS, SNAPSHOTS_ID
from tests.service.conftest import GROUP
from tests.service.test_acceptance import (
    BUSY,
    COMBINATION,
    DAY,
    SHOP,
    VALUE,
    available,
    inbox,
    refused,
)
from tests.service.test_restores import POLICY, file_of, held
from tests.service.test_snapshots import WIDE

ONE = {"CacheClusterId": "one"}


def allow(cloud, name, **more):
    """Let the service into a bucket."""
    policy = {"Statement": [{**POLICY, "Resource": f"arn:aws:s3:::{name}*", **more}]}
    cloud.client("s3").put_bucket_policy(Bucket=name, Policy=json.dumps(policy))


def seeds(cloud, file, region="us-east-1", **rights):
    """Put a file into a bucket; a service that has no rights may not read it."""
    s3, place = cloud.client("s3"), {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket="seeds", **({} if region == "us-east-1" else place))
    s3.put_object(Bucket="seeds", Key="a.rdb", Body=file)
    if rights.pop("allowed", True):
        allow(cloud, "seeds", **rights)
    return {"SnapshotArns": ["arn:aws:s3:::seeds/a.rdb"]}


def save(client, name="one", **of):
    """Make a snapshot and wait until the group is available again."""
    client.create_snapshot(SnapshotName=name, **of)
    group = of.get("ReplicationGroupId", "shop")
    client.get_waiter("replication_group_available").wait(ReplicationGroupId=group)


def texts(client):
    """Return the messages of the events with their sources, the oldest first."""
    events = client.describe_events(Duration=DAY)["Events"]
    return [(each["SourceIdentifier"], each["Message"]) for each in reversed(events)]


def test_check_18_a_snapshot_blocks_its_group(client, cloud):
    """Group and member are snapshotting for minutes; everything else is refused; an event tells the end."""
    available(client, cloud, NotificationTopicArn=inbox(cloud))
    asked = {"SnapshotName": "one", "CacheClusterId": "shop-002"}
    made = client.create_snapshot(**asked)["Snapshot"]
    assert ("creating", "manual") == (made["SnapshotStatus"], made["SnapshotSource"])
    (group,) = client.describe_replication_groups()["ReplicationGroups"]
    member = client.describe_cache_clusters(CacheClusterId="shop-002")["CacheClusters"][0]
    assert ("snapshotting",) * 2 == (group["Status"], member["CacheClusterStatus"])
    for operation, more in (
        ("TestFailover", {"NodeGroupId": "0001"}), ("DeleteReplicationGroup", {}),
        ("ModifyReplicationGroup", {"CacheNodeType": "cache.t3.small"}),
        ("IncreaseReplicaCount", {"NewReplicaCount": 3, "ApplyImmediately": True}),
    ):  # fmt: skip
        assert (BUSY, 400) == refused(client, operation, **SHOP, **more)[::2]
    again = {"SnapshotName": "two", "CacheClusterId": "shop-001"}
    assert (BUSY, 400) == refused(client, "CreateSnapshot", **again)[::2]
    client.get_waiter("replication_group_available").wait(**SHOP)

    (found,) = client.describe_snapshots(SnapshotName="one")["Snapshots"]
    assert "available" == found["SnapshotStatus"]
    told = "Snapshot succeeded for snapshot with ID 'one' of cache cluster with ID 'shop-002'"
    assert ("shop-002", told) == texts(client)[-1]
    assert {"ElastiCache:SnapshotComplete": "shop-002"} == json.loads(cloud.inbox[-1].text)


BAD = {
    "too large": ({"file": file_of(700, size=5000)}, "bytes of memory, and cache.t3.micro has"),
    "cut off": ({"file": file_of(200)[:-30]}, "RDB"),
    "no RDB": ({"file": b"hello, this is no RDB file"}, "RDB"),
    "region": ({"file": file_of(1), "region": "eu-west-1"}, "outside of the region"),
    "no policy": ({"file": file_of(1), "allowed": False}, "has no READ permission"),
    "half": (
        {"file": file_of(1), "Action": ["s3:ListBucket", "s3:GetBucketAcl"]},
        "has no READ_OBJECT permission",
    ),
}  # fmt: skip


@pytest.mark.parametrize("wrong", BAD)
def test_check_19_a_bad_seed(cloud, client, wrong):
    """The nodes never begin, an event says why, nothing is billed, and it can only be deleted."""
    how, text = BAD[wrong]
    client.create_replication_group(**GROUP, **(arns := seeds(cloud, **how)))
    client.create_cache_cluster(**ONE, **arns)
    cloud.advance(minutes=15)
    (group,) = client.describe_replication_groups()["ReplicationGroups"]
    members = client.describe_cache_clusters()["CacheClusters"]

    assert "create-failed" == group["Status"]
    assert {"restore-failed"} == {each["CacheClusterStatus"] for each in members}
    told = dict(texts(client))
    assert {"shop", "shop-001", "shop-002", "shop-003", "one"} == set(told)
    assert all(text in each for each in told.values())
    assert 0 == cloud.dollars()
    assert BUSY == refused(client, "TestFailover", **SHOP, NodeGroupId="0001")[0]
    client.delete_replication_group(**SHOP)
    client.delete_cache_cluster(**ONE)
    client.get_waiter("cache_cluster_deleted").wait(**ONE)
    client.get_waiter("replication_group_deleted").wait(**SHOP)


def test_check_20_one_automatic_snapshot_a_day(cloud, client):
    """At a moment within the window, from a replica; the oldest is dropped; all go with the group."""
    available(client, cloud, SnapshotRetentionLimit=2, SnapshotWindow="23:30-00:30")
    client.create_snapshot(SnapshotName="mine", CacheClusterId="shop-001")

    def listed(**asked):
        pages = client.get_paginator("describe_snapshots").paginate(**asked)
        return [each for page in pages for each in page["Snapshots"]]

    seen = {}
    for _ in range(5):
        cloud.advance(minutes=DAY)
        now = listed(SnapshotSource="system")
        seen |= {s["SnapshotName"]: s["NodeSnapshots"][0]["SnapshotCreateTime"] for s in now}
        assert len(now) <= 2
    dates = sorted(seen.values())
    assert 5 == len(dates)
    assert all(abs((b - a) - timedelta(days=1)) < timedelta(hours=1) for a, b in itertools.pairwise(dates))  # fmt: skip
    assert all((date - timedelta(hours=23.5)).hour == 0 for date in dates)
    assert all(name == f"automatic.shop-003-{seen[name]:%Y-%m-%d-%H-%M}" for name in seen)
    assert sorted(seen)[-2:] == [each["SnapshotName"] for each in now]
    client.delete_replication_group(**SHOP)
    client.get_waiter("replication_group_deleted").wait(**SHOP)
    assert ["mine"] == [each["SnapshotName"] for each in listed()]


def test_check_21_other_nodes_and_other_shards(cloud, client):
    """Another type and another number of shards will do, but shards do not go into one node."""
    available(client, cloud, CacheNodeType="cache.t3.small", **seeds(cloud, file_of(300)))
    save(client, CacheClusterId="shop-002")
    made = client.create_replication_group(**{**WIDE, "NumNodeGroups": 3}, SnapshotName="one")
    assert "cache.t3.small" == made["ReplicationGroup"]["CacheNodeType"]
    client.create_cache_cluster(**ONE, SnapshotName="one", CacheNodeType="cache.t3.micro")
    client.get_waiter("cache_cluster_available").wait(**ONE)
    client.get_waiter("replication_group_available").wait(ReplicationGroupId="wide")
    save(client, "three", ReplicationGroupId="wide")

    copies = cloud.desk("elasticache").snapshots.find("three").copies
    parts = [look_at(each.file).keys for each in copies]
    assert 300 == held(cloud, "wide").keys == sum(parts)
    assert min(parts) > 60
    for request in (
        ("CreateCacheCluster", {"CacheClusterId": "x"}),
        ("CreateReplicationGroup", {**GROUP, "ReplicationGroupId": "x"}),
    ):
        code, text, status = refused(client, request[0], **request[1], SnapshotName="three")
        assert (COMBINATION, 400) == (code, status)
        assert "cluster mode" in text


def test_check_4_an_export_that_is_refused(cloud, client):
    """AWS's own texts; the source stays available."""
    s3, who = cloud.client("s3"), f"id={SNAPSHOTS_ID}"
    available(client, cloud)
    save(client, CacheClusterId="shop-001")
    for name in ("closed", "out"):
        s3.create_bucket(Bucket=name)
    allow(cloud, "out", Action=list(ACTIONS.values()))
    place = {"LocationConstraint": "eu-west-1"}
    s3.create_bucket(Bucket="far", CreateBucketConfiguration=place)

    def no(bucket):
        names = {"SourceSnapshotName": "one", "TargetSnapshotName": "sale"}
        return refused(client, "CopySnapshot", **names, TargetBucket=bucket)

    for rights, lacks in (
        ({}, "READ"),
        ({"GrantRead": who}, "WRITE"),
        ({"GrantRead": who, "GrantWrite": who}, "READ_ACP"),
    ):
        s3.put_bucket_acl(Bucket="closed", **rights)
        text = f"ElastiCache has not been granted {lacks} permissions closed on the S3 Bucket."
        assert (VALUE, text, 400) == no("closed")
    assert (VALUE, "The S3 bucket far is outside of the region.", 400) == no("far")
    assert (VALUE, "The S3 bucket none does not exist.", 400) == no("none")
    client.copy_snapshot(SourceSnapshotName="one", TargetSnapshotName="sale", TargetBucket="out")
    cloud.advance(minutes=3)
    again = "The S3 bucket out already contains an object with key sale.rdb."
    assert (VALUE, again, 400) == no("out")
    assert "available" == client.describe_snapshots()["Snapshots"][0]["SnapshotStatus"]
