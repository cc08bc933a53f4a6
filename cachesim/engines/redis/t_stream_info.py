"""XINFO: what a stream, its groups and their consumers look like (redis 7: t_stream.c)."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from cachesim.engines.redis.arguments import WRONG_FORM, integer, text
from cachesim.engines.redis.command import RedisCommand, container, table
from cachesim.engines.redis.db import Keyspace
from cachesim.engines.redis.helptexts import XINFO, helper
from cachesim.engines.redis.memory import as_bytes
from cachesim.engines.redis.rax import RadixTree
from cachesim.engines.redis.reply import Reply
from cachesim.engines.redis.stream_group import UNKNOWN, Consumer, Group, Pending
from cachesim.engines.redis.stream_ids import shown_id
from cachesim.engines.redis.stream_node import signed
from cachesim.engines.redis.stream_told import instant
from cachesim.engines.redis.stream_value import EntryStream
from cachesim.engines.redis.t_stream import NO_KEY, found_in, shown
from cachesim.engines.redis.t_stream_groups import NO_GROUP, no_such
from cachesim.errors import CommandError

USUAL = 10  # entries that FULL shows without COUNT


def existing(db: Keyspace, key: str) -> EntryStream:
    """Return the stream. Raises CommandError if there is none."""
    stream = found_in(db, key)
    if stream is None:
        raise CommandError(NO_KEY)
    return stream


def info_stream(db: Keyspace, key: str, *parts: bytes) -> Reply:
    """XINFO STREAM key [FULL [COUNT n]]."""
    stream = existing(db, key)
    if not parts:
        return {**facts(stream), **ends(stream)}
    words = [text(part).upper() for part in parts[:2]]
    if len(parts) not in (1, 3) or words[0] != "FULL" or words[1:] not in ([], ["COUNT"]):
        raise CommandError(WRONG_FORM)
    count = integer(parts[2]) if len(parts) == 3 else USUAL
    most = None if count == 0 else USUAL if count < 0 else count
    return {
        **facts(stream),
        b"entries": [shown(entry) for entry in islice(stream.between(), most)],
        b"groups": [whole_group(stream, *pair, most) for pair in groups_of(stream)],
    }


def facts(stream: EntryStream) -> dict[bytes, Any]:
    """Return the facts that both forms of XINFO STREAM tell."""
    return {
        b"length": len(stream),
        b"radix-tree-keys": len(stream.nodes),
        b"radix-tree-nodes": stream.nodes.nodes,
        b"last-generated-id": shown_id(stream.last),
        b"max-deleted-entry-id": shown_id(stream.last_deleted),
        b"entries-added": signed(stream.added),
        b"recorded-first-entry-id": shown_id(stream.first),
    }


def ends(stream: EntryStream) -> dict[bytes, Any]:
    """Return the facts that only the short form tells."""
    first, last = (next(stream.between(reverse=reverse), None) for reverse in (False, True))
    return {
        b"groups": len(stream.groups or ()),
        b"first-entry": None if first is None else shown(first),
        b"last-entry": None if last is None else shown(last),
    }


def groups_of(stream: EntryStream) -> Iterator[tuple[bytes, Group]]:
    """Iterate over the groups with their names."""
    return iter(()) if stream.groups is None else stream.groups.items()


def progress(stream: EntryStream, group: Group) -> dict[bytes, Any]:
    """Return how far a group is."""
    return {
        b"last-delivered-id": shown_id(group.last),
        b"entries-read": None if group.read == UNKNOWN else signed(group.read),
        b"lag": stream.lag(group),
    }


def whole_group(
    stream: EntryStream, name: bytes, group: Group, most: int | None
) -> dict[bytes, Any]:
    """Return a group with its consumers, and with what is pending."""
    pending = [
        [shown_id(id), b"" if each.consumer is None else each.consumer.name, each.when, each.count]
        for id, each in first_of(group.pending, most)
    ]
    return {
        b"name": name,
        **progress(stream, group),
        b"pel-count": len(group.pending),
        b"pending": pending,
        b"consumers": [whole_consumer(each, most) for each in group.consumers.values()],
    }


def whole_consumer(consumer: Consumer, most: int | None) -> dict[bytes, Any]:
    """Return a consumer with what it has pending."""
    return {
        b"name": consumer.name,
        b"seen-time": consumer.seen,
        b"pel-count": len(consumer.pending),
        b"pending": [
            [shown_id(id), each.when, each.count] for id, each in first_of(consumer.pending, most)
        ],
    }


def first_of(tree: RadixTree[int, Pending], most: int | None) -> Iterator[tuple[int, Pending]]:
    """Iterate over the first pending entries."""
    return islice(tree.items(), most)


def info_groups(db: Keyspace, key: str) -> Reply:
    """XINFO GROUPS key."""
    stream = existing(db, key)
    return [
        {
            b"name": name,
            b"consumers": len(group.consumers),
            b"pending": len(group.pending),
            **progress(stream, group),
        }
        for name, group in groups_of(stream)
    ]


def info_consumers(db: Keyspace, key: str, name: bytes) -> Reply:
    """XINFO CONSUMERS key group."""
    group = existing(db, key).group(name)
    if group is None:
        raise no_such(NO_GROUP, name, as_bytes(key))
    return [
        {
            b"name": each.name,
            b"pending": len(each.pending),
            b"idle": max(0, instant(db) - each.seen),
        }
        for each in group.consumers.values()
    ]


COMMANDS = table(
    container("XINFO"),
    RedisCommand("XINFO|CONSUMERS", "key argument", "readonly", info_consumers),
    RedisCommand("XINFO|GROUPS", "key", "readonly", info_groups),
    helper("XINFO", XINFO),
    RedisCommand("XINFO|STREAM", "key [option ...]", "readonly", info_stream),
)
