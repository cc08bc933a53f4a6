"""The cluster beside a real one, reply by reply, and with other people's clients: redis-cli and redis-py."""

import json
import subprocess
import sys
from random import Random

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.redis.arguments import argument
from cachesim.engines.redis.command import find
from cachesim.engines.redis.engine import Redis
from cachesim.engines.redis.key_places import NOWHERE
from cachesim.engines.redis.slots import slot_of
from cachesim.errors import CommandError
from cachesim.wire.cluster import Cluster
from cachesim.wire.cluster_conversation import ClusterClients
from tests.engines.redis.random_commands import random_command
from tests.patience import PATIENCE
from tests.wire.real import RealRedis, free_ports, needed, resp, wait_until
from tests.wire.test_client_suites import REDIS_PY, tool, unpacked  # noqa: F401  fixtures

NODES = 3
COMMANDS = 6000
PLAIN = """\
CLUSTER SLOTS; CLUSTER MYID; CLUSTER KEYSLOT {a}b; CLUSTER COUNTKEYSINSLOT -1; CLUSTER COUNTKEYSINSLOT x
CLUSTER GETKEYSINSLOT 1 -1; CLUSTER GETKEYSINSLOT x 1; CLUSTER GETKEYSINSLOT 1 x; CLUSTER GETKEYSINSLOT 12182 9
CLUSTER COUNTKEYSINSLOT 12182; CLUSTER GETKEYSINSLOT 12182 1; CLUSTER SLOTS 1; CLUSTER REPLICAS x; CLUSTER
READONLY; GET foo; READWRITE; ASKING; SELECT 1; SELECT 0; SELECT 99; SELECT x; SWAPDB 0 1; MOVE foo 1; MOVE foo x
COPY {foo}a {foo}b DB 1; COPY {foo}a {foo}b DB 0; MSET foo 1 bar; DEL foo bar; OBJECT FREQ; OBJECT ENCODING foo
"""


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """Three real nodes with all slots."""
    needed("redis-server", "redis-cli")
    ports = free_ports(2 * NODES)
    nodes = [
        RealRedis(
            tmp_path_factory.mktemp("node"),
            "--cluster-enabled",
            "yes",
            "--cluster-port",
            bus,
            port=port,
        )
        for port, bus in zip(ports[:NODES], ports[NODES:], strict=True)
    ]
    where = [f"127.0.0.1:{node.port}" for node in nodes]
    made = ["redis-cli", "--cluster", "create", *where, "--cluster-yes"]
    subprocess.run(made, check=True, capture_output=True, timeout=PATIENCE)
    for node in nodes:
        wait_until(lambda node=node: b"state:ok" in node.ask("CLUSTER", "INFO"), "the cluster")
    yield nodes
    for node in nodes:
        node.close()


@pytest.fixture
def ours(real):
    """A client of each of our nodes, which have the names and ports of the real ones."""
    cluster = Cluster(NODES, 0, lambda: 0.5)
    for node, other in zip(cluster.nodes, real, strict=True):
        node.port, node.name = other.port, other.ask("CLUSTER", "MYID").decode()
    return [
        ClusterClients(Redis().build(ManualClock(), lambda: 0.5), node).join()
        for node in cluster.nodes
    ]


def told(client, argv):
    return client.receive(resp(argv))


def told_by_real(node, argv):
    """The bytes of the real reply."""
    node.client.send(*argv)
    return raw(node.client.stream)


def raw(stream):
    """Read the bytes of one reply."""
    line = stream.readline()
    if line[:1] == b"$" and line != b"$-1\r\n":
        return line + stream.read(int(line[1:]) + 2)
    count = int(line[1:]) if line[:1] == b"*" else 0
    return line + b"".join(raw(stream) for _ in range(count))


def test_each_reply_is_the_servers(real, ours):
    """CLUSTER's questions and errors, READONLY, and what a cluster does not allow, at each node, byte for byte."""
    for name in ("foo", "{foo}a", "{foo}c"):
        for node, client in zip(real, ours, strict=True):
            assert told(client, [b"SET", name.encode(), b"1"]) == told_by_real(
                node, [b"SET", name, b"1"]
            )
    for line in PLAIN.replace("\n", ";").split(";"):
        argv = line.encode().split()
        for node, client in zip(real, ours, strict=True) if argv else ():
            assert told_by_real(node, argv) == told(client, argv), line


def is_about_the_cluster(reply):
    return reply.startswith((b"-MOVED", b"-CROSSSLOT")) or b"cluster mode" in reply


def test_each_command_is_redirected_as_by_the_server(real, ours):
    """Random arguments of every command that has keys: the same redirection, or none."""
    draw, redirected, served = Random(18), set(), set()
    for _ in range(COMMANDS):
        argv = [argument(part) for part in random_command(draw)]
        if not has_keys(ours[0], argv):
            continue
        place = draw.randrange(NODES)
        theirs, mine = told_by_real(real[place], argv), told(ours[place], argv)
        if is_about_the_cluster(theirs) or is_about_the_cluster(mine):
            assert theirs == mine, argv
            redirected.add(argv[0].upper().decode())
        else:
            served.add(argv[0].upper().decode())

    assert redirected >= {"BITOP", "COPY", "LCS", "MEMORY", "MOVE", "MSET", "OBJECT", "RENAME"}
    assert served >= {"GET", "HSET", "MGET", "OBJECT", "SET"}


