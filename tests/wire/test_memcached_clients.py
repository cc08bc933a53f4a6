"""What clients of memcached see of each other: `watch`, `stats conns`, `stats detail`, too many of them."""

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.memcached.engine import Memcached
from cachesim.units import MIB
from cachesim.wire.memcached_clients import FIRST, MOST_WATCHERS, MemcachedClients
from cachesim.wire.memcached_conversation import MemcachedConversation


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def members(clock):
    return MemcachedClients(Memcached(memory=2 * MIB).build(clock, float))


@pytest.fixture
def join(members):
    """Let a client in; `inbox` has what it gets without asking."""

    def one(peer="10.0.0.1:5000"):
        client = MemcachedConversation(members.engine, members, peer=peer, here="10.0.0.9:11211")
        client.inbox = []
        client.give = client.inbox.append
        members.join(client)
        return client

    return one


def test_watch_fetchers_and_mutations(join):
    """A line for each lookup and each store: the lookup of a store comes first, as in the server."""
    watcher, client = join(), join()

    assert watcher.receive(b"watch fetchers mutations\n") == b"OK\r\n"
    client.receive(b"set a:1 0 60 4\r\nvbar\r\nget a:1\r\n")
    assert watcher.receive(b"get a:1\r\n") == b""  # it says nothing more
    assert [line.partition(b"type=")[2] for line in watcher.inbox] == [
        b"item_get key=a%3A1 status=not_found clsid=0 cfd=25 size=0\n",
        b"item_store key=a%3A1 status=stored cmd=set ttl=60 clsid=1 cfd=25 size=4\n",
        b"item_get key=a%3A1 status=found clsid=1 cfd=25 size=4\n",
    ]
    assert watcher.inbox[1].startswith(b"ts=1577836800.000000 gid=2 ")


def test_watch_expired_and_refused(join, clock):
    """Why a key is not there, and why a value was not stored."""
    watcher, client = join(), join()
    watcher.receive(b"watch fetchers mutations\n")
    client.receive(b"set a 0 1 1\r\n1\r\n")
    clock.advance(1)
    client.receive(b"get a\r\nset b 0 0 9999999\r\n")

    assert b"status=expired" in watcher.inbox[2]
    assert b"status=too_large cmd=set" in watcher.inbox[3]


def test_watch_evictions(join):
    """A line for each item that makes room."""
    watcher, client = join(), join()
    watcher.receive(b"watch evictions\n")
    for number in range(9):
        client.receive(b"set k%d 0 0 450000\r\n%b\r\n" % (number, b"x" * 450_000))

    assert watcher.inbox
    assert watcher.inbox[0].partition(b"type=")[2] == (
        b"eviction key=k0 fetch=no ttl=-1 la=0 clsid=39 size=450000\n"
    )


def test_watch_connections(join):
    """Who comes and who goes, and whether the client broke the protocol."""
    watcher = join()
    watcher.receive(b"watch connevents\n")
    client = join("10.0.0.2:6000")
    client.receive(b"GET / HTTP/1.1\r\n")
    client.leave()

    assert [line.partition(b"type=")[2] for line in watcher.inbox] == [
        b"conn_new rip=10.0.0.2 rport=6000 transport=tcp cfd=25\n",
        b"conn_close rip=10.0.0.2 rport=6000 transport=tcp reason=error cfd=25\n",
    ]


def test_a_watcher_that_does_not_read(join, members):
    """What does not fit into its buffer is skipped, and it hears how much that was."""
    watcher, client = join(), join()
    waiting = [0]
    watcher.unsent = lambda: waiting[0]
    watcher.receive(b"watch\n")
    waiting[0] = 262_144
    client.receive(b"get a\r\nget b\r\n")
    assert watcher.inbox == []
    waiting[0] = 0
    client.receive(b"get c\r\n")

    assert watcher.inbox[0].startswith(b"skipped=2\nts=")
    assert members.engine.host.log_skipped == 2


def test_too_many_watchers(join, members):
    """Twenty may watch; one that leaves makes room. After the last nothing is told."""
    watchers = [join() for _ in range(MOST_WATCHERS)]
    assert {b"OK\r\n"} == {one.receive(b"watch\n") for one in watchers}
    assert join().receive(b"watch\n") == b"WATCHER_TOO_MANY log watcher limit reached\r\n"
    for one in watchers:
        one.leave()

    assert not members.engine.watched
    assert members.engine.host.watchers == 0
    assert join().receive(b"watch nonsense\n") == b"ERROR\r\n"


@pytest.mark.parametrize("command", [b"watch", b"lru_crawler metadump all"])
def test_commands_that_come_alone(join, command):
    """They take the whole connection, so nothing may wait to be sent before them."""
    client = join()
    told = client.receive(b"set a 0 0 1 noreply\r\n1\r\n" + command + b"\r\n")

    assert told == b"ERROR cannot pipeline other commands before %b\r\n" % command.split()[-2:][0]
    assert client.receive(command + b"\r\n").endswith((b"OK\r\n", b"END\r\n"))


def test_stats_conns(join, members, clock):
    """Each socket with its addresses, what it does, and since when."""
    members.listen([("10.0.0.9", 11211), "/tmp/a"])
    first, second = join(), join("/tmp/a:0")
    first.receive(b"set a 0 0 5\r\nab")
    clock.advance(3)
    told = second.receive(b"stats conns\r\n").decode().split("\r\n")

    assert f"STAT {FIRST - 2}:addr tcp:10.0.0.9:11211" in told
    assert f"STAT {FIRST - 1}:addr unix:/tmp/a" in told
    assert f"STAT {FIRST}:addr tcp:10.0.0.1:5000" in told
    assert f"STAT {FIRST}:listen_addr tcp:10.0.0.9:11211" in told
    assert f"STAT {FIRST}:state conn_nread" in told
    assert f"STAT {FIRST}:secs_since_last_cmd 3" in told
    assert f"STAT {FIRST + 1}:state conn_parse_cmd" in told


def test_figures_of_connections(join, members):
    """Bytes and connections are counted; `stats reset` sets the counters to 0."""
    client = join()
    join().leave()
    client.receive(b"version\r\n")
    host = members.engine.host

    assert (host.connections, host.total_connections, host.most_at_once) == (1, 2, 2)
    assert (host.bytes_read, host.bytes_written) == (9, 16)
    client.receive(b"stats reset\r\n")
    assert (host.connections, host.total_connections, host.bytes_written) == (1, 0, 7)


def test_too_many_connections(members):
    """As with -c 1024: 998 clients come in."""
    host = members.engine.host
    host.connections = 997
    assert not members.is_full()
    host.connections = 998
    assert members.is_full()
    assert host.rejected == 1


def test_stats_detail(join):
    """Commands by prefix, in the order of the server's hash table."""
    client = join()
    client.receive(b"set x:1 0 0 1\r\n1\r\n")  # not counted yet
    client.receive(
        b"stats detail on\r\nset x:1 0 0 1\r\n1\r\nget x:1 x:2\r\ndelete y:1\r\nget z\r\n"
    )

    assert client.receive(b"stats detail dump\r\n") == (
        b"PREFIX y get 0 hit 0 set 0 del 1\r\nPREFIX x get 2 hit 1 set 1 del 0\r\nEND\r\n"
    )
    client.receive(b"stats detail off\r\nget x:1\r\nstats reset\r\n")
    assert client.receive(b"stats detail dump\r\n") == b"END\r\n"
