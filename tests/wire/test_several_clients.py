"""Several clients in a fixed order, ours and a real server's: every reply is the same, byte for byte."""

import pytest

from tests.wire import stream_stories
from tests.wire.by_hand import Wire
from tests.wire.real import Client, RealRedis, resp, wait_until

# (client, command) in turn. A client that waits says nothing until another one serves it.
STORIES = {
    "waiting for lists": """
        0 BLPOP a b 0
        1 BRPOP b a 0
        2 RPUSH b 1 2 3
        2 LRANGE b 0 -1
        0 BLMOVE a c LEFT RIGHT 0
        1 BRPOP c 0
        2 LPUSH a x y
        2 LRANGE a 0 -1
        0 BLMPOP 0 2 d e RIGHT COUNT 2
        2 RPUSH e 1 2 3
        2 LRANGE e 0 -1
        0 BRPOPLPUSH f g 0
        2 SET g text
        2 RPUSH f 1
        2 LLEN f""",
    "waiting for sorted sets": """
        0 BZPOPMIN z 0
        1 BZPOPMAX y z 0
        2 ZADD z 1 a 2 b 3 c
        2 ZRANGE z 0 -1 WITHSCORES
        0 BZMPOP 0 1 z MAX COUNT 2
        1 BZMPOP 0 1 none MIN
        2 RPUSH none x
        2 DEL none
        2 ZADD none 1 a""",
    "waiting within a transaction": """
        0 BLPOP a 0
        1 MULTI
        1 RPUSH a 1 2
        1 BLPOP a 0
        1 BLPOP a 0
        1 BLPOP a 0
        1 RPUSH a 3
        1 EXEC
        2 EXISTS a""",
    "transactions": """
        0 MULTI
        0 SET a 1
        1 SET a 2
        0 INCR a
        0 LPUSH a x
        0 GET a
        0 EXEC
        1 GET a
        0 MULTI
        0 GET
        0 SET a 9
        0 EXEC
        1 GET a
        0 MULTI
        0 MULTI
        0 DISCARD
        0 DISCARD
        0 EXEC""",
    "watched keys": """
        0 WATCH a b
        1 SET b 1
        0 MULTI
        0 SET a 1
        0 EXEC
        1 EXISTS a
        0 WATCH a
        1 GET a
        0 MULTI
        0 SET a 2
        0 EXEC
        0 WATCH a
        0 UNWATCH
        1 DEL a
        0 MULTI
        0 PING
        0 EXEC
        0 WATCH n
        1 SELECT 1
        1 SET n 1
        0 MULTI
        0 PING
        0 EXEC
        0 MULTI
        0 WATCH a
        0 DISCARD""",
    "drawn, and removed": """
        0 SADD s a
        1 SPOP s
        0 SADD s a
        1 SPOP s 5
        2 EXISTS s
        0 SADD s 1 2 3
        1 SPOP s 0
        1 SPOP none 3
        1 SPOP none
        1 SPOP s -1
        2 SCARD s""",
    "messages": """
        0 SUBSCRIBE news
        1 PSUBSCRIBE n*
        2 PUBLISH news hello
        2 PUBSUB CHANNELS
        2 PUBSUB NUMSUB news none
        2 PUBSUB NUMPAT
        0 GET a
        0 PING
        1 PUNSUBSCRIBE n*
        1 PSUBSCRIBE *s
        2 MULTI
        2 PUBLISH news again
        2 EXEC
        0 UNSUBSCRIBE
        1 PUNSUBSCRIBE
        2 PUBLISH news nobody
        2 CONFIG SET notify-keyspace-events KEA
        0 PSUBSCRIBE __key*
        2 RPUSH l x
        1 LMOVE l m LEFT LEFT
        2 MSET a 1 b 2
        2 DEL a b""",
    **stream_stories.STORIES,
}
CLIENTS = 3


class Ours(Wire):
    """Our clients: each step gives what every client gets from it."""

    def step(self, number, words):
        """Let a client say something; return the bytes for each client."""
        self.late = [b""] * CLIENTS
        said = self.all[number].receive(resp(words))
        heard = list(self.late)
        heard[number] += said
        return heard


class Theirs:
    """The same with a real server, which tells how many bytes of its clients it has read."""

    def __init__(self, port):
        self.all = [Client(port) for _ in range(CLIENTS)]
        for client in self.all:
            client.socket.setblocking(False)
        self.asker = Client(port)
        self.asker.ask("FLUSHALL")
        self.asker.ask("CONFIG", "SET", "notify-keyspace-events", "")
        self.sent = 0
        self.sent = self.bytes_read()

    def step(self, number, words):
        """Let a client say something; return the bytes for each client."""
        self.all[number].send(*words)
        self.sent += len(resp(words))
        wait_until(lambda: self.bytes_read() == self.sent, "the server")
        self.sent += len(resp([b"PING"]))
        self.asker.ask("PING")  # before it reads this, it has sent all replies
        return [arrived(client.socket) for client in self.all]

    def bytes_read(self):
        """Ask how many bytes the server has read, this question included."""
        self.sent += len(resp([b"INFO", b"stats"]))
        lines = self.asker.ask("INFO", "stats").split(b"\r\n")
        return next(
            int(x.partition(b":")[2]) for x in lines if x.startswith(b"total_net_input_bytes")
        )

    def close(self):
        """Hang up."""
        for client in (*self.all, self.asker):
            client.close()


def arrived(line):
    """Return all bytes that are there."""
    found = b""
    while True:
        try:
            part = line.recv(1 << 16)
        except BlockingIOError:
            return found
        assert part, "the server hung up"
        found += part


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """Start a server."""
    server = RealRedis(tmp_path_factory.mktemp("several"))
    yield server
    server.close()


@pytest.mark.parametrize("story", STORIES)
def test_each_client_gets_the_same(real, story):
    """After each step, every client has the same bytes as the real server's client."""
    ours, theirs = Ours(CLIENTS), Theirs(real.port)
    try:
        for line in STORIES[story].strip().splitlines():
            number, *words = line.split()
            argv = [word.encode() for word in words]
            told = [each.step(int(number), argv) for each in (theirs, ours)]
            assert told[0] == told[1] or words[0] == "HELLO", (
                line
            )  # which tells the client's number
    finally:
        theirs.close()
