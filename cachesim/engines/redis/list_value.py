"""The list: a quicklist, which is a chain of nodes, each a listpack of some elements (redis 7: quicklist.c)."""

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from sys import maxsize

from cachesim.engines.redis import memory
from cachesim.engines.redis.db import Keyspace
from cachesim.engines.redis.listpack import EMPTY, element_bytes
from cachesim.engines.redis.structure import Structure

QUICKLIST, NODE = 40, 40  # bytes without what the nodes hold (redis 7: quicklist.h)
LEVELS = (4096, 8192, 16384, 32768, 65536)  # bytes of a node: list-max-listpack-size -1 to -5
SAFE = 8192  # bytes of a node whose elements are counted
ESTIMATE = 8  # bytes that an element may take beyond its text
TWICE = 11  # bytes of a listpack that two nodes need only once
SAMPLES = 5  # nodes at which MEMORY USAGE looks

LEFT, RIGHT = "LEFT", "RIGHT"


def limits(fill: int) -> tuple[int, int]:
    """Return the most bytes and elements of a node, for a value of list-max-listpack-size.

    >>> limits(-2), limits(7)
    ((8192, 9223372036854775807), (8192, 7))
    """
    # redis 7: quicklist.c, quicklistNodeLimit
    return (SAFE, fill) if fill >= 0 else (LEVELS[min(-fill, len(LEVELS)) - 1], maxsize)


class ListNode:
    """A node: its elements, and the bytes of its listpack."""

    __slots__ = ("bytes", "items")

    def __init__(self, items: Iterable[bytes] = ()) -> None:
        self.items = deque(items)
        self.bytes = EMPTY + sum(map(element_bytes, self.items))


