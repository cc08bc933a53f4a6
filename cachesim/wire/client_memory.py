"""The bytes that clients take: what they have sent in part, what they queue, what they have not read.

A client in use takes 22 kB at a real server, most of it for what it may send next. `base_memory` has
these bytes. What a client takes beyond them counts against maxmemory (redis 7: networking.c,
getClientMemoryUsage; evict.c).
"""

from typing import Any, NamedTuple

from cachesim.engines.redis.arguments import Arguments
from cachesim.engines.redis.engine import BIG, RedisEngine
from cachesim.engines.redis.memory import POINTER, allocated, header, sds
from cachesim.engines.redis.tally import ClientBytes
from cachesim.units import KIB

CLIENT = 768  # bytes of a client itself (measured: redis 7.0.15 of Debian)
REPLIES = 1024  # bytes of replies that need no list (redis 7: PROTO_REPLY_MIN_BYTES)
BLOCK, BLOCK_HEADER = 16 * KIB, 40  # of the list of replies (redis 7: PROTO_REPLY_CHUNK_BYTES)
READ = allocated(sds(16 * KIB)) - header(16 * KIB) - 1  # room for the next piece that is read
IN_USE = CLIENT + REPLIES + allocated(sds(READ))
IDLE = 2  # seconds after which a client has no room for the next piece
QUEUED, WATCHED, CHANNEL, PATTERN = 24, 56, 24, 24  # bytes of an entry
LEAST_LIMIT = 128 * KIB  # maxmemory-clients is not taken as less
FIRST_BUCKET = 15  # the smallest clients have up to 2**15 bytes; each next bucket twice as much


class Bytes(NamedTuple):
    """What one client takes, in bytes."""

    query: int  # what it has sent, and is no argument yet
    free: int  # room for more of it
    words: int  # the arguments of a command that is not complete
    queued: int  # the commands of its transaction
    first: int  # what it has not read, as far as that needs no list
    blocks: int  # the number of blocks in the list of the rest
    total: int

    def fields(self) -> dict[str, int]:
        """Give the fields of CLIENT LIST about bytes, in its order."""
        return {
            "qbuf": self.query,
            "qbuf-free": self.free,
            "argv-mem": self.words,
            "multi-mem": self.queued,
            "rbs": REPLIES,
            "rbp": self.first,
            "obl": self.first,
            "oll": self.blocks,
            "omem": self.blocks * (BLOCK + BLOCK_HEADER),
            "tot-mem": self.total,
        }


