"""The bytes of clients: CLIENT LIST beside a real server's, keys that make room, clients that go."""

import asyncio

import pytest

from cachesim.engines.redis.engine import Redis
from cachesim.engines.redis.memory import allocated, sds
from cachesim.units import MIB
from cachesim.wire.client_line import described
from cachesim.wire.client_memory import IN_USE, bytes_of
from cachesim.wire.primary import Link
from tests.wire.by_hand import Wire
from tests.wire.real import Client, RealRedis, resp
from tests.wire.test_server import close, serving

LONG = b"*3\r\n$3\r\nSET\r\n$5000\r\n" + b"y" * 5000 + b"\r\n$20000\r\n" + b"z" * 15000
STATES = {  # name -> what a client has sent
    "a whole command": resp([b"SET", b"k", b"x" * 100]),
    "a word and a half": b"*3\r\n$3\r\nSET\r\n$9\r\nkey",
    "a long word": LONG,
    "a line without an end": b"SET a",
    "an empty transaction": resp([b"MULTI"]),
    "two queued commands": resp([b"MULTI"]) + 2 * resp([b"SET", b"a", b"1"]),
    "five queued commands": resp([b"MULTI"]) + 5 * resp([b"GET", b"abc"]),
    "watched keys": resp([b"WATCH", b"a", b"b", b"c"]),
    "channels": resp([b"SUBSCRIBE", *(b"c%d" % n for n in range(4))]),
    "patterns": resp([b"PSUBSCRIBE", b"a*", b"b*"]) + resp([b"SUBSCRIBE", b"c"]),
}
FIELDS = ("qbuf", "argv-mem", "multi-mem", "obl", "oll", "omem")


def fields_of(line):
    return {name: value for word in line.split() for name, _, value in [word.partition("=")]}


def sizes_of(line):
    """The bytes of a client, without the two buffers whose room depends on time."""
    fields = fields_of(line)
    size = {name: int(fields[name]) for name in FIELDS}
    room = allocated(sds(size["qbuf"] + int(fields["qbuf-free"])))
    return size | {"others": int(fields["tot-mem"]) - int(fields["rbs"]) - room}


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    server = RealRedis(tmp_path_factory.mktemp("real"))
    yield server
    server.close()


@pytest.mark.parametrize("state", STATES)
def test_a_client_takes_as_many_bytes_as_at_a_real_server(real, state):
    """Each field of CLIENT LIST about bytes is the same after the same bytes came."""
    other = Client(real.port)
    number = other.ask("CLIENT", "ID")
    other.socket.sendall(STATES[state])
    real.ask("PING")  # with its reply, what had come before was read
    theirs = real.ask("CLIENT", "LIST", "ID", number).decode()
    other.close()
    wire = Wire(1)
    wire.all[0].receive(STATES[state])

    assert sizes_of(theirs) == sizes_of(described(wire.all[0]))


def test_the_client_that_asks_counts_its_command(real):
    """CLIENT LIST of itself: the bytes of its command, and 22 kB in all."""
    theirs = fields_of(real.ask("CLIENT", "LIST").decode().splitlines()[0])
    wire = Wire(1)
    ours = fields_of(wire.say(0, "CLIENT LIST").decode().splitlines()[1])

    names = ("qbuf", "qbuf-free", "argv-mem", "multi-mem")
    assert [theirs[name] for name in names] == [ours[name] for name in names]
    assert IN_USE + len("CLIENTLIST") + 2 * 8 == int(ours["tot-mem"])


def test_the_room_of_a_silent_client_is_given_back():
    """A client in use has room for 16 KiB more; two seconds later it takes 1,800 bytes."""
    wire = Wire(1)
    wire.say(0, "DBSIZE")
    assert (20474, IN_USE) == bytes_of(wire.all[0])[1::5]
    wire.pass_time(3)
    assert (0, 1800) == bytes_of(wire.all[0])[1::5]


