"""Acceptance checks behind ports: the `aws` command line, redis-py, Auto Discovery. See test_acceptance.py.

The command line (version 1) is installed for the test, in a folder of its own.
"""

import json
import os
import re
import subprocess
import sys
import urllib.request

import pytest

pytest.importorskip("boto3", reason="needs the extra aws")

from tests.patience import PATIENCE
from tests.service.conftest import GROUP, fetched
from tests.service.test_endpoints import (
    HOST,
    advance,
    ask,
    client,
    group_of,
    opened,
    ports_of,
    shut,
)
from tests.wire.test_client_suites import tool, unpacked  # noqa: F401  fixtures
from tests.wire.test_cluster_clients import in_redis_py

AWSCLI = "awscli==1.46.3"
OLD, NEW = "a-secret-of-16-or-more", "another-secret-of-many"  # tokens


@pytest.fixture
def door():
    """A door with ports behind it, whose time the test moves."""
    door, served = opened()
    yield door
    shut(door, served)


@pytest.fixture
def aws(tmp_path):
    """Install the `aws` command line; start `cachesim cloud serve`; return a callable for both.

    It runs a command and returns its output; with a number, so many seconds pass.
    """
    folder = tmp_path / "awscli"
    fetched(folder, AWSCLI)
    command = [
        sys.executable,
        "-m",
        "cachesim",
        "cloud",
        "serve",
        "--port",
        "0",
        "--time",
        "frozen",
    ]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    url = re.search(r"AWS_ENDPOINT_URL=(\S+)", server.stdout.readline())[1]
    env = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(folder),
        "AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_DEFAULT_REGION": "us-east-1",
    }  # fmt: skip

    def run(asked):
        if not isinstance(asked, str):
            address = f"{url}/_cachesim/advance?seconds={asked}"
            return urllib.request.urlopen(urllib.request.Request(address, b"")).read()
        done = subprocess.run(
            [sys.executable, str(folder / "bin" / "aws"), *asked.split()],
            env=env, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
        return done.stdout if done.returncode == 0 else done.stderr

    yield run
    server.terminate()
    server.wait(PATIENCE)
    server.stdout.close()


def test_check_1_and_30_by_the_command_line(aws, tool, tmp_path):  # noqa: F811
    """Create, describe, wait, a token, a table of events, a file to S3 and back: each a command of its own."""
    create = "elasticache create-replication-group --replication-group-id shop --num-cache-clusters"
    made = json.loads(aws(f"{create} 2 --replication-group-description shops"))["ReplicationGroup"]
    assert ("creating", "shop") == (made["Status"], made["ReplicationGroupId"])
    aws(1800)
    assert "" == aws("elasticache wait replication-group-available --replication-group-id shop")
    (group,) = json.loads(aws("elasticache describe-replication-groups"))["ReplicationGroups"]
    assert "available" == group["Status"]
    assert group["ReplicationGroupCreateTime"].startswith("2026-01-05T08:00:00")
    failed = aws("elasticache wait replication-group-deleted --replication-group-id shop")
    assert "terminal failure state" in failed

    def told(token):
        command = ["redis-cli", "-p", port, "-a", token, "--no-auth-warning", "PING"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True)
        return done.stdout.split()[0]

    with_token = f"--auth-token {OLD} --transit-encryption-enabled"
    aws(f"{create.replace('shop', 'safe')} 1 {with_token} --replication-group-description d")
    aws(1800)
    describe = "elasticache describe-replication-groups --replication-group-id safe"
    (safe,) = json.loads(aws(describe))["ReplicationGroups"]
    port = str(safe["NodeGroups"][0]["PrimaryEndpoint"]["Port"])
    assert "NOAUTH" in tool("redis-cli", "-p", port, "PING")
    assert ["PONG", "NOAUTH"] == [told(token) for token in (OLD, NEW)]
    change = f"elasticache modify-replication-group --replication-group-id safe --auth-token {NEW}"
    for strategy, left in (("ROTATE", "PONG"), ("SET", "NOAUTH")):
        aws(f"{change} --auth-token-update-strategy {strategy} --apply-immediately")
        assert [left, "PONG"] == [told(token) for token in (OLD, NEW)]

    table = aws("elasticache describe-events --output table")
    assert "DescribeEvents" in table.splitlines()[1]
    assert re.search(
        r"\|  Replication group shop created +\|  shop +\|  replication-group +\|", table
    )

    (tmp_path / "up").write_bytes(bytes(range(256)) * 500)
    assert "make_bucket: seeds" in aws("s3 mb s3://seeds")
    assert "upload: ./up to s3://seeds/a.rdb" in aws("s3 cp up s3://seeds/a.rdb")
    assert "download: s3://seeds/a.rdb to ./down" in aws("s3 cp s3://seeds/a.rdb down")
    assert (tmp_path / "up").read_bytes() == (tmp_path / "down").read_bytes()


AFTER = """
import json, sys
import redis
primary, old, reader = (redis.Redis(host="127.0.0.1", port=int(port)) for port in sys.argv[1:])
primary.set("b", "2")
try:
    old.set("c", "3")
except redis.ReadOnlyError as error:
    refused = str(error)
print(json.dumps({"a": primary.get("a").decode(), "b": reader.get("b").decode(), "refused": refused}))
"""


def test_check_14_redis_py_after_a_failover(door, unpacked):  # noqa: F811
    """The primary endpoint writes; the old primary, which is a replica now, says READONLY."""
    seen = client(door)
    seen.create_replication_group(**GROUP)
    advance(door, 1800)
    (shard,) = group_of(door)["NodeGroups"]
    primary, reader = shard["PrimaryEndpoint"]["Port"], shard["ReaderEndpoint"]["Port"]
    assert "+OK\r\n" == ask(primary, "SET a 1")
    seen.test_failover(ReplicationGroupId="shop", NodeGroupId="0001")
    advance(door, 1800)
    ports = (primary, ports_of(shard)["shop-001"], reader)
    found = in_redis_py(unpacked, AFTER, *map(str, ports))

    assert ("1", "2") == (found["a"], found["b"])
    assert "read only replica" in found["refused"]


def test_check_16_a_whole_shard_dies(door):
    """The endpoints are what they were; nothing is left behind them."""
    client(door).create_replication_group(**GROUP)
    advance(door, 1800)
    before = group_of(door)["NodeGroups"]
    port = before[0]["PrimaryEndpoint"]["Port"]
    ask(port, "SET a 1")
    assert ":1\r\n" == ask(port, "DBSIZE")
    door.account.desk("elasticache").kill("shop-001", "shop-002", "shop-003")
    advance(door, 1)  # the ports follow with the next call
    assert "" == ask(port, "DBSIZE")
    advance(door, 1800)

    assert before == group_of(door)["NodeGroups"]
    assert ":0\r\n" == ask(port, "DBSIZE")


def test_check_26_users_of_redis_cli(door, tool):  # noqa: F811
    """A reader of some keys: GET of them, no SET, no other key; a metric counts each refusal."""
    seen = client(door)
    ada = {"UserId": "ada", "UserName": "ada", "Engine": "redis", "Passwords": [OLD]}
    seen.create_user(**ada, AccessString="on ~app::* -@all +@read")
    seen.create_user_group(UserGroupId="team", Engine="redis", UserIds=["ada", "default"])
    advance(door, 120)
    secure = {"TransitEncryptionEnabled": True, "UserGroupIds": ["team"]}
    seen.create_replication_group(**GROUP, **secure)
    advance(door, 1800)
    port = str(group_of(door)["NodeGroups"][0]["PrimaryEndpoint"]["Port"])
    login = ("-p", port, "--user", "ada", "-a", OLD, "--no-auth-warning")

    def told(*command):
        return tool("redis-cli", *login, *command).split()

    assert ["OK"] == tool("redis-cli", "-p", port, "SET", "app::x", "1").split()  # default
    assert ["1"] == told("GET", "app::x")
    assert ["NOPERM"] * 2 == [told(*each)[0] for each in (("SET", "app::x", "2"), ("GET", "x"))]
    advance(door, 120)
    counted = [
        sum(each["Sum"] for each in client(door, "cloudwatch").get_metric_statistics(
            Namespace="AWS/ElastiCache", MetricName=f"{name}AuthorizationFailures", Period=60,
            Dimensions=[{"Name": "CacheClusterId", "Value": "shop-001"}], Statistics=["Sum"],
            StartTime=door.account.calendar.start, EndTime=door.account.calendar.date,
        )["Datapoints"])
        for name in ("Command", "Key")
    ]  # fmt: skip
    assert [1, 1] == counted


def test_check_22_a_node_more_is_discovered(door):
    """ModifyCacheCluster adds a node: the version of `config get cluster` is one more, and so are the nodes."""
    seen = client(door)
    seen.create_cache_cluster(CacheClusterId="m", Engine="memcached", NumCacheNodes=2)
    advance(door, 1800)
    (cluster,) = seen.describe_cache_clusters(CacheClusterId="m")["CacheClusters"]
    port = cluster["ConfigurationEndpoint"]["Port"]

    def told():
        lines = ask(port, "config get cluster").split("\r\n")[1].splitlines()
        return int(lines[0]), lines[1].count(HOST + "|" + HOST)

    assert (1, 2) == told()
    seen.modify_cache_cluster(CacheClusterId="m", NumCacheNodes=3, ApplyImmediately=True)
    advance(door, 1800)
    assert (2, 3) == told()


FOUND = """
import sys
import django
import elasticache_auto_discovery
from django.conf import settings

where = sys.argv[1]
print([node[2].decode() for node in elasticache_auto_discovery.discover(where)])
backend = "django_elastipymemcache.backend.ElastiPymemcache"
settings.configure(CACHES={"default": {"BACKEND": backend, "LOCATION": where}})
django.setup()
from django.core.cache import cache

cache.set_many({str(number): number for number in range(50)})
print(sum(cache.get_many(map(str, range(50))).values()))
"""


def test_clients_find_the_nodes(door, tmp_path):
    """Two packages of PyPI that know Auto Discovery, unchanged: both find the nodes, and one spreads its keys."""
    fetched(tmp_path, "elasticache-auto-discovery==1.0.0", "django-elastipymemcache==3.0.0")
    seen = client(door)
    seen.create_cache_cluster(CacheClusterId="mc", Engine="memcached", NumCacheNodes=2)
    advance(door, 1800)
    (cluster,) = seen.describe_cache_clusters(ShowCacheNodeInfo=True)["CacheClusters"]
    ports = [node["Endpoint"]["Port"] for node in cluster["CacheNodes"]]
    where = f"{HOST}:{cluster['ConfigurationEndpoint']['Port']}"
    done = subprocess.run(
        [sys.executable, "-c", FOUND, where],
        env={**os.environ, "PYTHONPATH": str(tmp_path)}, capture_output=True, text=True,
        timeout=PATIENCE, check=False,
    )  # fmt: skip

    assert [str([*map(str, ports)]), str(sum(range(50)))] == done.stdout.splitlines(), done.stderr
    counts = [int(re.search(r"curr_items (\d+)", ask(port, "stats"))[1]) for port in ports]
    assert 50 + len(ports) == sum(counts)  # each node has a key for old clients, too
    assert min(counts) > 1
