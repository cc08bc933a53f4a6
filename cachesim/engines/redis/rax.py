"""The radix tree: entries in the order of their keys, and the bytes that a server's tree takes (redis 7: rax.c).

A stream keeps its nodes, its groups, their consumers and what is pending in such trees. Keys that
begin alike share the nodes of what they have in common; a run of bytes without a branch is one node.
"""

from collections.abc import Iterator
from typing import Any, Generic, TypeVar

from sortedcontainers import SortedDict  # type: ignore[import-untyped] # it has no types

from cachesim.engines.redis.memory import allocated

RAX = 24  # bytes of a tree without its nodes
HEADER, POINTER = 4, 8  # bytes of a node's header, and of a pointer to a node or to a value
ID_BYTES = 16  # an id of a stream as a key

K = TypeVar("K", int, bytes)
V = TypeVar("V")


class RaxNode:
    """A node: one byte for each child, or the run of bytes that leads to its only child."""

    __slots__ = ("bytes", "chars", "children", "is_key", "is_run")

    def __init__(self, chars: bytes = b"", child: "RaxNode | None" = None) -> None:
        self.chars = bytearray(chars)
        self.children = [] if child is None else [child]
        self.is_run = len(chars) > 1
        self.is_key = False
        self.bytes = 0  # as the allocator gave them

    @property
    def needed(self) -> int:
        """The bytes that it needs now; after a removal it may have more."""
        size = HEADER + len(self.chars)
        return size + -size % POINTER + POINTER * (len(self.children) + self.is_key)

    @property
    def is_link(self) -> bool:
        """Whether it only leads to one other node, and holds no key."""
        return len(self.children) == 1 and not self.is_key


class RadixShape:
    """The nodes of a tree, which follow from its keys and from their history.

    >>> shape = RadixShape(quantum=16)
    >>> for key in (b"foo", b"foobar", b"footer"):
    ...     shape.add(key)
    >>> shape.nodes, shape.bytes
    (6, 144)
    """

    def __init__(self, quantum: int) -> None:
        self.quantum = quantum
        self.nodes, self.bytes = 0, allocated(RAX, quantum)
        self.root = self._fit(RaxNode())

    def _fit(self, node: RaxNode) -> RaxNode:
        """Let the allocator give a node what it needs: a new one, or one that has changed."""
        self.nodes += not node.bytes
        size = allocated(node.needed, self.quantum)
        self.bytes += size - node.bytes
        node.bytes = size
        return node

    def _free(self, node: RaxNode) -> None:
        self.bytes -= node.bytes
        self.nodes -= 1

    def _walk(self, key: bytes) -> tuple[list[RaxNode], int, int]:
        """Follow a key. Return the nodes on its way, how many of its bytes they have, and the place in the last run."""
        # redis 7: raxLowWalk
        node, way, at = self.root, [self.root], 0
        while node.children and at < len(key):
            if node.is_run:
                same = common(node.chars, key, at)
                at += same
                if same < len(node.chars):
                    return way, at, same
                child = 0
            elif (child := node.chars.find(key[at])) < 0:
                break
            else:
                at += 1
            node = node.children[child]
            way.append(node)
        return way, at, 0

    def add(self, key: bytes) -> None:
        """Add a key that is not there."""
        # redis 7: raxGenericInsert
        way, at, place = self._walk(key)
        node = way[-1]
        if node.is_run and (at < len(key) or place):
            node = self._split(way, place, is_end=at == len(key))
        while at < len(key):
            rest = key[at:] if not node.children else key[at : at + 1]
            child = RaxNode()
            node.chars += rest
            node.children.append(child)
            node.is_run = len(node.chars) > 1 and len(node.children) == 1
            self._fit(node)
            self._fit(child)
            node, at = child, at + len(rest)
        if not node.is_key:
            node.is_key = True
            self._fit(node)

    def _split(self, way: list[RaxNode], place: int, is_end: bool) -> RaxNode:
        """Cut a run at a place; return the node where the new key goes on, or ends."""
        run, child = way[-1], way[-1].children[0]
        chars, was_key = bytes(run.chars), run.is_key
        self._free(run)
        if is_end:
            after = self._fit_key(RaxNode(chars[place:], child), True)
            self._replace(way, self._fit_key(RaxNode(chars[:place], after), was_key))
            return after
        if place + 1 < len(chars):
            child = self._fit(RaxNode(chars[place + 1 :], child))
        fork = self._fit_key(RaxNode(chars[place : place + 1], child), was_key and not place)
        before = self._fit_key(RaxNode(chars[:place], fork), was_key) if place else fork
        self._replace(way, before)
        return fork

    def _fit_key(self, node: RaxNode, is_key: bool) -> RaxNode:
        node.is_key = is_key
        return self._fit(node)

    def _replace(self, way: list[RaxNode], new: RaxNode) -> None:
        """Put a node in the place of the last one of a way."""
        if len(way) == 1:
            self.root = new
        else:
            children = way[-2].children
            children[children.index(way[-1])] = new

    def remove(self, key: bytes) -> None:
        """Remove a key that is there."""
        # redis 7: raxRemove
        way, _, _ = self._walk(key)
        node = way[-1]
        node.is_key = False
        if not node.children:
            self._prune(way)
        elif len(node.children) == 1:
            self._compress(way)

    def _prune(self, way: list[RaxNode]) -> None:
        """Remove the nodes that led to the last one only."""
        child = None
        while len(way) > 1:
            child = way.pop()
            self._free(child)
            if not way[-1].is_link:
                break
        if child is None:
            return
        node = way[-1]
        if node.is_run:
            node.chars, node.children, node.is_run = bytearray(), [], False  # it keeps its bytes
            return
        at = node.children.index(child)
        del node.chars[at], node.children[at]
        self._fit(node)
        if node.is_link:
            self._compress(way)

    def _compress(self, way: list[RaxNode]) -> None:
        """Make one run of the nodes around the last one that only lead to one other."""
        while len(way) > 1 and way[-2].is_link:
            way.pop()
        run, node = [way[-1]], way[-1].children[0]
        while node.is_link:
            run.append(node)
            node = node.children[0]
        if len(run) > 1:
            whole = RaxNode(b"".join(bytes(each.chars) for each in run), node)
            for each in run:
                self._free(each)
            self._replace(way, self._fit(whole))


