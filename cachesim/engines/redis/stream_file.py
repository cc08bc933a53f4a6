"""A stream in an RDB file: its listpacks as they are, and its groups (redis 7: rdb.c)."""

from collections.abc import Iterator
from typing import Any

from cachesim.engines.redis.listpack import packed
from cachesim.engines.redis.rax import ID_BYTES, RadixTree, name_of
from cachesim.engines.redis.rdb_parts import length, text
from cachesim.engines.redis.rdb_reader import Load, RdbReader, in_listpack
from cachesim.engines.redis.stream_group import Group, Pending
from cachesim.engines.redis.stream_ids import HALF, joined, number_of, time_of
from cachesim.engines.redis.stream_node import node_of, signed
from cachesim.engines.redis.stream_value import EntryStream
from cachesim.errors import BadInput

OLD, FORM = 15, 19  # RDB_TYPE_STREAM_LISTPACKS, of redis 5 and 6; RDB_TYPE_STREAM_LISTPACKS_2
DAMAGED = "the RDB file has a stream that is damaged: {}"


def dump(stream: EntryStream) -> bytes:
    """Write the content of a stream."""
    return b"".join(parts(stream))


def parts(stream: EntryStream) -> Iterator[bytes]:
    """Yield the pieces of a stream."""
    yield length(len(stream.nodes))
    for id, node in stream.nodes.items():
        yield text(name_of(id)) + text(packed(node.elements()))
    yield length(len(stream))
    for each in (stream.last, stream.first, stream.last_deleted):
        yield written_id(each)
    yield length(stream.added) + length(len(stream.groups or ()))
    for name, group in () if stream.groups is None else stream.groups.items():
        yield text(name) + written_id(group.last) + length(group.read % (1 << HALF))
        yield from group_parts(group)


def group_parts(group: Group) -> Iterator[bytes]:
    """Yield what is pending in a group, and its consumers."""
    yield length(len(group.pending))
    for id, pending in group.pending.items():
        yield name_of(id) + written_time(pending.when) + length(pending.count)
    yield length(len(group.consumers))
    for name, consumer in group.consumers.items():
        yield text(name) + written_time(consumer.seen) + length(len(consumer.pending))
        yield b"".join(map(name_of, consumer.pending))


def written_id(id: int) -> bytes:
    """Write an id as two lengths."""
    return length(time_of(id)) + length(number_of(id))


def written_time(when: int) -> bytes:
    """Write a time in milliseconds."""
    return when.to_bytes(8, "little", signed=True)


# Reading


def load(reader: RdbReader, db: Any, is_old: bool = False) -> EntryStream:
    """Read a stream. Raises BadInput."""
    stream = EntryStream(db)
    for _ in range(reader.length()):
        read_node(reader, stream)
    stream.count, stream.last = reader.length(), read_id(reader)
    if is_old:
        stream.added = stream.count
        stream.find_first()
    else:
        stream.first, stream.last_deleted = read_id(reader), read_id(reader)
        stream.added = reader.length()
    if stream.count and not len(stream.nodes):
        raise BadInput(DAMAGED.format("it has a length, and no entries"))
    for _ in range(reader.length()):
        read_group(reader, stream, is_old)
    return stream


def read_node(reader: RdbReader, stream: EntryStream) -> None:
    """Read a node. Raises BadInput."""
    name, pack = reader.text(), reader.text()
    first = int.from_bytes(name, "big")
    if len(name) != ID_BYTES or first in stream.nodes:
        raise BadInput(DAMAGED.format("a node's key is no id, or is there twice"))
    try:
        node = node_of(first, in_listpack(pack), stream.db.quantum)
    except (ValueError, StopIteration, RuntimeError):
        raise BadInput(DAMAGED.format("a node does not hold what it says")) from None
    stream.install(first, node)


def read_group(reader: RdbReader, stream: EntryStream, is_old: bool) -> None:
    """Read a group with its consumers. Raises BadInput."""
    name, last = reader.text(), read_id(reader)
    read = stream.counter(last) if is_old else reader.length()
    if stream.group(name) is not None:
        raise BadInput(DAMAGED.format("a group is there twice"))
    group = stream.add_group(name, last, signed(read))
    for _ in range(reader.length()):
        id, when = read_name(reader), int(reader.number("<q"))
        add_once(group.pending, id, Pending(None, when, reader.length()))
    for _ in range(reader.length()):
        read_consumer(reader, group)


def read_consumer(reader: RdbReader, group: Group) -> None:
    """Read a consumer. Raises BadInput."""
    name, seen = reader.text(), int(reader.number("<q"))
    if name in group.consumers:
        raise BadInput(DAMAGED.format("a consumer is there twice"))
    consumer = group.consumer(name, seen)
    for _ in range(reader.length()):
        id = read_name(reader)
        pending = group.pending.get(id)
        if pending is None:
            raise BadInput(DAMAGED.format("a consumer has pending what its group has not"))
        add_once(consumer.pending, id, pending)
        pending.consumer = consumer


def add_once(tree: RadixTree[int, Pending], id: int, pending: Pending) -> None:
    """Add a pending entry, which must be new. Raises BadInput."""
    if id in tree:
        raise BadInput(DAMAGED.format("an entry is pending twice"))
    tree.put(id, pending)


def read_id(reader: RdbReader) -> int:
    """Read an id that is two lengths."""
    return joined(reader.length(), reader.length())


def read_name(reader: RdbReader) -> int:
    """Read an id that is 16 bytes."""
    return int.from_bytes(reader.take(ID_BYTES), "big")


DUMPS = {EntryStream: (FORM, dump)}
LOADS: dict[int, Load] = {OLD: lambda reader, db: load(reader, db, is_old=True), FORM: load}
COMMANDS: dict[str, Any] = {}
