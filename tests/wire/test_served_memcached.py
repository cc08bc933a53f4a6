"""A served memcached at its socket: two protocols on one port, a watcher, and one client too many."""

import asyncio

from cachesim.engines.memcached.engine import Memcached
from cachesim.wire.memcached_clients import TOO_MANY
from tests.engines.memcached.random_messages import message
from tests.patience import PATIENCE
from tests.wire.test_server import ask, close, serving


def test_both_protocols_on_one_port():
    """The first byte of a connection decides, and both see the same items."""

    async def check():
        async with serving(Memcached()) as (server, port):
            stored = message(0x11, b"a", bytes(8), b"1") + message(0x0B)
            assert (await ask(port, stored, end=b"1.6.18")).endswith(b"1.6.18")
            told = await ask(port, b"get a\r\nmn\r\n", end=b"MN\r\n")
            assert told == b"VALUE a 0 1\r\n1\r\nEND\r\nMN\r\n"
            assert server.members.engine.host.total_connections == 2

    asyncio.run(check())


def test_a_watcher_hears_of_others():
    """The line comes without being asked for."""

    async def check():
        async with serving(Memcached()) as (_, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"watch\r\n")
            assert await asyncio.wait_for(reader.readline(), PATIENCE) == b"OK\r\n"
            await ask(port, b"get nothing\r\nmn\r\n", end=b"MN\r\n")
            line = await asyncio.wait_for(reader.readline(), PATIENCE)
            assert b"type=item_get key=nothing status=not_found" in line
            await close(writer)

    asyncio.run(check())


def test_a_full_server():
    """One client too many gets a sentence and is hung up on; the process is in the figures."""

    async def check():
        async with serving(Memcached()) as (server, port):
            server.members.engine.host.max_connections = 26
            assert await ask(port, b"", end=b"nothing") == TOO_MANY
            server.members.engine.host.max_connections = 1024
            told = await ask(
                port, b"stats\r\nstats settings\r\n", end=b"memory_file (null)\r\nEND\r\n"
            )
            assert b"STAT rejected_connections 1\r\n" in told
            assert b"STAT pid 0\r\n" not in told
            assert b"STAT tcpport %d\r\n" % port in told

    asyncio.run(check())
