"""A cluster without sockets: who serves which command, and what the nodes say about each other."""

import asyncio
import re

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.redis.engine import Redis
from cachesim.engines.redis.slots import SLOTS, shares, slot_of
from cachesim.errors import BadInput
from cachesim.rng import uniform
from cachesim.wire.clients import Clients
from cachesim.wire.cluster import Cluster
from cachesim.wire.cluster_conversation import ClusterClients
from cachesim.wire.served_cluster import ServedCluster
from cachesim.wire.server import wall_clock
from tests.patience import PATIENCE
from tests.wire.test_server import ask, close


def joined(shards=3, replicas=1):
    """Connect a client to each node of a cluster whose ports are 1, 2, 3 ..."""
    cluster = Cluster(shards, replicas, uniform(1, "names"))
    for port, node in enumerate(cluster.nodes, 1):
        node.port = port
    return [
        ClusterClients(Redis().build(ManualClock(), lambda: 0.5), node).join()
        for node in cluster.nodes
    ]


def say(client, line):
    return client.receive(line.encode() + b"\r\n").decode()


def test_by_hand_on_five_requests():
    """The key foo has slot 12182, so the third of three nodes serves it; the first names that node."""
    one, two, three, *_ = joined()

    assert "-MOVED 12182 127.0.0.1:3\r\n" == say(one, "SET foo 1") == say(two, "GET foo")
    assert "+OK\r\n" == say(three, "SET foo 1")
    assert "*2\r\n$1\r\n1\r\n$-1\r\n" == say(three, "MGET foo {foo}b")
    assert "-CROSSSLOT" in say(three, "MGET foo bar")
    assert "+PONG\r\n" == say(one, "PING")


def test_the_checks_come_in_the_servers_order():
    """Name, number of arguments, one slot, the right node; only then the arguments and the types."""
    one, _, three, *_ = joined()

    assert "-ERR unknown command" in say(one, "SETT foo")
    assert "-ERR wrong number" in say(one, "MSET foo")
    assert "-CROSSSLOT" in say(one, "MSET foo 1 bar 2")
    assert "-MOVED" in say(one, "INCRBY foo x")
    assert "-ERR value is not" in say(three, "INCRBY foo x")
    assert "-MOVED" in say(one, "OBJECT ENCODING foo")
    assert "-MOVED" in say(one, "MEMORY USAGE foo")
    assert "-MOVED" in say(one, "BITOP AND {foo}a foo")


def test_a_redirection_is_a_rejected_call():
    """INFO counts it as the server does, and the keyspace was not asked."""
    one = joined()[0]
    say(one, "GET foo")

    assert "errorstat_MOVED:count=1" in say(one, "INFO errorstats")
    assert "cmdstat_get:calls=0,usec=0,usec_per_call=0.00,rejected_calls=1" in say(
        one, "INFO commandstats"
    )
    assert "keyspace_misses:0" in say(one, "INFO stats")


def test_a_replica_reads_after_readonly_only_its_own_shard():
    """Writes go to the primary all the same; READWRITE and RESET end it."""
    copy = joined()[5]

    assert "-MOVED 12182 127.0.0.1:3" in say(copy, "GET foo")
    assert "+OK\r\n" == say(copy, "READONLY")
    assert "$-1\r\n" == say(copy, "GET foo")
    assert "-MOVED 12182" in say(copy, "SET foo 1")
    assert "-MOVED 5061 127.0.0.1:1" in say(copy, "GET bar")
    for end in ("READWRITE", "RESET"):
        say(copy, "READONLY")
        say(copy, end)
        assert "-MOVED" in say(copy, "GET foo")


def test_each_node_tells_the_same_story():
    """SLOTS, SHARDS and NODES name every node; together the ranges are all slots."""
    clients = joined()

    assert 1 == len({say(each, "CLUSTER SLOTS") for each in clients})
    assert 1 == len({say(each, "CLUSTER SHARDS") for each in clients})
    for client in clients:
        told = say(client, "CLUSTER NODES")
        (mine,) = [line for line in told.splitlines() if "myself" in line]
        assert mine.startswith(say(client, "CLUSTER MYID").split("\r\n")[1])
        ranges = re.findall(r" (\d+)-(\d+)$", told.replace("\r\n", "\n"), re.MULTILINE)
        assert SLOTS == sum(int(last) - int(first) + 1 for first, last in ranges)
    assert "cluster_state:ok" in say(clients[0], "CLUSTER INFO")
    assert "mode\r\n$7\r\ncluster\r\n$4\r\nrole\r\n$7\r\nreplica" in say(clients[5], "HELLO")


@pytest.mark.parametrize("shards", [1, 2, 3, 7, 90, 500])
def test_the_shares_are_all_slots(shards):
    """No slot is missing or given twice, and no shard has two slots more than another."""
    sizes = [len(each) for each in shares(shards)]

    assert list(range(SLOTS)) == [slot for each in shares(shards) for slot in each]
    assert max(sizes) - min(sizes) <= 1


