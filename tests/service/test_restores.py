"""Restore and seed: from snapshots and from files in S3, and everything that can be wrong with them."""

import json

import pytest

from cachesim.engines.redis.engine import Redis
from cachesim.engines.redis.rdb import dump
from cachesim.experiments.cloud import Cloud
from cachesim.model.backups import look_at
from cachesim.service.faults import ServiceFault
from cachesim.service.grants import ACTIONS, SNAPSHOTS, SNAPSHOTS_ID
from tests.service.conftest import GROUP
from tests.service.test_groups import group, messages
from tests.service.test_snapshots import WIDE, refused

POLICY = {
    "Effect": "Allow", "Principal": {"Service": SNAPSHOTS}, "Action": ["s3:Get*", "s3:ListBucket"],
    "Resource": ["arn:aws:s3:::seeds", "arn:aws:s3:::seeds/*"],
}  # fmt: skip


def file_of(keys, size=100, ttl=float("inf"), databases=1):
    """Return an RDB file with so many keys, from another clock."""
    engine = Redis(memory=2**40).build(clock=lambda: 0.0, random=lambda: 0.5)
    for database in range(databases):
        engine.execute(("SELECT", str(database)))
        for number in range(keys):
            engine.set(f"user:{number}", bytes(size), ttl=ttl)
    return dump(engine, checksum=False)


