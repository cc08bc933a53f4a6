"""The server: real sockets, many clients, slow readers, pauses, and a clean end."""

import asyncio
import contextlib
import signal
import socket
import subprocess
import sys
import time

import pytest

from cachesim.engines.base import START
from cachesim.engines.memcached.engine import Memcached
from cachesim.engines.redis.engine import Redis
from cachesim.engines.simple import Simple
from cachesim.errors import BadInput
from cachesim.rng import uniform
from cachesim.units import MIB
from cachesim.wire.addresses import Address
from cachesim.wire.connection import MOST_UNSENT
from cachesim.wire.server import Server, wall_clock
from cachesim.wire.turns import ENOUGH
from tests.patience import PATIENCE


@contextlib.asynccontextmanager
async def serving(spec, speed=1.0, path=None):
    """Serve an engine on a free port; yield the server and its port."""
    server = Server(spec.build(wall_clock(speed), uniform(1, "eviction")), speed)
    where = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(server.run(Address(port=0, path=path), where.set_result))
    done, _ = await asyncio.wait({task, where}, return_when=asyncio.FIRST_COMPLETED)
    if task in done:
        task.result()
    yield server, int(where.result().split(" and ")[0].rpartition(":")[2])
    server.ended.set()
    await asyncio.wait_for(task, PATIENCE)