def test_keys_in_a_slot():
    """CountedKeys and listed, newest first; a wrong slot is refused."""
    three = joined()[2]
    say(three, "MSET foo 1 {foo}a 2 {foo}b 3")

    assert ":3\r\n" == say(three, f"CLUSTER COUNTKEYSINSLOT {slot_of(b'foo')}")
    assert "*2\r\n$6\r\n{foo}b\r\n$6\r\n{foo}a\r\n" == say(three, "CLUSTER GETKEYSINSLOT 12182 2")
    assert ":12182\r\n" == say(three, "CLUSTER KEYSLOT {foo}anything")
    assert "-ERR Invalid slot\r\n" == say(three, "CLUSTER COUNTKEYSINSLOT 16384")


def test_what_would_change_the_cluster_is_refused():
    """Resharding, failover, another database: one clear sentence each."""
    one = joined()[0]

    for command in (
        "CLUSTER MEET a 1",
        "CLUSTER FAILOVER",
        "CLUSTER SETSLOT 1 STABLE",
        "MIGRATE h 1 k 0 9",
    ):
        assert "is not served: `cachesim serve` keeps the nodes" in say(one, command)
    assert "-ERR SELECT is not allowed in cluster mode\r\n" == say(one, "SELECT 1")
    assert "-ERR Copying to another database" in say(one, "COPY bar {bar}2 DB 1")
    assert "+OK\r\n" == say(one, "SELECT 0")
    assert "unknown subcommand" in say(one, "CLUSTER NONE")


def test_a_single_server_has_no_cluster():
    """It says so with the server's words."""
    client = Clients(Redis().build(ManualClock(), lambda: 0.5)).join()

    for command in ("CLUSTER SLOTS", "READONLY", "READWRITE", "ASKING", "CLUSTER MEET a 1"):
        assert "-ERR This instance has cluster support disabled\r\n" == say(client, command)
    assert "cluster_enabled:0" in say(client, "INFO cluster")


async def opened(fleet, port=0):
    """Start a fleet; return its task and the ports."""
    where = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(fleet.run("127.0.0.1", port, where.set_result))
    done, _ = await asyncio.wait({task, where}, return_when=asyncio.FIRST_COMPLETED)
    if task in done:
        task.result()
    return task, [int(each.rpartition(":")[2]) for each in where.result().split()]


def fleet_of(shards):
    return ServedCluster(Redis(), shards, 0, wall_clock(1.0), 1.0, 1)


def test_a_fleet_on_real_ports():
    """Each node has a port, and a redirection leads to a node that serves; SHUTDOWN ends all."""

    async def check():
        task, ports = await opened(fleet_of(3))
        told = await ask(ports[0], b"SET foo 1\r\nCONFIG GET port\r\nPING\r\n")
        moved = int(re.search(rb"MOVED 12182 127\.0\.0\.1:(\d+)", told)[1])
        assert ports[2] == moved
        assert b"%d" % ports[0] in told
        assert b"+OK\r\n+PONG\r\n" == await ask(moved, b"SET foo 1\r\nPING\r\n")
        _, writer = await asyncio.open_connection("127.0.0.1", ports[1])
        writer.write(b"SHUTDOWN\r\n")
        await asyncio.wait_for(task, PATIENCE)
        await close(writer)

    asyncio.run(check())


def test_a_port_that_is_taken():
    """One sentence; the nodes that already listened are closed."""

    async def check():
        task, ports = await opened(fleet_of(1))
        with pytest.raises(BadInput, match="cannot listen"):
            await opened(fleet_of(2), ports[0])
        other, again = await opened(fleet_of(1))
        assert b"+PONG\r\n" == await ask(again[0], b"PING\r\n")
        for each in (task, other):
            each.cancel()
        await asyncio.wait({task, other})

    asyncio.run(check())


def test_a_script_stays_at_its_node():
    """A key of another node is refused inside it; with flags all its keys must have one slot."""
    one, two, *_ = joined()
    far = "-ERR Script attempted to access a non local key in a cluster node"
    other = "-ERR Script attempted to access keys that do not hash to the same slot"
    get = "return redis.call('get','%s')"

    assert say(one, f'EVAL "{get % "foo"}" 0').startswith(far)
    assert "$-1\r\n" == say(one, f'EVAL "{get % "bar"}" 0')  # slot 5061
    assert say(one, 'EVAL "return 1" 1 foo').startswith("-MOVED 12182 ")
    assert say(one, 'EVAL "return 1" 2 bar foo').startswith("-CROSSSLOT")
    assert say(one, f'EVAL "#!lua\\n{get % "bar"}" 1 hello').startswith(other)
    assert "$-1\r\n" == say(
        one, f'EVAL "#!lua flags=allow-cross-slot-keys\\n{get % "bar"}" 1 hello'
    )
    assert say(two, f'EVAL "{get % "bar"}" 0').startswith(far)
