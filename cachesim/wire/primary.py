"""The primary's side of replication: a real redis-server can copy an engine that is served.

A replica asks with PSYNC. It gets all keys as an RDB file and then the stream of commands; or, if
it was away for a short time, only the part of the stream that it missed (redis 7: replication.c).
SIMPLIFIED: the copy takes no time and no fork, and is sent at once.
"""

import math
from collections.abc import Callable
from secrets import token_hex
from typing import Any

from cachesim.engines.redis.arguments import argument
from cachesim.engines.redis.rdb import dump
from cachesim.engines.redis.replication import ReplicatedEngine
from cachesim.engines.redis.replication_log import FRAME, LogEntry
from cachesim.wire.blocked import Blocked

SILENT = 60.0  # seconds of wall time after which a replica that says nothing is left (redis 7: `repl-timeout`)
NO_IDENTITY = "0" * 40
GET_ACK = ("REPLCONF", "GETACK", "*")  # asks the replicas how far they are

Where = tuple[str, int]  # host and port


def in_stream(entry: LogEntry) -> bytes:
    r"""Give the bytes of an entry of the log, as the replicas get them.

    >>> in_stream(LogEntry(0.0, 14, ("PING",)))
    b'*1\r\n$4\r\nPING\r\n'
    """
    words = [argument(part) for part in entry.command]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(w), w) for w in words)


