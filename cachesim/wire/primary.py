"""The primary's side of replication: a real redis-server can copy an engine that is served.

Everything that the replicas must do is one stream of commands. Its bytes are counted, and the last
ones are kept, so that a replica that was away for a short time gets only what it missed (redis 7:
replication.c). SIMPLIFIED: the copy of the keys takes no time and no fork, and is sent at once.
"""

from cachesim.engines.redis.arguments import Arguments
from cachesim.engines.redis.engine import RedisEngine
from cachesim.engines.redis.rdb import dump

BACKLOG = 1 << 20  # bytes of the stream that are kept: repl-backlog-size
MOST_WAITING = 256 << 20  # bytes that may wait for a replica, as in client-output-buffer-limit
PING_EVERY = 10.0  # seconds of wall time: repl-ping-replica-period
SILENT = 60.0  # seconds of wall time after which a replica that says nothing is left: repl-timeout


class Link:
    """The connection to one replica."""

    def __init__(self, host: str) -> None:
        self.host, self.port = host, 0  # where the replica listens, as it says
        self.outgoing: list[bytes] = []  # not yet handed to the socket
        self.is_online = False  # it has sent PSYNC
        self.acked = 0  # bytes of the stream that the replica says it has
        self.heard = 0.0  # wall time of its last word, in seconds

    def take(self) -> bytes:
        """Give what must be sent now, once."""
        sent = b"".join(self.outgoing)
        self.outgoing.clear()
        return sent


class Stream:
    """The bytes that all replicas get, counted from the start; the last ones are kept.

    >>> stream = Stream(most=30)
    >>> stream.add([b"PING"]), stream.add([b"DEL", b"a"])
    (b'*1\\r\\n$4\\r\\nPING\\r\\n', b'*2\\r\\n$3\\r\\nDEL\\r\\n$1\\r\\na\\r\\n')
    >>> stream.offset, stream.since(14), stream.since(5)
    (34, b'*2\\r\\n$3\\r\\nDEL\\r\\n$1\\r\\na\\r\\n', None)
    """

    def __init__(self, most: int = BACKLOG) -> None:
        self.most = most
        self.offset = 0  # bytes so far
        self.kept = bytearray()  # the last of them

    def add(self, argv: Arguments) -> bytes:
        """Add a command and give its bytes."""
        data = b"*%d\r\n" % len(argv) + b"".join(b"$%d\r\n%b\r\n" % (len(w), w) for w in argv)
        self.offset += len(data)
        self.kept += data
        del self.kept[: -self.most]
        return data

    @property
    def first(self) -> int:
        """The number of bytes before those that are kept."""
        return self.offset - len(self.kept)

    def since(self, offset: int) -> bytes | None:
        """Give the bytes after the first `offset` ones, or None if they are not all kept."""
        if not self.first <= offset <= self.offset:
            return None
        return bytes(self.kept[offset - self.first :])
