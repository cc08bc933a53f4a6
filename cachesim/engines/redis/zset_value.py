"""The sorted set: members in the order of their scores; a listpack while it is small, then a skip list."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from sortedcontainers import SortedList  # type: ignore[import-untyped] # it has no types

from cachesim.engines.redis import memory
from cachesim.engines.redis.database import ListpackLimits
from cachesim.engines.redis.db import Keyspace
from cachesim.engines.redis.hashtable import key_hash
from cachesim.engines.redis.listpack import EMPTY, element_bytes
from cachesim.engines.redis.member_table import DICT, MemberTable
from cachesim.engines.redis.structure import Structure

# redis 7: server.h: bytes of a zset, a skip list, a node without its levels, and of a level
ZSET, SKIPLIST, NODE, LEVEL = 16, 32, 24, 16
HIGHEST_LEVEL = 32
SKIPLIST_PARTS = (ZSET, SKIPLIST, NODE + HIGHEST_LEVEL * LEVEL, DICT)
MANY = 4  # if a quarter of the members have moved, it is quicker to sort all of them again
SAMPLES = 5  # members at which MEMORY USAGE looks

Pair = tuple[float, bytes]  # a score and its member, in the order of the set


class SortedSet(Structure):
    """Members with scores. Equal scores are in the order of the members' bytes.

    The order is kept in a sorted list of lists, which Python searches faster than a chain of nodes.
    It is made when somebody first asks. From then on a change only notes its member, and the next
    question puts all noted members into their places first. So a change costs no search while nobody
    asks, and a question after k changes costs k searches, or one sort. The bytes are those of the
    server's skip list, counted at once.

    >>> from cachesim.engines.redis.engine import Redis
    >>> found = SortedSet(Redis().build(clock=lambda: 0.0, random=lambda: 0.5))
    >>> for score, member in ((2.0, b"b"), (1.0, b"c"), (2.0, b"a")):
    ...     _ = found.put(member, score)
    >>> list(found.between(0, -1)), found.rank(b"b"), found.encoding, found.size
    ([(1.0, b'c'), (2.0, b'a'), (2.0, b'b')], 2, 'listpack', 48)
    """

    type = "zset"

    def __init__(self, db: Keyspace) -> None:
        self.db = db
        self.scores: dict[bytes, float] = {}
        self._order: Any = None  # a SortedList of Pair; None: nobody has asked yet
        self._moved: dict[bytes, float | None] = {}  # member -> the score where it still stands
        self.table: MemberTable | None = None  # None: a listpack
        self.content = 0  # bytes of the members and scores, without what is around them
        self.around: int = db.allocated[memory.OBJECT]  # bytes that do not depend on the members

    def __len__(self) -> int:
        """Return the number of members."""
        return len(self.scores)

    def __iter__(self) -> Iterator[bytes]:
        """Iterate over the members in their order."""
        return (member for _, member in self.order)

    @property
    def encoding(self) -> str:
        """Either "listpack" or "skiplist"."""
        return "listpack" if self.table is None else "skiplist"

    @property
    def size(self) -> int:
        """The bytes of the sorted set, without its key."""
        if self.table is None:
            listpack: int = self.db.allocated[EMPTY + self.content]
            return self.around + listpack
        return self.around + self.table.table_bytes + self.content

    @property
    def usage(self) -> int:
        """The bytes as MEMORY USAGE estimates them: from the first members."""
        # redis 7: object.c, objectComputeSize
        if self.table is None:
            return self.size
        quantum = self.db.quantum
        rounded = memory.allocated(memory.ENTRY, quantum) - memory.ENTRY
        some = [self._pair_bytes(m, s) - rounded for s, m in islice(self.order, SAMPLES)]
        header = memory.allocated(NODE + HIGHEST_LEVEL * LEVEL, quantum)
        whole = memory.OBJECT + ZSET + SKIPLIST + DICT + header + self.table.table_bytes
        return whole + int(sum(some) / len(some) * len(self.scores))

    @property
    def order(self) -> Any:
        """The pairs in their order: a SortedList of Pair."""
        if self._moved or self._order is None:
            self._settle()
        return self._order

    def _settle(self) -> None:
        """Put the members that have moved into their places."""
        moved, scores, order = self._moved, self.scores, self._order
        self._moved = {}
        if order is None or MANY * len(moved) > len(scores):
            self._order = SortedList(zip(scores.values(), scores, strict=True))
            return
        for member, old in moved.items():
            if old is not None:
                order.remove((old, member))
            if member in scores:
                order.add((scores[member], member))

    def put(self, member: bytes, score: float) -> bool:
        """Give a member a score. True if it had another one before."""
        # redis 7: t_zset.c, zsetAdd
        old = self.scores.get(member)
        if old == score:
            return False
        if self.table is None and (old is not None or self._fits(member)):
            score += 0.0  # a listpack has no -0
            self.content += self._pair_bytes(member, score)
            if old is not None:
                self.content -= self._pair_bytes(member, old)
        elif old is None:
            if self.table is None:
                self.use_table()
            self.table.put(member)  # type: ignore[union-attr] # it is there now
            self.content += self._node_bytes(member)
        if self._order is not None:
            self._moved.setdefault(member, old)
        self.scores[member] = score
        return old is not None

    def remove(self, member: bytes) -> bool:
        """Remove a member. True if it was there."""
        score = self.scores.pop(member, None)
        if score is None:
            return False
        if self._order is not None:
            self._moved.setdefault(member, score)
        self.content -= self._pair_bytes(member, score)
        if self.table is not None:
            self.table.drop(member)
        return True

    def pop(self, at: int) -> Pair:
        """Remove the first member (0) or the last one (-1), and return it with its score."""
        pair: Pair = self.order[at]
        self.remove(pair[1])
        return pair

    def rank(self, member: bytes) -> int:
        """Return the place of a member that is there, from 0 on."""
        place: int = self.order.index((self.scores[member], member))
        return place

    def between(self, start: int, end: int, reverse: bool = False) -> Iterator[Pair]:
        """Iterate over the pairs from one place to another, both included; below 0 from the end."""
        count = len(self.order)
        start, end = start + count * (start < 0), end + count * (end < 0)
        if reverse:
            start, end = count - 1 - end, count - 1 - start
        pairs: Iterator[Pair] = self.order.islice(max(0, start), max(0, end + 1), reverse)
        return pairs

    def use_table(self) -> None:
        """Become a skip list (redis 7: t_zset.c, zsetConvert)."""
        self.table = MemberTable(self.db, self.scores)
        self.around += sum(self.db.allocated[part] for part in SKIPLIST_PARTS)
        self._count_again()

    def use_listpack(self) -> None:
        """Become a listpack if that is allowed (redis 7: t_zset.c, zsetConvertToListpackIfNeeded)."""
        limits = self.db.zset_limits
        if len(self.scores) <= limits.entries and all(len(m) <= limits.value for m in self.scores):
            self.table = None
            self.around = self.db.allocated[memory.OBJECT]
            self.scores = {member: score + 0.0 for member, score in self.scores.items()}
            self._count_again()

    def copy(self) -> "SortedSet":
        """Return another sorted set with the same members and scores, in the same encoding."""
        other = SortedSet(self.db)
        other.scores, other.content = dict(self.scores), self.content
        if self.table is not None:
            other.use_table()
        return other

    def _fits(self, member: bytes) -> bool:
        """Whether a listpack may take one more member."""
        limits: ListpackLimits = self.db.zset_limits
        return len(self.scores) < limits.entries and len(member) <= limits.value

    def _count_again(self) -> None:
        self.content = sum(self._pair_bytes(*pair) for pair in self.scores.items())

    def _pair_bytes(self, member: bytes, score: float) -> int:
        if self.table is None:
            return element_bytes(member) + element_bytes(packed(score))
        return self._node_bytes(member)

    def _node_bytes(self, member: bytes) -> int:
        """Return the bytes of a member in the table and in the skip list, where no score matters."""
        db, bits = self.db, key_hash(member, 0)
        level = 1 if bits & 3 else level_of(bits)
        whole: int = db.key_bytes[len(member)] + db.allocated[NODE + level * LEVEL]
        return whole


def shown(score: float) -> bytes:
    """Write a score as the server does.

    >>> shown(3.0), shown(0.1), shown(float("-inf"))
    (b'3', b'0.10000000000000001', b'-inf')
    """
    return b"%.17g" % score


def packed(score: float) -> bytes:
    """Write a score as a listpack holds it: a whole number has all its digits.

    >>> packed(1e17), shown(1e17), packed(0.5)
    (b'100000000000000000', b'1e+17', b'0.5')
    """
    # redis 7: util.c, double2ll
    if abs(score) <= 1 << 62 and score == int(score):
        return b"%d" % score
    return shown(score)


def level_of(bits: int) -> int:
    """Return on how many levels of the skip list a member stands: on each with a quarter of the last one's chance.

    The server draws it. Here it follows from the member's hash, so that a copy takes the same bytes.

    >>> level_of(0b1101), level_of(0b0100), level_of(0b10000)
    (1, 2, 3)
    """
    # redis 7: t_zset.c, zslRandomLevel
    level = 1
    while level < HIGHEST_LEVEL and bits & 3 == 0 and bits:
        level, bits = level + 1, bits >> 2
    return level