async def ask(port, stream, end=b"+PONG\r\n"):
    """Send a stream on a new connection and read until the answer ends as it should."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(stream)
    answer = b""
    while not answer.endswith(end):
        part = await asyncio.wait_for(reader.read(1 << 16), PATIENCE)
        if not part:
            break
        answer += part
    await close(writer)
    return answer


async def close(writer):
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


def test_each_engine_answers():
    """Redis and the simple engine speak RESP, Memcached its text."""

    async def check():
        async with serving(Redis()) as (_, port):
            assert b"+OK\r\n$1\r\n1\r\n+PONG\r\n" == await ask(
                port, b"SET a 1\r\nGET a\r\nPING\r\n"
            )
        async with serving(Simple()) as (_, port):
            told = await ask(port, b"SET a 1 EX 9\r\nGET a\r\nDEL a b\r\nLPUSH a\r\nPING\r\n")
            assert told.startswith(
                b"+OK\r\n$1\r\n1\r\n:1\r\n-ERR unknown command 'LPUSH': the simple engine has"
            )
        async with serving(Memcached()) as (_, port):
            told = await ask(port, b"set a 0 0 1\r\n1\r\nget a\r\nmn\r\n", end=b"MN\r\n")
            assert b"STORED\r\nVALUE a 0 1\r\n1\r\nEND\r\nMN\r\n" == told

    asyncio.run(check())


def test_a_thousand_connections():
    """All are served at once, and CLIENT LIST and INFO know them."""

    async def check():
        async with serving(Redis()) as (server, port):
            talks = [await asyncio.open_connection("127.0.0.1", port) for _ in range(1000)]
            for _, writer in talks:
                writer.write(b"INCR n\r\n")
            told = [await asyncio.wait_for(reader.readline(), PATIENCE) for reader, _ in talks]
            assert {b":%d\r\n" % n for n in range(1, 1001)} == set(told)
            assert 1000 == server.engine.connected_clients
            for _, writer in talks:
                await close(writer)
            while server.connections:
                await asyncio.sleep(0.01)
            assert 0 == server.engine.connected_clients

    asyncio.run(check())


@pytest.mark.parametrize("spec", [Redis(), Memcached()])
def test_a_slow_reader_costs_bounded_memory(spec):
    """A client that asks for 200 MB and reads nothing makes the server keep a few MiB; then it gets all."""
    get = b"GET a\r\n" if isinstance(spec, Redis) else b"get a\r\n"
    wanted = 400

    async def check():
        async with serving(spec) as (server, port):
            server.engine.set("a", bytes(500_000))
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 16)
            writer.write(get * wanted)
            most = 0
            for _ in range(30):
                await asyncio.sleep(0.01)
                (connection,) = server.connections
                most = max(most, connection.transport.get_write_buffer_size())
            assert 0 < most <= MOST_UNSENT + ENOUGH + 2 * 500_100
            size = 0
            while size < wanted * 500_000:
                size += len(await asyncio.wait_for(reader.read(1 << 20), PATIENCE))
            await close(writer)

    asyncio.run(check())


def test_a_large_value_in_pieces():
    """20 MB in, 20 MB out."""

    async def check():
        async with serving(Redis(memory=256 * MIB)) as (_, port):
            value = b"x" * 20_000_000
            stream = b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$%d\r\n%b\r\nSTRLEN a\r\nGET a\r\nPING\r\n" % (
                len(value),
                value,
            )
            answer = await ask(port, stream)
            assert b"+OK\r\n:20000000\r\n$20000000\r\n%b\r\n+PONG\r\n" % value == answer

    asyncio.run(check())


def test_keys_expire_unasked_and_time_runs_faster():
    """At 1000 simulated seconds per second a TTL of 100 s ends after 0.1 s, without any request."""

    async def check():
        async with serving(Redis(), speed=1000.0) as (server, port):
            await ask(port, b"SET a 1 EX 100\r\nPING\r\n")
            given_up = time.monotonic() + PATIENCE
            while server.engine.expirations == 0 and time.monotonic() < given_up:
                await asyncio.sleep(0.01)
            assert 1 == server.engine.expirations

    asyncio.run(check())


def test_the_clock_shows_unix_time():
    """At speed 1 TIME is wall time."""
    before = time.time()
    shown = wall_clock(1.0)() + START

    assert before - 1e-3 <= shown <= time.time() + 1e-3


def test_databases_names_and_kills():
    """Each connection has its own database and name; one may end another."""

    async def check():
        async with serving(Redis()) as (_, port):
            first = await asyncio.open_connection("127.0.0.1", port)
            first[1].write(b"SELECT 1\r\nSET a 1\r\nCLIENT SETNAME me\r\nCLIENT ID\r\n")
            await first[0].readuntil(b":1\r\n")
            assert b"$-1\r\n+PONG\r\n" == await ask(port, b"GET a\r\nPING\r\n")
            listed = await ask(port, b"CLIENT LIST ID 1\r\nPING\r\n")
            assert b"name=me" in listed
            assert b" db=1 " in listed
            assert b":1\r\n+PONG\r\n" == await ask(port, b"CLIENT KILL ID 1\r\nPING\r\n")
            assert b"" == await asyncio.wait_for(first[0].read(), PATIENCE)
            await close(first[1])

    asyncio.run(check())


def test_a_pause_holds_back_everybody():
    """CLIENT PAUSE: no client gets an answer until it is over."""

    async def check():
        async with serving(Redis(), speed=10.0) as (_, port):
            began = time.monotonic()  # the pause begins later, and takes 0.3 s of wall time
            await ask(port, b"CLIENT PAUSE 3000\r\n", end=b"+OK\r\n")
            assert b"+PONG\r\n" == await ask(port, b"PING\r\n")
            assert time.monotonic() - began > 0.29

    asyncio.run(check())


def test_an_address_in_use(tmp_path):
    """One sentence; a file that is there already stays."""
    path = tmp_path / "s"
    path.write_text("mine")

    async def check():
        with pytest.raises(BadInput, match=r"cannot listen at .*choose another address"):
            async with serving(Redis(), path=str(path)):
                pass

    asyncio.run(check())
    assert "mine" == path.read_text()


def started(*options):
    """Start `cachesim serve` and wait for its first line; return the process and the line."""
    server = subprocess.Popen(
        [sys.executable, "-m", "cachesim", "serve", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    return server, server.stdout.readline()


@pytest.mark.parametrize("end", ["SIGINT", "SIGTERM", "SHUTDOWN"])
def test_serve_ends_cleanly(tmp_path, end):
    """By Ctrl-C, by a signal, by SHUTDOWN: exit code 0, nothing on stderr, the socket's file is gone."""
    path = tmp_path / "s"
    server, line = started("--unixsocket", str(path), "--maxmemory", "2mb", "--speed", "60")
    with socket.socket(socket.AF_UNIX) as talk:
        talk.connect(str(path))
        talk.sendall(b"PING\r\n")
        assert b"+PONG\r\n" == talk.recv(100)
        if end == "SHUTDOWN":
            talk.sendall(b"SHUTDOWN NOSAVE\r\n")
        else:
            server.send_signal(getattr(signal, end))
        _, errors = server.communicate(timeout=PATIENCE)

    assert (0, "") == (server.returncode, errors)
    assert not path.exists()
    assert "2 MiB" in line
    assert "60 simulated seconds per second" in line


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--engine=lur"], '--engine "lur"'),
        (["--port=70000"], "--port"),
        (["--port=x"], "--port"),
        (["--speed=0"], "--speed"),
        (["--maxmemory=x"], "--maxmemory"),
        (["--policy=lur"], "lur"),
        (["--engine=memcached", "--policy=lru"], "--policy"),
        (["--unixsocket=/no/such/folder/s"], "/no/such/folder/s"),
        (["--host=no.such.host.invalid", "--port=0"], "no.such.host.invalid"),
    ],
)
def test_serve_refuses(options, says):
    """Exit code 2 and one sentence."""
    server, line = started(*options)
    _, errors = server.communicate(timeout=PATIENCE)

    assert (2, "", 1) == (server.returncode, line, errors.count("\n"))
    assert says in errors


def test_a_socket_that_a_killed_server_left(tmp_path):
    """Nobody listens there any more, so the next server takes its place; a living one keeps it, and so does a file."""
    left, file = str(tmp_path / "left"), tmp_path / "file"
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(left)
    file.write_text("mine", encoding="utf-8")

    async def check():
        async with serving(Redis(), path=left):
            with pytest.raises(BadInput, match="something at"):
                async with serving(Redis(), path=left):
                    pass
        with pytest.raises(BadInput, match="something at"):
            async with serving(Redis(), path=str(file)):
                pass

    asyncio.run(check())
    assert "mine" == file.read_text(encoding="utf-8")
