"""Sockets with TLS: who may connect, and what CONFIG SET changes while the server runs."""

import asyncio
import contextlib
import ssl

import pytest

from cachesim.engines.redis.config import configure
from cachesim.engines.redis.engine import Redis
from cachesim.errors import BadInput
from cachesim.rng import uniform
from cachesim.wire.addresses import Address
from cachesim.wire.server import Server, wall_clock
from cachesim.wire.tls import Tls
from tests.patience import PATIENCE
from tests.wire.tls_files import make_certificates


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    return folder, make_certificates(folder)


@contextlib.asynccontextmanager
async def serving(settings):
    """Serve at a port in plain text and one with TLS; yield both."""
    engine = Redis().build(wall_clock(1), uniform(1, "tls"))
    configure(engine, settings.items())
    server = Server(engine, 1)
    where = asyncio.get_running_loop().create_future()
    address = Address(port=0, tls_port=0)
    task = asyncio.create_task(server.run(address, where.set_result))
    done, _ = await asyncio.wait({task, where}, return_when=asyncio.FIRST_COMPLETED)
    if task in done:
        task.result()
    yield [int(name.rpartition(":")[2]) for name in where.result().split(" and ")]
    server.ended.set()
    await asyncio.wait_for(task, PATIENCE)


def context(folder, shows=True, version=None):
    made = ssl.create_default_context(cafile=str(folder / "ca.crt"))
    made.check_hostname = False
    if version is not None:
        made.maximum_version = version
    if shows:
        made.load_cert_chain(folder / "client.crt", folder / "client.key")
    return made


async def ask(port, line, tls=None):
    """Send a line; return the first line of the reply, or "cut off"."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls)
        writer.write(line.encode() + b"\r\n")
        reply = await asyncio.wait_for(reader.readline(), PATIENCE)
        writer.close()
    except (OSError, ssl.SSLError):
        return "cut off"
    return reply.decode().strip() or "cut off"


def test_only_clients_with_a_certificate_are_answered(files):
    """A client shows a certificate, unless tls-auth-clients says that it need not."""
    folder, settings = files

    async def check():
        async with serving(settings) as (plain, port):
            assert "+PONG" == await ask(plain, "PING")
            assert "+PONG" == await ask(port, "PING", context(folder))
            assert "cut off" == await ask(port, "PING", context(folder, shows=False))
            assert "cut off" == await ask(port, "PING")
            assert "+OK" == await ask(plain, "CONFIG SET tls-auth-clients optional")
            assert "+PONG" == await ask(port, "PING", context(folder, shows=False))
            assert "+OK" == await ask(
                plain, "CONFIG SET tls-auth-clients yes tls-protocols TLSv1.3"
            )
            assert "cut off" == await ask(port, "PING", context(folder, shows=False))
            old = context(folder, version=ssl.TLSVersion.TLSv1_2)
            assert "cut off" == await ask(port, "PING", old)

    asyncio.run(check())


def test_a_wrong_setting_is_refused_and_changes_nothing(files):
    """The error is the server's; the connections that come are as before."""
    folder, settings = files

    async def check():
        async with serving(settings) as (plain, port):
            for change in ("tls-cert-file /none", "tls-protocols none", "tls-ciphers none"):
                reply = await ask(plain, f"CONFIG SET {change}")
                assert (
                    f"'{change.split()[0]}') - Unable to update TLS configuration. Check" in reply
                )
                assert "+PONG" == await ask(port, "PING", context(folder))

    asyncio.run(check())


def test_ports_move(files):
    """CONFIG SET port and tls-port listen elsewhere at once, and 0 nowhere."""
    folder, settings = files

    async def check():
        async with serving(settings) as (plain, port):
            assert "+OK" == await ask(port, "CONFIG SET port 0", context(folder))
            assert "cut off" == await ask(plain, "PING")
            assert "+OK" == await ask(port, f"CONFIG SET port {plain}", context(folder))
            assert "+PONG" == await ask(plain, "PING")
            assert "Unable to listen on this port" in await ask(
                plain, f"CONFIG SET tls-port {plain}"
            )
            assert "+PONG" == await ask(port, "PING", context(folder))
            assert "+OK" == await ask(plain, "CONFIG SET tls-port 0")
            assert "cut off" == await ask(port, "PING", context(folder))

    asyncio.run(check())


def test_the_parameters_must_be_whole(files):
    """Each missing file has its sentence."""
    _, settings = files
    without = {name: value for name, value in settings.items() if "ca" not in name}
    for wrong, sentence in (
        ({}, "TLS needs a certificate and its key; give --tls-cert-file and --tls-key-file"),
        (without, "tls-ca-cert-file is missing, so no client's certificate can be checked"),
        (
            {**settings, "tls-key-file": "/none"},
            "TLS cannot use .*server.crt and /none: No such file",
        ),
        ({**settings, "tls-protocols": "SSL"}, "unknown protocol ssl"),
    ):
        with pytest.raises(BadInput, match=sentence):
            Tls(wrong)
    assert Tls({**without, "tls-auth-clients": "no"}).current.verify_mode == ssl.CERT_NONE