def bytes_of(client: Any, running: Arguments = ()) -> Bytes:  # type: ignore[assignment]
    """Count the bytes of a client; `running` is the command that runs for it now."""
    held = client.requests.held
    query = held.unread + (len_of(running) if running else 0)
    words, number = held.words, held.number
    if running:
        words, number = sum(map(len, running)), len(running)
    room = room_of(client, query, held.expected)
    queued = client.queue.size if client.queue is not None else 0
    unsent = client.unsent()
    blocks = -(-max(0, unsent - REPLIES) // BLOCK)
    total = CLIENT + REPLIES + (allocated(sds(room)) if room else 8)
    total += words + POINTER * number + queued + overhead(client)
    total += blocks * (BLOCK + BLOCK_HEADER)
    return Bytes(query, room - query, words, queued, min(unsent, REPLIES), blocks, total)


def len_of(command: Arguments) -> int:
    """Return the bytes of a command as most clients send it.

    >>> len_of([b"CLIENT", b"LIST"])
    26
    """
    parts = sum(len(b"$%d\r\n\r\n" % len(part)) + len(part) for part in command)
    return len(b"*%d\r\n" % len(command)) + parts


def room_of(client: Any, query: int, expected: int) -> int:
    """Return how many bytes the client's buffer of what it sends can have."""
    if client.engine.clock() - client.last > IDLE:
        return query
    return max(query, READ, expected if expected >= BIG else 0)


def overhead(client: Any) -> int:
    """Count the entries of a client's tables: queued commands, watched keys, channels.

    SIMPLIFIED: no table has an older, smaller one beside it.
    """
    names = client.subscriptions.names
    patterns: int = sum(is_pattern for is_pattern, _ in names)
    channels = len(names) - patterns
    size = PATTERN * patterns + CHANNEL * channels
    size += POINTER * max(4, 1 << (channels - 1).bit_length()) if channels else 0
    if client.queue is not None and client.queue.commands:
        size += QUEUED * max(2, 1 << (len(client.queue.commands) - 1).bit_length())
    if client.watch is not None:
        size += WATCHED * len(client.watch.were_dead)
    return size


class ClientMemory:
    """What the clients of one Redis engine take together; the largest go if it is too much."""

    def __init__(self, clients: Any, engine: RedisEngine) -> None:
        self.clients, self.engine = clients, engine
        self.totals: dict[Any, int] = {}  # of the clients that may take more than one in use does
        self.total = 0
        engine.client_bytes = self.facts

    def look(self, client: Any) -> None:
        """Count a client again after it has sent or got something."""
        if client.holds_nothing and client not in self.totals and not self.limit:
            return
        before = self.totals.pop(client, None)
        if before is not None:
            self._add(-1, before)
        if not client.over and client.link is None:
            self.totals[client] = total = bytes_of(client).total
            self._add(1, total)
            if client.holds_nothing and not self.limit:
                self.leave(client)
        if self.limit:
            self.evict()

    def _add(self, sign: int, total: int) -> None:
        self.total += sign * total
        self.engine.hold(sign * max(0, total - IN_USE))

    def leave(self, client: Any) -> None:
        """Forget a client."""
        if client in self.totals:
            self._add(-1, self.totals.pop(client))

    def look_at_all(self) -> None:
        """Count those again that may have read something since."""
        for client in list(self.clients.by_number.values() if self.limit else self.totals):
            self.look(client)

    @property
    def limit(self) -> int:
        """How much the clients may take together, in bytes; 0: any number (`maxmemory-clients`)."""
        # redis 7: networking.c, getClientEvictionLimit
        limit = self.engine.settings.get("maxmemory-clients", 0)
        if isinstance(limit, str):
            limit = self.engine.maxmemory * int(limit.rstrip("%")) // 100
            return max(LEAST_LIMIT, limit) if self.engine.maxmemory else 0
        return max(LEAST_LIMIT, limit) if limit else 0

    def evict(self) -> None:
        """Hang up on the largest clients until the others are within the limit."""
        # redis 7: networking.c, evictClients
        others = sum(each.link is None for each in self.clients.by_number.values())
        uncounted = (others - len(self.totals)) * IN_USE
        while self.total + uncounted >= self.limit:
            may_go = [each for each in self.totals if not each.is_kept]
            if not may_go:
                return
            largest = max(may_go, key=lambda each: bucket(self.totals[each]))
            self.leave(largest)
            self.engine.evicted_clients += 1
            largest.over = self.clients.has_news = True

    def facts(self) -> ClientBytes:
        """Count all clients, and what replicas have not read: as far as the backlog has it, it is free."""
        # redis 7: evict.c, freeMemoryGetNotCountedMemory
        self.look_at_all()
        everyone = self.clients.by_number.values()
        normal = sum(bytes_of(each).total for each in everyone if each.link is None)
        unsent = max((each.unsent() for each in everyone if each.link is not None), default=0)
        primary = self.clients.primary
        backlog = primary.engine.log.backlog if primary is not None else 0
        return ClientBytes(normal, max(0, unsent - backlog))


def bucket(total: int) -> int:
    """Return the class of a client's bytes: of one class, the oldest goes first.

    >>> bucket(1000), bucket(40_000), bucket(70_000)
    (15, 16, 17)
    """
    # redis 7: server.c, getMemUsageBucket
    return max(FIRST_BUCKET, total.bit_length())
