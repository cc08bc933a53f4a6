"""The primary's side of replication by hand: what a replica is sent, and who has what."""

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.redis.engine import Redis
from cachesim.engines.redis.replication import ReplicatedEngine
from cachesim.wire.clients import Clients
from cachesim.wire.primary import SILENT
from tests.wire.real import resp

PING = b"*1\r\n$4\r\nPING\r\n"
SELECT = b"*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n"


class Wire:
    """A primary with a client and a replica, without sockets."""

    def __init__(self, backlog=1 << 20):
        self.engine = ReplicatedEngine(Redis(), ManualClock(), lambda: 0.5, backlog=backlog)
        self.clients = Clients(self.engine)
        self.primary = self.clients.primary
        self.client, self.replica = self.clients.join("c:1"), self.clients.join("10.0.0.7:5000")

    def say(self, line, who=None):
        return (who or self.client).receive(line.encode() + b"\r\n")

    def psync(self, identity="?", offset=-1):
        """Let the replica ask, on a new connection; give what it is sent."""
        self.clients.leave(self.replica)
        self.replica = self.clients.join("10.0.0.7:5000")
        assert b"" == self.say(f"PSYNC {identity} {offset}", self.replica)
        return self.sent()

    def sent(self):
        self.primary.spread()
        return self.replica.link.take()

    def ack(self, offset):
        assert b"" == self.say(f"REPLCONF ACK {offset}", self.replica)


def test_by_hand_on_five_commands():
    """All keys first, then each write in its propagated form; what changes nothing is not sent."""
    wire = Wire()
    wire.say("SET a 1")
    assert b"+OK\r\n" == wire.say("REPLCONF listening-port 7001 capa psync2", wire.replica)
    first, _, file = wire.psync().partition(b"\r\n")
    size, _, file = file.partition(b"\r\n")

    assert f"+FULLRESYNC {wire.engine.log.identity} {wire.engine.offset}".encode() == first
    assert size == b"$%d" % len(file)
    assert file.startswith(b"REDIS0010")
    wire.say("SETEX b 10 x")
    wire.say("DEL none")
    wire.say("INCR a")
    dated = [b"SET", b"b", b"x", b"PXAT", b"1577836810000"]
    assert wire.sent() == SELECT + resp(dated) + resp([b"INCR", b"a"])
    wire.engine.clock.advance(11)
    wire.engine.tick()
    assert {PING, resp([b"DEL", b"b"])} == set(resp_parts(wire.sent()))
    assert b"" == wire.sent()


def resp_parts(data):
    """Split a stream into its commands."""
    return [b"*" + part for part in data.split(b"*")[1:]]


def test_a_replica_that_was_away_gets_what_it_missed():
    """From the byte that it asks for; with another name or too old an offset, everything."""
    wire = Wire(backlog=200)
    wire.psync()
    wire.say("SET a 1")
    wire.sent()
    had = wire.engine.offset
    wire.primary.leave(wire.replica.link)
    wire.say("SET a 2")
    name = wire.engine.log.identity

    assert f"+CONTINUE {name}\r\n".encode() + resp([b"SET", b"a", b"2"]) == wire.psync(
        name, had + 1
    )
    assert wire.psync("f" * 40, had + 1).startswith(b"+FULLRESYNC")
    assert wire.psync(name, wire.engine.offset + 2).startswith(b"+FULLRESYNC")
    assert wire.psync(name, had).startswith(b"+FULLRESYNC"), "inside a command"
    for _ in range(20):
        wire.say("SET a 2")
    assert wire.psync(name, had + 1).startswith(b"+FULLRESYNC")
    assert b"sync_full:5\r\nsync_partial_ok:1\r\nsync_partial_err:4\r\n" in wire.say("INFO stats")