def fill(wire, maxmemory=2 * MIB):
    """Fill half of the memory with keys."""
    wire.say(0, f"CONFIG SET maxmemory {maxmemory}")
    for number in range(10):
        wire.say(0, f"SETRANGE {number} 100000 x")


def evicted(wire):
    return wire.engine.evictions, wire.engine.evicted_clients


def test_half_a_command_evicts_keys():
    """What clients hold counts against maxmemory while they hold it, and INFO shows it."""
    wire = Wire()
    fill(wire)
    before = used_memory(wire)
    wire.all[1].receive(b"*2\r\n$900000\r\n" + b"x" * 800_000)
    wire.clients.memory.look(wire.all[1])

    assert (before, before + 1 * MIB) < (used_memory(wire), before + 2 * MIB)
    wire.say(0, "DBSIZE")
    assert wire.engine.evictions > 0
    wire.clients.leave(wire.all[1])
    assert 0 == wire.engine.held_by_clients
    assert wire.engine.limit == wire.engine.maxmemory


def used_memory(wire):
    return int(fields_of_info(wire)["used_memory"])


def fields_of_info(wire, number=0):
    lines = wire.say(number, "INFO").decode().split("\r\n")
    return dict(line.split(":", 1) for line in lines if ":" in line)


def test_replies_that_are_not_read_evict_keys_too():
    """As long as they are unread; a replica's do not, and INFO says how much is not counted."""
    wire = Wire()
    fill(wire)
    wire.all[1].unsent = wire.all[2].unsent = lambda: 2 * MIB
    wire.all[2].link = Link(wire.all[2])
    wire.clients.memory.look(wire.all[2])
    wire.say(0, "DBSIZE")
    told = fields_of_info(wire)
    assert 0 == wire.engine.evictions
    assert str(1 * MIB) == told["mem_not_counted_for_evict"] == told["mem_clients_slaves"]

    wire.clients.memory.look(wire.all[1])
    wire.say(0, "DBSIZE")
    assert wire.engine.evictions > 0
    assert int(fields_of_info(wire)["mem_clients_normal"]) > 2 * MIB


def test_the_largest_clients_go():
    """maxmemory-clients ends clients from the largest on, until the others are below it."""
    wire = Wire(4)
    fill(wire)
    wire.say(0, "CONFIG SET maxmemory-clients 1mb")
    for number, size in ((1, 200_000), (2, 700_000), (3, 300_000)):
        wire.all[number].unsent = lambda size=size: size
        wire.clients.memory.look(wire.all[number])

    assert [False, False, True, False] == [client.over for client in wire.all]
    assert (0, 1) == evicted(wire)
    assert "1" == fields_of_info(wire)["evicted_clients"]
    wire.say(0, "CONFIG RESETSTAT")
    assert "0" == fields_of_info(wire)["evicted_clients"]


def test_a_client_may_be_spared():
    """CLIENT NO-EVICT ON: others go instead; a share of maxmemory is a limit too."""
    wire = Wire(3)
    fill(wire)
    wire.say(2, "CLIENT NO-EVICT ON")
    wire.say(0, "CONFIG SET maxmemory-clients 20%")
    wire.all[2].unsent = lambda: 300_000
    wire.all[1].unsent = lambda: 200_000
    wire.clients.look_at_clock()

    assert [False, True, False] == [client.over for client in wire.all]


def test_a_client_that_does_not_read_is_left_at_once():
    """CLIENT KILL of a client with a full socket closes it, and its bytes are free."""

    async def check():
        async with serving(Redis(memory=64 * MIB)) as (server, port):
            _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
            writer.write(b"SETRANGE a 4000000 x\r\n" + 4 * b"GET a\r\n")
            while not server.engine.held_by_clients:
                await asyncio.sleep(0)
            (client,) = server.clients.by_number.values()
            client.over = True
            server.look()
            while server.connections:
                await asyncio.sleep(0)
            assert 0 == server.engine.held_by_clients
            await close(writer)

    asyncio.run(check())