def common(chars: bytearray, key: bytes, at: int) -> int:
    """Count the bytes of a run that a key has from a place on."""
    same = 0
    for one, other in zip(chars, key[at:], strict=False):
        if one != other:
            break
        same += 1
    return same


def name_of(key: int | bytes) -> bytes:
    """Return a key as the tree has it: an id is 16 bytes, the highest ones first."""
    return key if isinstance(key, bytes) else key.to_bytes(ID_BYTES, "big")


class RadixTree(Generic[K, V]):
    """Values by ids or by names, in their order, with the bytes of the tree.

    >>> tree = RadixTree(quantum=16)
    >>> tree.put(7, "seven")
    >>> tree.put(5, "five")
    >>> list(tree.items()), len(tree), tree.nodes
    ([(5, 'five'), (7, 'seven')], 2, 4)
    """

    def __init__(self, quantum: int) -> None:
        self.entries: Any = SortedDict()
        self.shape = RadixShape(quantum)

    @property
    def bytes(self) -> int:
        """The bytes of the tree, without the values."""
        return self.shape.bytes

    @property
    def nodes(self) -> int:
        """How many nodes a server's tree has."""
        return self.shape.nodes

    def __len__(self) -> int:
        """Return the number of values."""
        return len(self.entries)

    def __iter__(self) -> Iterator[K]:
        """Iterate over the keys."""
        return iter(self.entries)

    def __contains__(self, key: object) -> bool:
        """Whether there is a value under a key."""
        return key in self.entries

    def get(self, key: K) -> V | None:
        """Return the value under a key; None if there is none."""
        value: V | None = self.entries.get(key)
        return value

    def put(self, key: K, value: V) -> None:
        """Store a value under a key, which may be new."""
        if key not in self.entries:
            self.shape.add(name_of(key))
        self.entries[key] = value

    def drop(self, key: K) -> V:
        """Remove a key that is there; return its value."""
        self.shape.remove(name_of(key))
        value: V = self.entries.pop(key)
        return value

    def values(self) -> Iterator[V]:
        """Iterate over the values."""
        return iter(self.entries.values())

    def items(self) -> Iterator[tuple[K, V]]:
        """Iterate over keys and values."""
        return iter(self.entries.items())

    def between(self, first: K, last: K | None = None, reverse: bool = False) -> Iterator[V]:
        """Iterate over the values from one key to another, both included; `last` None: to the end."""
        keys = self.entries.irange(first, last, reverse=reverse)
        return (self.entries[key] for key in keys)

    def last_up_to(self, key: K) -> K:
        """Return the last key that is not beyond this one; if there is none, the first of all."""
        at = self.entries.bisect_right(key)
        found: K = self.entries.keys()[max(0, at - 1)]
        return found
