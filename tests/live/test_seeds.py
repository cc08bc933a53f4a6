"""Files of a real redis-server in the cloud, and files of the cloud in a real redis-server."""

import json
import time
from functools import partial

import pytest

pytest.importorskip("boto3", reason="needs the extra aws")

from cachesim.experiments.cloud import Cloud
from cachesim.model.backups import joined, look_at
from cachesim.service.grants import ACTIONS, SNAPSHOTS
from tests.engines.redis.test_rdb_real import state, without_encodings
from tests.service.conftest import GROUP
from tests.service.test_snapshots import WIDE
from tests.wire.real import RealRedis

KEYS = 500
DEBUG = "--enable-debug-command", "yes"


def real_file(folder):
    """Return the file of a real server, its digest, and its keys with values and TTLs."""
    server = RealRedis(folder, *DEBUG)
    for number in range(KEYS):
        server.ask("SET", f"user:{number}", f"{number:07}" * 20)
    server.ask("HSET", "hash", *(part for n in range(300) for part in (f"f{n}", f"v{n}")))
    server.ask("ZADD", "board", *(part for n in range(200) for part in (n * 1.5, f"m{n}")))
    server.ask("SET", "later", "x", "EX", 30 * 24 * 3600)
    server.ask("SAVE")
    digest, held = server.ask("DEBUG", "DIGEST"), state(server.ask, 0)
    server.close()
    return (folder / "dump.rdb").read_bytes(), digest, held


def bucket(cloud, name):
    """Make a bucket that the service may use as it likes."""
    s3 = cloud.client("s3")
    allow = {
        "Effect": "Allow", "Principal": {"Service": SNAPSHOTS}, "Action": list(ACTIONS.values()),
        "Resource": [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"],
    }  # fmt: skip
    s3.create_bucket(Bucket=name)
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Statement": [allow]}))
    return s3


@pytest.mark.parametrize("request_", [GROUP, WIDE], ids=["one shard", "two shards"])
def test_there_and_back(tmp_path, request_):
    """Seed a group from a real server's file, save it, export it: a real server has the same keys.

    The digest is equal, too; with two shards the keys of both files together are those of the seed.
    """
    there = tmp_path / "there"
    there.mkdir()
    file, digest, held = real_file(there)
    cloud, name = Cloud(seed=1), request_["ReplicationGroupId"]
    client, s3 = cloud.client("elasticache"), bucket(cloud, "seeds")
    s3.put_object(Bucket="seeds", Key="real.rdb", Body=file)
    client.create_replication_group(**request_, SnapshotArns=["arn:aws:s3:::seeds/real.rdb"])
    ready = partial(client.get_waiter("replication_group_available").wait, ReplicationGroupId=name)
    ready()
    whole = {"ReplicationGroupId": name} if name == "wide" else {"CacheClusterId": "shop-002"}
    client.create_snapshot(SnapshotName="one", **whole)
    ready()
    client.copy_snapshot(SourceSnapshotName="one", TargetSnapshotName="out", TargetBucket="seeds")
    cloud.advance(minutes=3)
    keys = {each["Key"] for each in s3.list_objects_v2(Bucket="seeds")["Contents"]} - {"real.rdb"}
    exported = {key: s3.get_object(Bucket="seeds", Key=key)["Body"].read() for key in sorted(keys)}
    found, digests = {}, []
    for key, content in exported.items():
        back = tmp_path / key
        back.mkdir()
        (back / "dump.rdb").write_bytes(persisted(content))
        server = RealRedis(back, *DEBUG)
        found |= state(server.ask, 0)
        digests.append(server.ask("DEBUG", "DIGEST"))
        server.close()

    assert KEYS + 3 == look_at(file).keys == len(found)
    assert without_ttls(held) == without_ttls(found)
    assert 40 == len(digest)
    if name == "shop":
        assert [digest] == digests


def without_ttls(states):
    """Return the kind and the value of every key."""
    return {key: (kind, value) for key, (kind, _, value) in without_encodings(states).items()}


def persisted(file):
    """Return a file whose TTLs go on now: those of simulated time are over on this clock."""
    return joined([file], written=int(time.time()), checksum=True)