class List(Structure):
    """Elements in their order, with the nodes in which a server would keep them.

    SIMPLIFIED: no node is compressed (list-compress-depth 0), and no element has a node of another kind.

    >>> from cachesim.engines.redis.engine import Redis
    >>> found = List(Redis().build(clock=lambda: 0.0, random=lambda: 0.5))
    >>> for element in (b"b", b"c"):
    ...     found.push(element, RIGHT)
    >>> found.push(b"a", LEFT)
    >>> list(found), found.pop(RIGHT), len(found), found.size
    ([b'a', b'b', b'c'], b'c', 2, 128)
    """

    type = "list"
    encoding = "quicklist"

    size = 0  # bytes without the key: counted with each change, because every command asks for it

    def __init__(self, db: Keyspace, fill: int | None = None) -> None:
        self.db = db
        self.fill: int = db.list_fill if fill is None else fill  # list-max-listpack-size of then
        self.most_bytes, self.most_items = limits(self.fill)
        self.nodes: list[ListNode] = []
        self.count = 0
        self.size = db.allocated[memory.OBJECT] + db.allocated[QUICKLIST]

    def __len__(self) -> int:
        """Return the number of elements."""
        return self.count

    def __iter__(self) -> Iterator[bytes]:
        """Iterate from the left."""
        return chain.from_iterable(node.items for node in self.nodes)

    def __reversed__(self) -> Iterator[bytes]:
        """Iterate from the right."""
        return chain.from_iterable(reversed(node.items) for node in reversed(self.nodes))

    @property
    def usage(self) -> int:
        """The bytes as MEMORY USAGE estimates them: from the first nodes (redis 7: object.c)."""
        some = self.nodes[:SAMPLES]
        bytes_of_some = sum(NODE + memory.allocated(node.bytes, self.db.quantum) for node in some)
        whole = memory.allocated(memory.OBJECT, self.db.quantum) + QUICKLIST
        return whole + int(bytes_of_some / len(some) * len(self.nodes))

    def copy(self) -> "List":
        """Return another list with the same elements in the same nodes."""
        other = List(self.db, self.fill)
        other.count, other.size = self.count, self.size
        other.nodes = [ListNode(node.items) for node in self.nodes]
        return other

    def append_node(self, items: list[bytes]) -> None:
        """Add a node of these elements on the right, as a file has it."""
        if items:
            self._add_node(len(self.nodes), ListNode(items))
            self.count += len(items)

    # At the ends

    def push(self, element: bytes, side: str) -> None:
        """Add an element at a side."""
        nodes, is_left = self.nodes, side == LEFT
        node = nodes[0 if is_left else -1] if nodes else None
        if node is None or not self._allows(node, element):
            node = ListNode()
            self._add_node(0 if is_left else len(nodes), node)
        if is_left:
            node.items.appendleft(element)
        else:
            node.items.append(element)
        self._changed(node, element_bytes(element))
        self.count += 1

    def pop(self, side: str) -> bytes:
        """Remove the element at a side and return it. The list must not be empty."""
        at = 0 if side == LEFT else len(self.nodes) - 1
        node = self.nodes[at]
        element = node.items.popleft() if side == LEFT else node.items.pop()
        self.count -= 1
        if node.items:
            self._changed(node, -element_bytes(element))
        else:
            self._drop_node(at)
        return element

    # Anywhere

    def find(self, index: int) -> tuple[int, int] | None:
        """Return the node of an index from 0 on, and its place there; None beyond the end."""
        if not 0 <= index < self.count:
            return None
        for at, node in enumerate(self.nodes):
            if index < len(node.items):
                return at, index
            index -= len(node.items)
        raise AssertionError("the nodes have fewer elements than the list")

    def at(self, index: int) -> bytes | None:
        """Return the element at an index, below 0 from the right; None if there is none."""
        place = self.find(index + self.count * (index < 0))
        return None if place is None else self.nodes[place[0]].items[place[1]]

    def between(self, start: int, end: int) -> list[bytes]:
        """Return the elements from one index to another, both from 0 on and included."""
        if start > self.count // 2:
            backwards = islice(reversed(self), self.count - 1 - end, self.count - start)
            return list(backwards)[::-1]
        return list(islice(self, start, end + 1))

    def replace(self, index: int, element: bytes) -> bool:
        """Put an element in the place of another one; False if there is none."""
        place = self.find(index + self.count * (index < 0))
        if place is None:
            return False
        node = self.nodes[place[0]]
        old, node.items[place[1]] = node.items[place[1]], element
        self._changed(node, element_bytes(element) - element_bytes(old))
        return True

    def delete(self, start: int, count: int) -> None:
        """Remove `count` elements from an index on; as many must be there."""
        if not count:
            return
        place = self.find(start)
        assert place is not None
        at, offset = place
        while count:
            node = self.nodes[at]
            taken = list(islice(node.items, offset, offset + count))
            if len(taken) == len(node.items):
                self._drop_node(at)
            else:
                node.items = deque(
                    chain(islice(node.items, offset), islice(node.items, offset + len(taken), None))
                )
                self._changed(node, -sum(map(element_bytes, taken)))
                at += 1
            self.count -= len(taken)
            count -= len(taken)
            offset = 0

    def remove(self, element: bytes, most: int, side: str) -> int:
        """Remove elements that are equal to this one, from a side on; 0: all. Return how many."""
        removed = 0
        for node in self.nodes if side == LEFT else reversed(self.nodes):
            removed += self._remove_in(node, element, most - removed if most else 0, side)
            if most and removed == most:
                break
        for at in reversed(range(len(self.nodes))):
            if not self.nodes[at].items:
                self._drop_node(at)
        return removed

    def _remove_in(self, node: ListNode, element: bytes, most: int, side: str) -> int:
        places = [place for place, item in enumerate(node.items) if item == element]
        if most:
            places = places[:most] if side == LEFT else places[-most:]
        for place in reversed(places):
            del node.items[place]
        self.count -= len(places)
        self._changed(node, -len(places) * element_bytes(element))
        return len(places)

    def insert(self, pivot: bytes, element: bytes, side: str) -> bool:
        """Add an element beside the first one that is equal to the pivot; False if there is none."""
        for at, node in enumerate(self.nodes):
            if pivot in node.items:
                self._insert(at, node.items.index(pivot) + (side == RIGHT), element, side)
                self.count += 1
                return True
        return False

    def _insert(self, at: int, offset: int, element: bytes, side: str) -> None:
        """Add an element at a place of a node; if that is full, beside it or between its halves."""
        # redis 7: quicklist.c, _quicklistInsert
        node = self.nodes[at]
        if self._allows(node, element):
            self._put(node, offset, element)
        elif offset == (len(node.items) if side == RIGHT else 0):
            self._put_beside(at, element, side)
        else:
            half = self._split(at, offset, side)
            self._put(half, 0 if side == RIGHT else len(half.items), element)
            self._merge_around(node)

    def _put_beside(self, at: int, element: bytes, side: str) -> None:
        """Add an element next to a full node: in its neighbour, or in a new node."""
        other = at + 1 if side == RIGHT else at - 1
        if not (0 <= other < len(self.nodes) and self._allows(self.nodes[other], element)):
            other = at + (side == RIGHT)
            self._add_node(other, ListNode())
        node = self.nodes[other]
        self._put(node, 0 if side == RIGHT else len(node.items), element)

    def _put(self, node: ListNode, offset: int, element: bytes) -> None:
        node.items.insert(offset, element)
        self._changed(node, element_bytes(element))

    # Nodes

    def _allows(self, node: ListNode, element: bytes) -> bool:
        """Whether a node takes another element (redis 7: quicklist.c, _quicklistNodeAllowInsert)."""
        return self._fits(node.bytes + len(element) + ESTIMATE, len(node.items) + 1)

    def _fits(self, size: int, count: int) -> bool:
        return size <= self.most_bytes and count <= self.most_items

    def _add_node(self, at: int, node: ListNode) -> None:
        self.nodes.insert(at, node)
        self.size += self.db.allocated[NODE] + self.db.allocated[node.bytes]

    def _drop_node(self, at: int) -> None:
        node = self.nodes.pop(at)
        self.size -= self.db.allocated[NODE] + self.db.allocated[node.bytes]

    def _changed(self, node: ListNode, change: int) -> None:
        """Count the bytes of a node again."""
        allocated, before = self.db.allocated, node.bytes
        node.bytes = after = before + change
        self.size += allocated[after] - allocated[before]

    def _split(self, at: int, offset: int, side: str) -> ListNode:
        """Cut a node in two; return the new half, to which an element comes at the cut."""
        # redis 7: quicklist.c, _quicklistSplitNode
        node = self.nodes[at]
        items = list(node.items)
        kept, moved = items[:offset], items[offset:]
        if side == LEFT:
            kept, moved = moved, kept
        half = ListNode(moved)
        node.items = deque(kept)
        self._changed(node, EMPTY - half.bytes)
        self._add_node(at + (side == RIGHT), half)
        return half

    def _merge_around(self, node: ListNode) -> None:
        """Merge the neighbours of a node with theirs, and the node with them, where they fit."""
        # redis 7: quicklist.c, _quicklistMergeNodes
        self._merge(self.nodes.index(node) - 2)
        at = self.nodes.index(node)
        self._merge(at + 1)
        self._merge(at - self._merge(at - 1))

    def _merge(self, at: int) -> bool:
        """Merge a node with the one to its right, if both exist and fit into one. True if so."""
        if not 0 <= at < len(self.nodes) - 1:
            return False
        node, other = self.nodes[at], self.nodes[at + 1]
        if not self._fits(node.bytes + other.bytes - TWICE, len(node.items) + len(other.items)):
            return False
        self._drop_node(at + 1)
        node.items.extend(other.items)
        self._changed(node, other.bytes - EMPTY)
        return True
