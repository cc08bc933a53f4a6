# %% [markdown] id="question"
# # 23 · Restore from an RDB
#
# **The old server is gone, and all that is left of it is a file in a bucket. How do you get a managed cache that begins with its keys?** The service reads the file itself, so the bucket must let
# it in; the file must fit into a node; and from now on somebody should save the keys every night.
#
# Write `restore(bucket, key, needs)`. It returns the list of calls that you would make, each a list of a service, an operation and its parameters, with AWS's names:
# `["elasticache", "DescribeEvents", {"Duration": 60}]`. They are made one after the other, then 20 minutes pass, and then we look at the cloud:
#
# - There is a replication group `shop` with two members and automatic failover. It is available, and has all keys of the file `key` in `bucket`.
# - Its nodes are the cheapest of `ROOM` that have room for the file, which needs `needs` bytes of memory.
# - The bucket lets the service `SERVICE` in, and nobody else. It may do what it needs, and nothing else: `s3:GetObject` with the file, `s3:ListBucket` and `s3:GetBucketAcl` with the bucket.
# - There is a snapshot each night that begins between 03:00 and 05:00, and the last 7 are kept.
#
# Ours took 24 lines.

# %% id="facts" tags=["given"]
SERVICE = "us-east-1.elasticache-snapshot.amazonaws.com"  # whom a bucket policy must name
ROOM = {  # node type -> bytes for keys, the cheapest first
    "cache.t3.micro": 402_653_184,
    "cache.t3.small": 1_103_269_724,
    "cache.t3.medium": 2_488_396_677,
}


# %% id="restore"
def restore(bucket, key, needs):
    """Return the calls that make the group "shop" from a file that needs so many bytes of memory."""
    # BEGIN SOLUTION
    import json

    arn = f"arn:aws:s3:::{bucket}"
    allow = {"Effect": "Allow", "Principal": {"Service": SERVICE}}
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {**allow, "Action": "s3:GetObject", "Resource": f"{arn}/{key}"},
            {**allow, "Action": ["s3:ListBucket", "s3:GetBucketAcl"], "Resource": arn},
        ],
    }
    group = {
        "ReplicationGroupId": "shop",
        "ReplicationGroupDescription": "restored",
        "NumCacheClusters": 2,
        "AutomaticFailoverEnabled": True,
        "CacheNodeType": next(name for name, room in ROOM.items() if needs <= room),
        "SnapshotArns": [f"{arn}/{key}"],
        "SnapshotRetentionLimit": 7,
        "SnapshotWindow": "03:00-05:00",
    }
    return [
        ["s3", "PutBucketPolicy", {"Bucket": bucket, "Policy": json.dumps(policy)}],
        ["elasticache", "CreateReplicationGroup", group],
    ]
    # END SOLUTION


# %% id="parameters" tags=["parameters"]
def parameters(random):
    """Draw the parameters of one student."""
    return {"bucket": f"old-shop-{random(100, 999)}", "key": f"saved/{random(10, 99)}.rdb"}


# %% id="helpers" tags=["helpers"]
from cachesim.engines.redis.engine import Redis  # noqa: E402
from cachesim.engines.redis.rdb import dump  # noqa: E402
from cachesim.experiments.cloud import Cloud  # noqa: E402
from cachesim.model.backups import look_at  # noqa: E402
from cachesim.service.faults import ServiceFault  # noqa: E402

SCALE = 1 / 2000  # of all memory: the files of the tests are small


def file_of(share, keys=40):
    """Return an RDB file that needs such a share of a cache.t3.micro."""
    engine = Redis(memory=2**40).build(clock=lambda: 0.0, random=lambda: 0.5)
    empty = engine.memory
    size = int((share * 402_653_184 * SCALE - empty) / keys) - 140
    for number in range(keys):
        engine.set(f"user:{number}", bytes(size))
    return dump(engine, checksum=False)


def cloud_after(lab, file, minutes=20):
    """Return the cloud in which the student's calls were made, some minutes later."""
    bucket, key = lab.params["bucket"], lab.params["key"]
    cloud = Cloud(seed=lab.seed, scale=SCALE)
    s3 = cloud.desk("s3")
    s3.CreateBucket({"Bucket": bucket})
    s3.PutObject({"Bucket": bucket, "Key": key, "Body": file})
    calls = lab.call("restore", bucket, key, int(look_at(file).memory / SCALE))
    assert isinstance(calls, list), f"restore() returned {calls!r:.60}; right: a list of calls"
    for each in calls:
        is_call = isinstance(each, list) and [str, str, dict] == [type(part) for part in each]
        assert is_call, f"{each!r:.60} is no call; right: [service, operation, parameters]"
        make(cloud, *each)
    cloud.advance(minutes=minutes)
    return cloud


def make(cloud, service, operation, parameters):
    """Make one call; a refusal is a mistake."""
    assert service in ("s3", "elasticache"), f'there is no service "{service}" here'
    known = operation[:1].isupper() and hasattr(cloud.desk(service), operation)
    assert known, f"{service} has no operation {operation!r:.40} here"
    try:
        getattr(cloud.desk(service), operation)(parameters)
    except ServiceFault as fault:
        raise AssertionError(f"{operation} was refused: {fault}") from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise AssertionError(f"{operation} does not take these parameters: {error!r}") from None


def keys_in_shop(cloud):
    """Return how many keys the group has; it must be there, and available, with two members."""
    desk = cloud.desk("elasticache")
    assert "shop" in desk.groups, 'there is no replication group "shop"'
    group = desk.groups.find("shop")
    if group.status != "available":
        why = [event["Message"] for event in desk.DescribeEvents({})["Events"][:1]]
        raise AssertionError(f"the group is {group.status}. The last event: {why}")
    assert len(group.members) == 2, f"the group has {len(group.members)} members; right: 2"
    assert group.failover, "the group has no automatic failover"
    content = cloud.account.plane.content(group)
    return look_at(content).keys if content else 0


# %% id="visible" tags=["visible"]
def test_the_keys_are_there(lab):
    keys = keys_in_shop(cloud_after(lab, file_of(0.9)))
    assert keys == 40, f"the group has {keys} keys; the file has 40"


# %% id="hidden" tags=["hidden"]
def test_larger_files(lab):
    for share in SHARES:
        keys = keys_in_shop(cloud_after(lab, file_of(share)))
        assert keys == 40, f"a file of {share} times cache.t3.micro: {keys} keys; right: 40"


def test_no_larger_than_needed(lab):
    for share, right in zip(SHARES, CHEAPEST, strict=True):
        group = cloud_after(lab, file_of(share)).desk("elasticache").groups.find("shop")
        kind = group.node_type.name
        assert kind == right, f"{share} times cache.t3.micro went to {kind}; right: {right}"


def test_only_the_service(lab):
    cloud = cloud_after(lab, file_of(0.5))
    wrong = too_much(cloud.desk("s3").bucket(lab.params["bucket"]).grants)
    assert not wrong, f"the bucket allows too much: {wrong}"


def test_every_night(lab):
    listed = nights(cloud_after(lab, file_of(0.5), minutes=9 * 24 * 60))
    assert len(listed) == 7, f"after 9 nights there are {len(listed)} snapshots; right: 7"
    hours = {date.hour for date in listed}
    assert hours <= {3, 4}, f"they began in the hours {sorted(hours)}; right: from 3 to 5"
