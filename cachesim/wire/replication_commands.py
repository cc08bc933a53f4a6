"""The commands between a primary and its replicas, and those that ask about them.

PSYNC and REPLCONF come from a replica; ROLE and WAIT from any client. Their functions take the
client, a RedisConversation. The layouts are those of redis 7, replication.c.
"""

from typing import Any

from cachesim.engines.redis import server
from cachesim.engines.redis.arguments import SYNTAX, integer, quoted_last, text
from cachesim.engines.redis.command import RedisCommand, table
from cachesim.engines.redis.reply import Reply
from cachesim.errors import CommandError
from cachesim.wire.primary import Link, Primary, WaitsForReplicas

NOT_COPIED = (
    "ERR this server cannot be copied: a replica needs `cachesim serve --engine redis --speed 1`, "
    "and the primary, not a replica"
)
AT_A_REPLICA = (
    "ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if a "
    "replica is configured to be writable (which is not a good idea) writes to replicas are just "
    "local and are not propagated."
)


def link_of(client: Any) -> Link:
    """Give the link of a client that says it is a replica."""
    if client.link is None:
        client.link = Link(client)
    return client.link  # type: ignore[no-any-return]


def replconf(client: Any, *parts: bytes) -> Reply:
    """REPLCONF option value [option value ...]: a replica says where it listens and how far it is."""
    if len(parts) % 2:
        raise CommandError(SYNTAX)
    for option, value in zip(parts[::2], parts[1::2], strict=True):
        name = option.lower()
        if name == b"ack":
            link_of(client).acknowledge(integer(value))
            client.silent = True
            return None
        if name == b"listening-port":
            link_of(client).port = integer(value)
        elif name == b"ip-address":
            link_of(client).host = text(value)
        elif name not in (b"capa", b"rdb-only", b"rdb-filter-only"):
            raise CommandError(f"ERR Unrecognized REPLCONF option: {quoted_last(option)}")
    return "OK"


def psync(client: Any, identity: bytes, part: bytes) -> Reply:
    """PSYNC replication-id offset: send the stream from that byte on, or first all keys."""
    primary_of(client).join(link_of(client), text(identity), integer(part) - 1)
    client.silent = True
    return None


def sync(client: Any) -> Reply:
    """SYNC: send all keys as an RDB file, and then the stream."""
    primary_of(client).copy_to(link_of(client))
    client.silent = True
    return None


def primary_of(client: Any) -> Primary:
    """Give what serves the replicas. Raises CommandError if the engine cannot be copied."""
    primary: Primary | None = client.clients.primary
    if primary is None or not primary.has_real_time:
        raise CommandError(NOT_COPIED)
    return primary


def role(client: Any) -> Reply:
    """ROLE: a master with its replicas, or a slave with its master."""
    node, engine = client.node, client.engine
    if node is not None and node.primary:
        where = [node.primary.host.encode(), node.primary.port]
        return [b"slave", *where, b"connected", engine.offset]
    primary: Primary | None = client.clients.primary
    if primary is None:
        return server.role(engine)
    told = [(host.encode(), b"%d" % port, b"%d" % at) for host, port, at, _ in primary.replicas()]
    return [b"master", engine.offset, list(map(list, told))]


def wait(client: Any, number: int, part: bytes) -> Reply:
    """WAIT replicas milliseconds: wait until so many replicas have all writes; reply how many do.

    SIMPLIFIED: it waits for the writes of all clients until now, not only for this client's.
    """
    server.wait(client.engine, number, part)  # raises if the time is wrong
    primary: Primary | None = client.clients.primary
    if getattr(client.engine, "is_replica", False):
        raise CommandError(AT_A_REPLICA)
    if primary is None:
        return 0
    primary.spread()
    offset = primary.sent
    if (count := primary.count(offset)) >= number or client.in_exec:
        return count
    primary.ask_for_acks()
    client.block(WaitsForReplicas(client, number, offset, integer(part) / 1000))
    return None


COMMANDS = table(
    RedisCommand("PSYNC", "argument argument", "admin noscript no_multi", psync),
    RedisCommand("REPLCONF", "[argument ...]", "admin noscript loading stale allow_busy", replconf),
    RedisCommand("ROLE", "", "noscript loading stale fast", role),
    RedisCommand("SYNC", "", "admin noscript no_multi", sync),
    RedisCommand("WAIT", "integer milliseconds", "noscript", wait),
)
