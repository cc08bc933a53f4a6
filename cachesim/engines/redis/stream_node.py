"""A node of a stream: one listpack of entries that stand together in the radix tree (redis 7: t_stream.c)."""

from bisect import bisect_left
from collections.abc import Iterator

from cachesim.engines.redis.listpack import EMPTY, element_bytes
from cachesim.engines.redis.memory import allocated
from cachesim.engines.redis.stream_ids import HALF, joined, number_of, time_of

PREPARED = 4096  # bytes that a new node gets at most beyond its need
FIXED = 3  # elements of an entry beside its content: its flags, and its id in two parts
DELETED, SAME = 1, 2  # the flags of an entry: it is gone; its fields are the node's


class StreamEntry:
    """An entry: its id, and its fields with their values, one after the other."""

    __slots__ = ("content", "flags", "id")

    def __init__(self, id: int, content: list[bytes], flags: int = 0) -> None:
        self.id, self.content, self.flags = id, content, flags

    @property
    def is_deleted(self) -> bool:
        """Whether only its place is left."""
        return bool(self.flags & DELETED)

    def elements(self, first: int) -> list[bytes]:
        """Return the entry as a listpack has it whose first id is that."""
        # redis 7: streamAppendItem: times and numbers are differences of 64 bits
        time = signed(time_of(self.id) - time_of(first))
        number = signed(number_of(self.id) - number_of(first))
        same = self.flags & SAME
        size = [] if same else [len(self.content) // 2]
        content = self.content[1::2] if same else self.content
        head = [self.flags, time, number, *size]
        count = len(head) + len(content)
        return [*map(written, head), *content, written(count)]


class StreamNode:
    """Entries with the ids of those that are deleted; their fields stand once if they are the same.

    >>> node = StreamNode(joined(5, 0), (b"name",), room=4096, quantum=16)
    >>> node.append(joined(5, 0), [b"name", b"Ada"])
    >>> node.append(joined(5, 1), [b"name", b"Alan"])
    >>> node.living, node.bytes, node.room
    (2, 48, 4096)
    """

    def __init__(self, first: int, fields: tuple[bytes, ...], room: int, quantum: int) -> None:
        self.first, self.fields, self.quantum = first, fields, quantum
        self.entries: list[StreamEntry] = []
        self.ids: list[int] = []
        self.living = self.deleted = 0
        self.bytes = EMPTY
        self.room = allocated(max(room, EMPTY), quantum)  # bytes
        for element in self.head():
            self._grow(element)

    def head(self) -> list[bytes]:
        """Return the elements before the entries."""
        counts = [self.living, self.deleted, len(self.fields)]
        return [*map(written, counts), *self.fields, written(0)]

    def elements(self) -> Iterator[bytes]:
        """Iterate over all elements of the listpack."""
        yield from self.head()
        for entry in self.entries:
            yield from entry.elements(self.first)

    def append(self, id: int, content: list[bytes]) -> None:
        """Add an entry behind the others."""
        self.count(living=1)
        same = tuple(content[::2]) == self.fields
        entry = StreamEntry(id, content, SAME if same else 0)
        self.take(entry)
        for element in entry.elements(self.first):
            self._grow(element)

    def take(self, entry: StreamEntry) -> None:
        """Add an entry whose bytes are counted elsewhere."""
        self.entries.append(entry)
        self.ids.append(entry.id)

    def delete(self, entry: StreamEntry) -> None:
        """Mark an entry as deleted; `count` must follow."""
        entry.flags |= DELETED

    def count(self, living: int = 0, deleted: int = 0) -> None:
        """Change the counts of entries at the head of the listpack."""
        for old, change in ((self.living, living), (self.deleted, deleted)):
            self._resize(element_bytes(written(old + change)) - element_bytes(written(old)))
        self.living += living
        self.deleted += deleted

    def shrink(self) -> None:
        """Give back what it does not need: no entry will be added."""
        self.room = allocated(self.bytes, self.quantum)

    def place(self, id: int) -> int:
        """Return the place of the first entry that is not before an id."""
        return bisect_left(self.ids, id)

    def copy(self) -> "StreamNode":
        """Return a node with the same entries, and no room for more."""
        other = StreamNode(self.first, self.fields, 0, self.quantum)
        other.living, other.deleted, other.bytes = self.living, self.deleted, self.bytes
        for entry in self.entries:
            other.take(StreamEntry(entry.id, entry.content, entry.flags))
        other.shrink()
        return other

    def _grow(self, element: bytes) -> None:
        self._resize(element_bytes(element))

    def _resize(self, change: int) -> None:
        """Count bytes that came or went; the allocator is asked if they do not fit, or if fewer are left."""
        # redis 7: listpack.c, lpInsert
        self.bytes += change
        if change < 0 or self.bytes > self.room:
            self.room = allocated(self.bytes, self.quantum)


def written(number: int) -> bytes:
    """Write a number as an element."""
    return b"%d" % number


def signed(number: int) -> int:
    """Return a difference as a number of 64 bits with a sign.

    >>> signed(5), signed(1 - (1 << 64))
    (5, 1)
    """
    half = 1 << HALF - 1
    return (number + half) % (1 << HALF) - half


def node_of(first: int, elements: list[bytes], quantum: int) -> StreamNode:
    """Make a node of the elements of its listpack. Raises ValueError, IndexError if they are none."""
    parts = iter(elements)
    living, deleted, size = (int(next(parts)) for _ in range(3))
    node = StreamNode(first, tuple(next(parts) for _ in range(size)), 0, quantum)
    node.living, node.deleted = living, deleted
    if int(next(parts)):
        raise ValueError("a node's head does not end with 0")
    while (flags := next(parts, None)) is not None:
        node.take(entry_of(node, int(flags), parts))
    if len(node.entries) != living + deleted:
        raise ValueError("a node has not as many entries as it says")
    node.bytes = EMPTY + sum(map(element_bytes, elements))
    node.shrink()
    return node


def entry_of(node: StreamNode, flags: int, parts: Iterator[bytes]) -> StreamEntry:
    """Read an entry behind its flags."""
    time, number = int(next(parts)) + time_of(node.first), int(next(parts)) + number_of(node.first)
    id = joined(time % (1 << HALF), number % (1 << HALF))
    if flags & SAME:
        content = [part for field in node.fields for part in (field, next(parts))]
    else:
        content = [next(parts) for _ in range(2 * int(next(parts)))]
    entry = StreamEntry(id, content, flags)
    if int(next(parts)) != len(entry.elements(node.first)) - 1:
        raise ValueError("an entry has not as many elements as it says")
    return entry