def seeds(cloud, file, region="us-east-1", policy=POLICY):
    """Put a file into a bucket that the service may read."""
    s3 = cloud.desk("s3")
    place = {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.CreateBucket({"Bucket": "seeds", **({} if region == "us-east-1" else place)})
    s3.PutObject({"Bucket": "seeds", "Key": "a.rdb", "Body": file})
    if policy:
        s3.PutBucketPolicy({"Bucket": "seeds", "Policy": json.dumps({"Statement": [policy]})})
    return {"SnapshotArns": ["arn:aws:s3:::seeds/a.rdb"]}


def held(cloud, name="shop"):
    """Look at the content of a group's nodes."""
    found = cloud.desk("elasticache").groups.find(name)
    return look_at(cloud.account.plane.content(found))


@pytest.mark.parametrize("request_", [GROUP, WIDE])
def test_a_group_begins_with_a_seed(cloud, desk, request_):
    """All keys are there as soon as it is available."""
    name = request_["ReplicationGroupId"]
    desk.CreateReplicationGroup({**request_, **seeds(cloud, file_of(200))})
    assert "creating" == group(desk, name)["Status"]
    cloud.advance(minutes=15)

    assert "available" == group(desk, name)["Status"]
    assert 200 == held(cloud, name).keys


def test_what_is_wrong_with_a_seed_at_once(cloud, desk):
    """Names that cannot be an object; two sources; several files for one shard."""
    one = seeds(cloud, file_of(1))
    for arns in (["seeds/a.rdb"], ["arn:aws:s3:::seeds"], ["arn:aws:s3:::seeds/a,b"]):
        assert "InvalidParameterValueException" == refused(
            desk.CreateReplicationGroup, **GROUP, SnapshotArns=arns
        )[0]  # fmt: skip
    for wrong in (
        {"SnapshotArns": 2 * one["SnapshotArns"]},
        {**one, "SnapshotName": "s"},
    ):
        assert "InvalidParameterCombinationException" == refused(
            desk.CreateReplicationGroup, **GROUP, **wrong
        )[0]  # fmt: skip
    missing = refused(desk.CreateReplicationGroup, **GROUP, SnapshotName="none")
    assert "SnapshotNotFoundFault" == missing[0]
    assert "InvalidParameterCombinationException" == refused(
        desk.CreateCacheCluster, CacheClusterId="m", Engine="memcached", **one
    )[0]  # fmt: skip
    assert 0 == len(desk.groups)


def test_an_object_that_is_not_there_and_lists_of_rights(cloud, desk):
    """READ and READ_ACP of the bucket and READ of the object will do, as older guides have it."""
    arns = seeds(cloud, file_of(3), policy=None)
    s3, who = cloud.desk("s3"), f"id={SNAPSHOTS_ID}"
    s3.PutBucketAcl({"Bucket": "seeds", "GrantRead": who, "GrantReadACP": who})
    s3.PutObjectAcl({"Bucket": "seeds", "Key": "a.rdb", "GrantRead": who})
    desk.CreateReplicationGroup({**GROUP, **arns})
    s3.PutBucketPolicy({"Bucket": "seeds", "Policy": json.dumps({"Statement": [POLICY]})})
    desk.CreateCacheCluster({"CacheClusterId": "one", "SnapshotArns": ["arn:aws:s3:::seeds/no"]})
    cloud.advance(minutes=15)

    assert 3 == held(cloud).keys
    assert any("no object with key no" in text for _, text in messages(desk))


def test_several_databases_do_not_fit_into_a_cluster(cloud, desk):
    """They fit into a group without cluster mode."""
    arns = seeds(cloud, file_of(5, databases=2))
    for request in (GROUP, WIDE):
        desk.CreateReplicationGroup({**request, **arns})
    cloud.advance(minutes=15)

    assert 10 == held(cloud).keys
    assert "create-failed" == group(desk, "wide")["Status"]
    assert any("several databases" in text for _, text in messages(desk))


def test_ttls_go_on_from_the_moment_of_the_snapshot(cloud, desk):
    """What would have expired before the restore is not there; the rest has less time left."""
    short, long = file_of(10, ttl=86_400), file_of(20, ttl=40 * 86_400)
    for number, file in enumerate((short, long)):
        name = f"g{number}"
        if number == 0:
            arns = seeds(cloud, file)
        else:
            cloud.desk("s3").PutObject({"Bucket": "seeds", "Key": "a.rdb", "Body": file})
        desk.CreateReplicationGroup({**GROUP, **arns, "ReplicationGroupId": name})
        cloud.advance(minutes=15)
        desk.CreateSnapshot({"SnapshotName": name, "CacheClusterId": f"{name}-001"})
        cloud.advance(minutes=15)
    cloud.advance(minutes=2 * 24 * 60)
    for name in ("g0", "g1"):
        desk.CreateReplicationGroup(
            {**GROUP, "ReplicationGroupId": f"{name}b", "SnapshotName": name}
        )
        cloud.advance(minutes=15)

    assert [0, 20] == [held(cloud, name).keys for name in ("g0b", "g1b")]


def saved(cloud, desk, request=GROUP):
    """Create a group with a seed and save it; return the name of the snapshot."""
    desk.CreateReplicationGroup({**request, **seeds(cloud, file_of(50))})
    cloud.advance(minutes=15)
    name = request["ReplicationGroupId"]
    whole = "NumNodeGroups" in request
    node = {"ReplicationGroupId": name} if whole else {"CacheClusterId": f"{name}-001"}
    desk.CreateSnapshot({"SnapshotName": "one", **node})
    cloud.advance(minutes=6)
    out = {**POLICY, "Action": list(ACTIONS.values()), "Resource": "arn:aws:s3:::out*"}
    cloud.desk("s3").CreateBucket({"Bucket": "out"})
    cloud.desk("s3").PutBucketPolicy({"Bucket": "out", "Policy": json.dumps({"Statement": [out]})})
    return {"SourceSnapshotName": "one", "TargetSnapshotName": "pre-sale", "TargetBucket": "out"}


@pytest.mark.parametrize("request_", [GROUP, WIDE])
def test_an_export_has_a_file_for_each_shard(cloud, desk, request_):
    """The source is busy meanwhile; the files seed a new group."""
    copy = saved(cloud, desk, request_)
    desk.CopySnapshot(copy)
    assert "InvalidSnapshotStateFault" == refused(desk.DeleteSnapshot, SnapshotName="one")[0]
    cloud.advance(minutes=3)
    listed = cloud.desk("s3").ListObjectsV2({"Bucket": "out"})["Contents"]
    keys = [each["Key"] for each in listed]
    wide = "NumNodeGroups" in request_

    assert keys == (["pre-sale-0001.rdb", "pre-sale-0002.rdb"] if wide else ["pre-sale.rdb"])
    assert ["one"] == [each["SnapshotName"] for each in desk.DescribeSnapshots({})["Snapshots"]]
    new = {**WIDE, "ReplicationGroupId": "new", "NumNodeGroups": 3}
    desk.CreateReplicationGroup(
        {**new, "SnapshotArns": [f"arn:aws:s3:::out/{key}" for key in keys]}
    )
    cloud.advance(minutes=15)
    assert 50 == held(cloud, "new").keys


def test_the_same_seed_gives_the_same_snapshots():
    """Names, dates, windows, files."""

    def told():
        cloud = Cloud(seed=5, scale=1 / 200)
        desk = cloud.desk("elasticache")
        desk.CreateReplicationGroup(
            {**GROUP, "SnapshotRetentionLimit": 3, **seeds(cloud, file_of(20))}
        )
        cloud.advance(minutes=3 * 24 * 60)
        return desk.DescribeSnapshots({"ShowNodeGroupConfig": True}), [
            copy.file for each in desk.snapshots for copy in each.copies
        ]

    one = told()
    assert one == told()
    assert 2 <= len(one[0]["Snapshots"]) <= 3
    with pytest.raises(ServiceFault):
        Cloud().desk("elasticache").DeleteSnapshot({"SnapshotName": "x"})