def has_keys(client, argv):
    try:
        row = find(client.engine.commands, argv)
    except CommandError:
        return False
    return row.keys != NOWHERE and row.takes(argv)


def random_names(number):
    """Names with braces in any place."""
    draw = Random(18)
    return [
        "".join(draw.choices("{}{}ab\0é1", k=draw.randint(0, 9))).encode() for _ in range(number)
    ]


def test_a_slot_is_the_servers(real):
    """10,000 random names with braces."""
    names = random_names(10_000)
    for name in names:
        real[0].client.send("CLUSTER", "KEYSLOT", name)

    assert [real[0].client.reply() for _ in names] == [slot_of(name) for name in names]


@pytest.fixture
def serving():
    """Start `cachesim serve` with these options; return the ports."""
    running = []

    def one(*options):
        command = [sys.executable, "-m", "cachesim", "serve", "--port", "0", *options]
        running.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        where = running[-1].stdout.readline()
        return [
            int(word.rpartition(":")[2]) for word in where.split() if word.startswith("127.0.0.1:")
        ]

    yield one
    for server in running:
        server.kill()
        server.wait()
        server.stdout.close()


def test_redis_cli_follows_and_checks(serving, tool):  # noqa: F811
    """`redis-cli -c` finds each key; `--cluster check` is content."""
    ports = serving("--shards", "3")
    cli = ("redis-cli", "-c", "-p", str(ports[0]))

    for name in ("foo", "bar", "user:2", "{foo}x"):
        assert "OK\n" == tool(*cli, "SET", name, name)
        assert f"{name}\n" == tool("redis-cli", "-c", "-p", str(ports[1]), "GET", name)
    checked = tool("redis-cli", "--cluster", "check", f"127.0.0.1:{ports[2]}")
    assert "[OK] 4 keys in 3 masters." in checked
    assert "[OK] All nodes agree about slots configuration." in checked
    assert "[OK] All 16384 slots covered." in checked
    assert "MOVED 12182" in tool("redis-cli", "-p", str(ports[0]), "GET", "foo")


FROM_REPLICAS = """
import json, sys
import redis
cluster = redis.RedisCluster(host="127.0.0.1", port=int(sys.argv[1]), read_from_replicas=True)
for n in range(300):
    cluster.set(f"k{n}", n)
print(json.dumps({
    "found": [int(cluster.get(f"k{n}")) for n in range(300)] == list(range(300)),
    "replicas": len(cluster.get_replicas()),
    "hits": [node.redis_connection.info("stats")["keyspace_hits"] for node in cluster.get_replicas()],
}))
"""
REDIS_PY_PROGRAM = """
import json, random, sys
import redis
from redis.crc import key_slot
port, names = int(sys.argv[1]), json.loads(sys.argv[2])
cluster = redis.RedisCluster(host="127.0.0.1", port=port)
for n in range(1000):
    cluster.set(f"k{n}", n)
found = [int(cluster.get(f"k{n}")) for n in range(1000)]
print(json.dumps({
    "found": found == list(range(1000)),
    "nodes": len(cluster.get_nodes()),
    "sizes": [node.redis_connection.dbsize() for node in cluster.get_primaries()],
    "many": [each and each.decode() for each in cluster.mget_nonatomic(["k1", "k2", "k3", "none"])],
    "scanned": len(list(cluster.scan_iter("k*"))),
    "slots": [key_slot(bytes.fromhex(name)) for name in names],
    "shards": len(cluster.cluster_shards()),
}))
"""


def in_redis_py(unpacked, program, *arguments):  # noqa: F811
    """Run a program with redis-py's source package; return what it prints as JSON."""
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=unpacked(*REDIS_PY), capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert 0 == done.returncode, done.stderr
    return json.loads(done.stdout)


def test_redis_py_cluster(serving, unpacked):  # noqa: F811
    """RedisCluster sets and reads 1,000 keys over three nodes; its key_slot is ours on names with braces."""
    names = random_names(2000)
    ports = serving("--shards", "3")
    found = in_redis_py(
        unpacked, REDIS_PY_PROGRAM, str(ports[0]), json.dumps([name.hex() for name in names])
    )

    assert found["found"]
    assert 3 == found["nodes"] == found["shards"]
    assert 1000 == sum(found["sizes"]) == found["scanned"]
    assert min(found["sizes"]) > 250
    assert ["1", "2", "3", None] == found["many"]
    assert [slot_of(name) for name in names] == found["slots"]


def test_redis_py_reads_from_replicas(serving, unpacked, tool):  # noqa: F811
    """RedisCluster spreads reads over primaries and replicas; `--cluster check` counts the replicas."""
    ports = serving("--shards", "3", "--replicas", "1")
    found = in_redis_py(unpacked, FROM_REPLICAS, str(ports[0]))

    assert found["found"]
    assert 3 == found["replicas"]
    assert min(found["hits"]) > 10
    checked = tool("redis-cli", "--cluster", "check", f"127.0.0.1:{ports[5]}")
    assert 3 == checked.count("1 additional replica(s)")
    assert "[OK] All 16384 slots covered." in checked