def test_all_keys_for_a_client_that_wants_a_file():
    """SYNC, as `redis-cli --rdb` sends it: the file without a name before it, and then the stream."""
    wire = Wire()
    wire.say("SET a 1")
    assert b"" == wire.say("SYNC", wire.replica)
    size, _, file = wire.sent().partition(b"\r\n")

    assert (b"$%d" % len(file), b"REDIS0010") == (size, file[:9])
    wire.say("SET a 2")
    assert wire.sent() == SELECT + resp([b"SET", b"a", b"2"])


def test_role_info_and_acknowledgements():
    """The replica is at the address that it gives; its offset is its last ACK."""
    wire = Wire()
    wire.psync()
    wire.say("REPLCONF listening-port 7001", wire.replica)
    wire.say("SET a 1")
    wire.sent()
    wire.ack(40)

    offset = wire.engine.offset
    assert 50 == offset
    told = b"*3\r\n$6\r\nmaster\r\n:50\r\n*1\r\n*3\r\n$8\r\n10.0.0.7\r\n$4\r\n7001\r\n$2\r\n40\r\n"
    assert told == wire.say("ROLE")
    assert b"slave0:ip=10.0.0.7,port=7001,state=online,offset=40,lag=0\r\n" in wire.say(
        "INFO replication"
    )
    wire.clients.leave(wire.replica)
    assert b"connected_slaves:0\r\n" in wire.say("INFO replication")


def test_wait_ends_with_the_acknowledgement_or_with_the_time():
    """Meanwhile the client's commands wait; the question to the replicas is in the stream."""
    wire = Wire()
    assert b":0\r\n" == wire.say("WAIT 0 0") == wire.say("SET a 1\r\nWAIT 0 0")[-4:]
    wire.psync()
    wire.say("SET a 1")
    assert b"" == wire.say("WAIT 1 500\r\nGET a") == wire.say("PING")
    assert wire.sent().endswith(resp([b"REPLCONF", b"GETACK", b"*"]))
    late = []
    wire.client.give = late.append
    wire.primary.answer()
    assert not late
    wire.ack(wire.engine.offset)
    wire.primary.answer()
    assert [b":1\r\n"] == late
    assert b"$1\r\n1\r\n+PONG\r\n" == wire.client.receive(b"")

    wire.say("WAIT 2 500")
    wire.engine.clock.advance(0.4)
    wire.clients.look_at_clock()
    assert [b":1\r\n"] == late
    wire.engine.clock.advance(0.1)
    wire.clients.look_at_clock()
    assert [b":1\r\n", b":1\r\n"] == late
    assert not wire.primary.waiting


def test_a_silent_replica_is_left():
    """After more than a minute without a word."""
    wire = Wire()
    wire.psync()

    assert [] == wire.primary.listen(100.0) == wire.primary.listen(100.0 + SILENT)
    wire.ack(0)
    assert [] == wire.primary.listen(161.0)
    assert [wire.replica.link] == wire.primary.listen(161.0 + SILENT + 0.1)


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("REPLCONF a", b"-ERR syntax error\r\n"),
        ("REPLCONF a b", b"-ERR Unrecognized REPLCONF option: a\r\n"),
        ("REPLCONF listening-port x", b"-ERR value is not an integer or out of range\r\n"),
        ("PSYNC a", b"-ERR wrong number of arguments for 'psync' command\r\n"),
        ("WAIT 1 x", b"-ERR timeout is not an integer or out of range\r\n"),
    ],
)
def test_bad_requests(line, error):
    """The server's sentences."""
    assert error == Wire().say(line)


def test_an_engine_without_a_log_cannot_be_copied():
    """It says what it would need."""
    client = Clients(Redis().build(ManualClock(), lambda: 0.5)).join()

    assert b"-ERR this server cannot be copied" in client.receive(b"PSYNC ? -1\r\n")
    assert b"*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n" == client.receive(b"ROLE\r\n")
    assert b":0\r\n" == client.receive(b"WAIT 1 0\r\n")


def test_each_process_has_a_history_of_its_own():
    """The same seed, another name: the replica of an earlier process gets everything."""
    assert Wire().engine.log.identity != Wire().engine.log.identity
