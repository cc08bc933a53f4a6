"""The stream: entries in the order of their ids, in a radix tree of listpacks (redis 7: t_stream.c, stream.h)."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import NamedTuple

from cachesim.engines.redis import memory
from cachesim.engines.redis.database import NodeLimits
from cachesim.engines.redis.db import Keyspace
from cachesim.engines.redis.rax import RadixTree
from cachesim.engines.redis.stream_group import UNKNOWN, Group, guessed
from cachesim.engines.redis.stream_ids import HIGHEST_ID
from cachesim.engines.redis.stream_node import PREPARED, StreamEntry, StreamNode, signed
from cachesim.engines.redis.structure import Structure

STREAM = 80  # bytes of a stream without what its pointers lead to
LARGEST = 1 << 30  # bytes of a node at most, whatever stream-node-max-bytes says
SAMPLES = 5  # nodes at which MEMORY USAGE looks


class Trim(NamedTuple):
    """What XTRIM, or XADD, removes from the beginning of a stream."""

    most: int | None = None  # entries that stay; None: it goes by the id
    lowest: int = 0  # the lowest id that stays
    is_rough: bool = False  # whether only whole nodes go
    limit: int = 0  # entries to remove at most; 0: no limit


class EntryStream(Structure):
    """Entries with ids that only rise, and the groups of consumers that read them.

    >>> from cachesim.engines.redis.engine import Redis
    >>> found = EntryStream(Redis().build(clock=lambda: 0.0, random=lambda: 0.5))
    >>> for id in (1, 2, 3):
    ...     found.append(id, [b"name", b"Ada"])
    >>> found.trim(Trim(most=2)), [entry.id for entry in found.between()], len(found)
    (1, [2, 3], 2)
    """

    type = "stream"
    encoding = "stream"

    def __init__(self, db: Keyspace) -> None:
        self.db = db
        self.nodes: RadixTree[int, StreamNode] = RadixTree(db.quantum)
        self.count = 0
        self.first = 0  # the id of the first entry
        self.last = 0  # the highest id that it ever had
        self.last_deleted = 0  # the highest id that XDEL removed
        self.added = 0  # entries that were ever added
        self.groups: RadixTree[bytes, Group] | None = None  # None: there was none yet
        self.content = 0  # bytes of the listpacks

    def __len__(self) -> int:
        """Return the number of entries."""
        return self.count

    @property
    def limits(self) -> NodeLimits:
        """The limits up to which entries share a node."""
        limits: NodeLimits = self.db.stream_limits
        return limits

    # Entries

    def append(self, id: int, content: list[bytes]) -> None:
        """Add an entry: fields with their values. Its id must be higher than the last one."""
        # redis 7: streamAppendItem
        node = self.nodes.entries.peekitem()[1] if len(self.nodes) else None
        if node is not None and not self._takes(node, sum(map(len, content))):
            self._count_again(node, node.shrink)
            node = None
        if node is None:
            most = self.limits.bytes
            room = min(PREPARED, most) if most else PREPARED
            node = StreamNode(id, tuple(content[::2]), room, self.db.quantum)
            self.content += node.room
            self.nodes.put(id, node)
        before = node.room
        node.append(id, content)
        self.content += node.room - before
        self.count, self.added, self.last = self.count + 1, self.added + 1, id
        if self.count == 1:
            self.first = id

    def _takes(self, node: StreamNode, size: int) -> bool:
        """Whether the last node may take one more entry, with so many bytes of text."""
        most = self.limits.bytes
        if node.bytes + size >= (most if 0 < most <= LARGEST else LARGEST):
            return False
        return not self.limits.entries or node.living + node.deleted < self.limits.entries

    def between(
        self, first: int = 0, last: int = HIGHEST_ID, reverse: bool = False, all: bool = False
    ) -> Iterator[StreamEntry]:
        """Iterate over the entries from one id to another, both included; if `all`, over deleted ones too."""
        if first > last or not len(self.nodes):
            return
        start = self.nodes.last_up_to(first)
        for node in self.nodes.between(start, last, reverse):
            some = node.entries[node.place(first) : node.place(last + 1)]
            for entry in reversed(some) if reverse else some:
                if all or not entry.is_deleted:
                    yield entry

    def find(self, id: int) -> StreamEntry | None:
        """Return the entry with an id; None if it is not there, or deleted."""
        return next(self.between(id, id), None)

    @property
    def last_living(self) -> int:
        """The id of the last entry that is there; 0 if there is none."""
        entry = next(self.between(reverse=True), None)
        return 0 if entry is None else entry.id

    def remove(self, id: int) -> bool:
        """Remove an entry. True if it was there; `removed` must follow."""
        # redis 7: streamIteratorRemoveEntry
        entry = self.find(id)
        if entry is None:
            return False
        node = self.nodes.between(self.nodes.last_up_to(id)).__next__()
        node.delete(entry)
        if node.living == 1:
            self._drop(node)
        else:
            self._count_again(node, lambda: node.count(living=-1, deleted=1))
            self.count -= 1
        self.last_deleted = max(self.last_deleted, id)
        return True

    def find_first(self) -> None:
        """Note the id of the first entry again, after some were removed."""
        self.first = next((entry.id for entry in self.between()), 0) if self.count else 0

    def trim(self, wanted: Trim) -> int:
        """Remove entries from the beginning; return how many."""
        # redis 7: streamTrim
        removed = 0
        while len(self.nodes) and self._exceeds(wanted):
            node: StreamNode = self.nodes.entries.peekitem(0)[1]
            if wanted.limit and removed + node.living > wanted.limit:
                break
            if not self._goes_whole(node, wanted):
                removed += 0 if wanted.is_rough else self._trim_node(node, wanted)
                break
            removed += node.living
            self._drop(node)
        if removed or not self.count:
            self.find_first()
        return removed

    def _exceeds(self, wanted: Trim) -> bool:
        return wanted.most is None or self.count > wanted.most

    def _goes_whole(self, node: StreamNode, wanted: Trim) -> bool:
        if wanted.most is None:
            return node.ids[-1] < wanted.lowest
        return self.count - node.living >= wanted.most

    def _trim_node(self, node: StreamNode, wanted: Trim) -> int:
        """Mark the first entries of a node as deleted."""
        gone = 0
        for entry in node.entries:
            if self.count <= wanted.most if wanted.most is not None else entry.id >= wanted.lowest:
                break
            if not entry.is_deleted:
                node.delete(entry)
                gone += 1
                self.count -= 1
        self._count_again(node, lambda: node.count(living=-gone, deleted=gone))
        return gone

    def _drop(self, node: StreamNode) -> None:
        self.nodes.drop(node.first)
        self.content -= node.room
        self.count -= node.living

    def _count_again(self, node: StreamNode, change: Callable[[], None]) -> None:
        """Change a node, and count the bytes that this adds or frees."""
        before = node.room
        change()
        self.content += node.room - before

    # Groups

    def group(self, name: bytes) -> Group | None:
        """Return a group; None if there is none of that name."""
        return None if self.groups is None else self.groups.get(name)

    def add_group(self, name: bytes, last: int, read: int = UNKNOWN) -> Group:
        """Add a group, which must be new."""
        if self.groups is None:
            self.groups = RadixTree(self.db.quantum)
        group = Group(last, read, self.db.quantum)
        self.groups.put(name, group)
        return group

    def has_gaps_from(self, id: int) -> bool:
        """Whether XDEL may have removed an entry that is not before this id."""
        # redis 7: streamRangeHasTombstones
        if not self.count or not self.last_deleted or self.first > self.last_deleted:
            return False
        return id <= self.last_deleted

    def counter(self, id: int) -> int:
        """Count the entries ever added up to an id; UNKNOWN if nobody can say it."""
        # redis 7: streamEstimateDistanceFromFirstEverEntry
        if not self.added or (not self.count and id <= self.last) or id == self.last:
            return self.added
        if id < self.last and (not self.last_deleted or self.last_deleted < self.first):
            if id < self.first:
                return self.added - self.count
            if id == self.first:
                return self.added - self.count + 1
        return UNKNOWN

    def lag(self, group: Group) -> int | None:
        """Count the entries that a group has still to read; None if nobody can say it."""
        # redis 7: streamReplyWithCGLag
        if not self.added:
            return 0
        read = group.read
        if read == UNKNOWN or self.has_gaps_from(group.last):
            read = self.counter(group.last)
        return None if read == UNKNOWN else signed(self.added - read)

    def note_read(self, group: Group, id: int) -> None:
        """Note that a group has read up to an id, if that is further than before."""
        # redis 7: streamReplyWithRange
        if id <= group.last:
            return
        if group.read != UNKNOWN and not self.has_gaps_from(id):
            group.read += 1
        elif self.added:
            group.read = self.counter(id)
        group.last = id

    # Bytes

    @property
    def size(self) -> int:
        """The bytes of the stream, without its key."""
        quantum = self.db.quantum
        whole = memory.allocated(memory.OBJECT, quantum) + memory.allocated(STREAM, quantum)
        if self.groups is not None:
            whole += self.groups.bytes + sum(group.size for group in self.groups.values())
        return whole + self.nodes.bytes + self.content

    @property
    def usage(self) -> int:
        """The bytes as MEMORY USAGE estimates them: from the first nodes and the last one."""
        # redis 7: object.c, objectComputeSize
        rooms = [node.room for node in islice(self.nodes.values(), SAMPLES)]
        packs = sum(rooms)
        if len(self.nodes) > len(rooms):
            last: StreamNode = self.nodes.entries.peekitem()[1]
            packs = packs // len(rooms) * (len(self.nodes) - 1) + last.room
        groups = () if self.groups is None else self.groups.values()
        whole = memory.OBJECT + STREAM + guessed(self.nodes) + packs
        return whole + sum(group.usage for group in groups)

    def copy(self) -> "EntryStream":
        """Return another stream with the same entries in the same nodes, and the same groups."""
        other = EntryStream(self.db)
        for id, node in self.nodes.items():
            other.install(id, node.copy())
        other.count, other.added, other.first = self.count, self.added, self.first
        other.last, other.last_deleted = self.last, self.last_deleted
        if self.groups:
            other.groups = RadixTree(self.db.quantum)
            for name, group in self.groups.items():
                other.groups.put(name, group.copy())
        return other

    def install(self, id: int, node: StreamNode) -> None:
        """Add a node with its entries, which are counted elsewhere."""
        self.nodes.put(id, node)
        self.content += node.room
