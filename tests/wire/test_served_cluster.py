"""A cluster with replicas: the copies hold what the primaries hold, and bad options are refused."""

from random import Random

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.redis.arguments import argument
from cachesim.engines.redis.engine import Redis
from cachesim.wire.served_cluster import ServedCluster
from tests.cli.calls import refused
from tests.engines.redis.questions import shown
from tests.engines.redis.random_commands import random_command
from tests.wire.real import resp

SETTINGS = {"CONFIG", "INFO"}


class Nodes:
    """A fleet without sockets, and a client of each node."""

    def __init__(self, shards=2, replicas=2, speed=1.0, **fields):
        self.clock = ManualClock()
        self.fleet = ServedCluster(Redis(**fields), shards, replicas, self.clock, speed, 7)
        for port, node in enumerate(self.fleet.cluster.nodes, 1):
            node.port = port
        self.clients = [server.clients.join() for server in self.fleet.servers.values()]

    def say(self, place, line):
        return self.clients[place].receive(line.encode() + b"\r\n")

    def spread(self):
        """Do what the servers do after each command."""
        for client in self.clients:
            if client.clients.primary:
                client.clients.primary.spread()

    def data(self, place):
        """What a node holds: key, TTL and value of each."""
        engine = self.clients[place].engine
        return {
            key: (entry.when, shown(entry.value))
            for key, entry in engine.database(0).table.entries.items()
        }


def test_by_hand_on_five_commands():
    """The write is at both replicas of its shard; there it can be read after READONLY, and not be changed."""
    nodes = Nodes()
    assert b"+OK\r\n" == nodes.say(1, "SET foo 1")
    nodes.spread()

    assert b"-MOVED 12182 127.0.0.1:2\r\n" == nodes.say(3, "GET foo")
    for place in (3, 5):
        assert b"+OK\r\n$1\r\n1\r\n" == nodes.say(place, "READONLY\r\nGET foo")
        assert b"-MOVED 12182 127.0.0.1:2\r\n" == nodes.say(place, "DEL foo")
        assert b"-READONLY You can't write" in nodes.say(place, "FLUSHALL")
    assert b"$9\r\n127.0.0.1\r\n:2\r\n$9\r\nconnected\r\n:52\r\n" in nodes.say(5, "ROLE")
    assert b"$1\r\n4\r\n$2\r\n52\r\n" in nodes.say(1, "ROLE")
    assert b"master_port:2\r\nmaster_link_status:up" in nodes.say(5, "INFO replication")
    assert b":2\r\n" == nodes.say(1, "WAIT 2 0")
    assert b"-ERR WAIT cannot be used with replica" in nodes.say(3, "WAIT 1 0")


def test_copies_hold_what_the_primaries_hold():
    """After 6,000 random commands, with expiry and eviction: every key, value and TTL of each shard."""
    nodes, draw = Nodes(memory=90_000), Random(18)
    for number in range(6000):
        command = random_command(draw)
        left_out = {*SETTINGS, *(("FLUSHALL", "FLUSHDB") if number > 5000 else ())}  # keys are left
        if command[0].upper() not in left_out:
            for client in nodes.clients[:2]:
                client.receive(resp([argument(part) for part in command]))
        nodes.say(draw.randrange(2), f"SET {draw.randrange(500)} {'x' * 300}")
        nodes.clock.advance(0.02)
        nodes.spread()

    for place in (0, 1):
        assert len(nodes.data(place)) > 10
        assert nodes.data(place) == nodes.data(place + 2) == nodes.data(place + 4)
        engine = nodes.clients[place].engine
        assert min(engine.expirations, engine.evictions) > 10


def test_a_replica_removes_nothing_by_itself():
    """A dead key answers nil there at once; it counts until the primary's DEL comes."""
    nodes = Nodes(shards=1, replicas=1)
    nodes.say(0, "SET a 1 PX 500")
    nodes.spread()
    nodes.say(1, "READONLY")
    nodes.clock.advance(0.6)
    assert b"$-1\r\n:1\r\n" == nodes.say(1, "GET a\r\nDBSIZE")
    nodes.say(0, "GET a")
    nodes.spread()

    assert b":0\r\n" == nodes.say(1, "DBSIZE")


def test_nodes_have_draws_and_names_of_their_own():
    """The same seed gives the same names; no two nodes have the same one."""
    one, other = ([node.name for node in Nodes().fleet.cluster.nodes] for _ in range(2))

    assert one == other
    assert len(set(one)) == 6


def test_a_real_server_is_refused_where_its_clock_is_another():
    """At ten seconds per second the copies in the fleet live at the same clock, a real replica would not."""
    assert b"+FULLRESYNC" in _asked(Nodes())
    for nodes in (Nodes(speed=10.0), Nodes(speed=10.0, replicas=0)):
        assert b"-ERR this server cannot be copied" in _asked(nodes)


def _asked(nodes):
    refused_with = nodes.say(0, "PSYNC ? -1")
    link = nodes.clients[0].link
    return refused_with or link.take()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--replicas", "1"), "--replicas needs --shards"),
        (("--shards", "0"), "--shards"),
        (("--shards", "3", "--replicas", "6"), "--replicas"),
        (("--shards", "3", "--engine", "memcached"), "choose --engine redis"),
        (("--shards", "3", "--unixsocket", "x"), "leave it out"),
        (("--shards", "3", "--port", "65534"), "the last node would listen at port 65536"),
        (("--shards", "3", "--replicas", "1", "--speed", "2000"), "--speed must be <= 1000"),
    ],
)
def test_bad_fleets(options, says):
    """One sentence that names the option."""
    refused("serve", *options, says=[says])