class Link:
    """The connection to one replica; `client` is its RedisConversation."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.host, self.port = client.peer.rpartition(":")[0], 0  # where it listens, as it says
        self.outgoing: list[bytes] = []  # not yet handed to the socket
        self.acked = 0  # bytes of the stream that the replica says it has
        self.spoke = True  # since the last look
        self.heard = 0.0  # wall time of its last word, in seconds
        self.silence = 0.0  # seconds since then, at the last look

    def acknowledge(self, offset: int) -> None:
        """Note how much of the stream the replica has."""
        self.acked = max(self.acked, offset)
        self.spoke = True

    def take(self) -> bytes:
        """Give what must be sent now, once."""
        sent = b"".join(self.outgoing)
        self.outgoing.clear()
        return sent


class WaitsForReplicas(Blocked):
    """A client that waits for replicas (WAIT); after `patience` seconds no more, 0: for ever."""

    def __init__(self, client: Any, replicas: int, offset: int, patience: float) -> None:
        super().__init__(client)
        self.primary: Primary = client.clients.primary
        self.replicas, self.offset = replicas, offset
        self.until = client.engine.clock() + patience if patience else math.inf
        self.primary.waiting.append(self)

    def time_out(self) -> None:
        """Reply how many replicas have the writes."""
        self.forget()
        self.client.late(self.primary.count(self.offset))

    def forget(self) -> None:
        """Wait no more."""
        self.primary.waiting.remove(self)


class Primary:
    """An engine's replicas: real ones at the end of a link, and copies in this process.

    Parameters
    ----------
    engine : ReplicatedEngine
        Its log is the stream. The log keeps the backlog for this object, which is its reader.
    """

    def __init__(self, engine: ReplicatedEngine) -> None:
        self.engine = engine
        self.links: list[Link] = []
        self.copies: list[tuple[Callable[[], Where], ReplicatedEngine]] = []
        self.waiting: list[WaitsForReplicas] = []
        self.has_real_time = True  # else a real server must not copy it: TTLs would end too late
        self.sent = engine.log.offset  # bytes of the stream that were handed out
        # Another process must not have the name, even with the same seed: the history is another one.
        engine.log.identity = token_hex(20)
        engine.log.readers.append(self)
        engine.about_replicas = self.facts

    def needs(self) -> int:
        """Give the offset behind which the log must keep every entry."""
        log = self.engine.log
        return min(self.sent, log.offset - log.backlog)

    def spread(self) -> None:
        """Hand out what was written to the log since the last call."""
        log = self.engine.log
        if log.offset == self.sent:
            return
        entries = log.after(self.sent)
        self.sent = log.offset
        if self.links:
            data = b"".join(map(in_stream, entries))
            for link in self.links:
                link.outgoing.append(data)
        for _, copy in self.copies:
            now = copy.clock()
            for entry in entries:
                copy.apply(entry, now)

    # Replicas come and go

    def join(self, link: Link, identity: str, offset: int) -> None:
        """Let a replica that has a history up to `offset` go on from there, or give it everything."""
        if link in self.links:
            return  # it has asked already
        self.spread()
        missed = self._missed(identity, offset)
        syncs = self.engine.tally.syncs
        if missed is None:
            syncs["partial_err"] += identity != "?"  # a replica without a history sends "?"
            link.outgoing.append(self._everything())
        else:
            syncs["partial_ok"] += 1
            link.outgoing.append(f"+CONTINUE {self.engine.log.identity}\r\n".encode() + missed)
            link.acked = offset
        self.links.append(link)

    def copy_to(self, link: Link) -> None:
        """Send all keys and then the stream, without a name for its history (SYNC)."""
        if link not in self.links:
            self.spread()
            link.outgoing.append(self._everything().partition(b"\r\n")[2])
            self.links.append(link)

    def leave(self, link: Link) -> None:
        """Forget a replica that is gone."""
        if link in self.links:
            self.links.remove(link)

    def _missed(self, identity: str, offset: int) -> bytes | None:
        """Give the stream after an offset, or None if that part is not kept."""
        log = self.engine.log
        if not log.continues(identity, offset):
            return None
        missed = b"".join(map(in_stream, log.after(offset)))
        return missed if offset + len(missed) == log.offset else None  # it was cut inside a command

    def _everything(self) -> bytes:
        """Give the reply to a PSYNC that begins with all keys. No line end follows the file."""
        log = self.engine.log
        self.engine.tally.syncs["full"] += 1
        log.reselect()  # the next entry says its database
        facts = {"repl-stream-db": 0, "repl-id": log.identity, "repl-offset": log.offset}
        file = dump(self.engine, facts, checksum=False)
        return f"+FULLRESYNC {log.identity} {log.offset}\r\n${len(file)}\r\n".encode() + file

    # Who has what

    def count(self, offset: int) -> int:
        """Count the replicas that have the stream up to an offset."""
        copies = sum(copy.applied >= offset for _, copy in self.copies)
        return copies + sum(link.acked >= offset for link in self.links)

    def replicas(self) -> list[tuple[str, int, int, float]]:
        """List the replicas: host, port, bytes of the stream that it has, seconds of silence."""
        copies = [(*where(), copy.applied, 0.0) for where, copy in self.copies]
        return copies + [(each.host, each.port, each.acked, each.silence) for each in self.links]

    def facts(self) -> dict[str, object]:
        """Give the section of INFO about replicas."""
        log, listed = self.engine.log, self.replicas()
        kept = min(log.backlog, log.offset - log.start)
        return {
            "role": "master",
            "connected_slaves": len(listed),
            **{
                f"slave{n}": f"ip={host},port={port},state=online,offset={at},lag={int(silence)}"
                for n, (host, port, at, silence) in enumerate(listed)
            },
            "master_failover_state": "no-failover",
            "master_replid": log.identity,
            "master_replid2": NO_IDENTITY,
            "master_repl_offset": log.offset,
            "second_repl_offset": -1,
            "repl_backlog_active": 1,
            "repl_backlog_size": log.backlog,
            "repl_backlog_first_byte_offset": log.offset - kept + 1,
            "repl_backlog_histlen": kept,
        }

    def ask_for_acks(self) -> None:
        """Ask each replica at the end of a link how far it is. The question is in the stream."""
        if self.links:
            self.engine.log.write(self.engine.clock(), GET_ACK, FRAME)
            self.spread()

    def answer(self) -> None:
        """Give their replies to the clients whose writes enough replicas have now."""
        for each in list(self.waiting):
            if self.count(each.offset) >= each.replicas:
                each.time_out()

    def listen(self, now: float) -> list[Link]:
        """Note who has spoken since the last look, and give the links that are silent too long."""
        for link in self.links:
            if link.spoke:
                link.heard, link.spoke = now, False
            link.silence = now - link.heard
        return [link for link in self.links if link.silence > SILENT]
