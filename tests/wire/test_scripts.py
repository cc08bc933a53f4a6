"""Scripts through both servers: the bytes of every reply are the same (tests/wire/scripts.py has them)."""

import pytest

from cachesim.engines.redis.engine import Redis
from cachesim.engines.redis.watched import LoneEngine
from cachesim.wire.clients import Clients
from tests.wire.real import RealRedis, resp
from tests.wire.scripts import KEYS_BEFORE, as_commands

END = b"that is all"
END_REPLY = b"$%d\r\n%b\r\n" % (len(END), END)


def sent(command):
    """Give the bytes of a command."""
    return resp([part.encode("latin-1") for part in command])


class Real:
    """A real server's answers, as bytes."""

    def __init__(self, client):
        self.client = client

    def receive(self, data):
        """Send it, and read up to the end mark that is sent behind it."""
        self.client.socket.sendall(data + sent(("ECHO", END.decode())))
        got = b""
        while not got.endswith(END_REPLY):
            got += self.client.socket.recv(1 << 16)
        return got.removesuffix(END_REPLY)


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    server = RealRedis(tmp_path_factory.mktemp("redis"))
    yield Real(server.client)
    server.close()


def ours():
    """A client of the embedded engine."""
    return Clients(LoneEngine(Redis(memory=1 << 40), lambda: 0.0, lambda: 0.5)).join()


@pytest.mark.parametrize("version", [2, 3])
def test_every_reply_has_the_bytes_of_the_real_server(real, version):
    """Some 450 scripts and commands, in both protocols."""
    client, different = ours(), []
    for each in (client, real):
        each.receive(sent(("HELLO", str(version))))
    for command in as_commands():
        for each in (client, real):
            each.receive(b"".join(map(sent, KEYS_BEFORE)))
        mine, theirs = (each.receive(sent(command)) for each in (client, real))
        if mine != theirs:
            different.append((command, mine[:300], theirs[:300]))

    assert [] == different
