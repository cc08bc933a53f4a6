"""The set: an intset while it is small and all its members are integers, then a hash table."""

from bisect import bisect_left, insort
from collections.abc import Iterator

from cachesim.engines.redis import memory
from cachesim.engines.redis.db import Keyspace
from cachesim.engines.redis.member_table import DICT, MemberTable
from cachesim.engines.redis.structure import Structure

INTSET = 8  # bytes before the numbers (redis 7: intset.h)
WIDTHS = (2, 4, 8)  # bytes of every number, by the largest that was ever there


class Set(Structure):
    """Members, each once, with the bytes that they would take in the server's memory.

    SIMPLIFIED: members of a hash table are listed in the order in which they were added. Only SSCAN
    sees the buckets.

    >>> from cachesim.engines.redis.engine import Redis
    >>> found = Set(Redis().build(clock=lambda: 0.0, random=lambda: 0.5))
    >>> [found.add(member) for member in (b"20", b"3", b"20")], list(found), found.encoding
    ([True, True, False], [b'3', b'20'], 'intset')
    >>> found.add(b"x"), found.encoding, b"3" in found
    (True, 'hashtable', True)
    """

    type = "set"

    def __init__(self, db: Keyspace) -> None:
        self.db = db
        self.numbers: list[int] = []  # ascending; all members of an intset
        self.width = WIDTHS[0]
        self.members: dict[bytes, None] = {}  # those of a hash table
        self.table: MemberTable | None = None  # None: an intset
        self.content = 0  # bytes of the members of a hash table

    def __len__(self) -> int:
        """Return the number of members."""
        return len(self.numbers) if self.table is None else len(self.members)

    def __iter__(self) -> Iterator[bytes]:
        """Iterate over the members: numbers from the lowest on."""
        if self.table is None:
            return (b"%d" % number for number in self.numbers)
        return iter(self.members)

    def __contains__(self, member: bytes) -> bool:
        """Whether it is a member."""
        return self._place(member) is not None if self.table is None else member in self.members

    @property
    def encoding(self) -> str:
        """Either "intset" or "hashtable"."""
        return "intset" if self.table is None else "hashtable"

    @property
    def size(self) -> int:
        """The bytes of the set, without its key."""
        quantum = self.db.quantum
        whole = memory.allocated(memory.OBJECT, quantum)
        if self.table is None:
            return whole + memory.allocated(INTSET + self.width * len(self.numbers), quantum)
        return whole + memory.allocated(DICT, quantum) + self.table.table_bytes + self.content

    @property
    def usage(self) -> int:
        """The bytes as MEMORY USAGE counts them: dict and entries before the allocator rounds up."""
        # redis 7: object.c, objectComputeSize
        if self.table is None:
            return self.size
        rounded = memory.allocated(memory.ENTRY, self.db.quantum) - memory.ENTRY
        dict_rounded = memory.allocated(DICT, self.db.quantum) - DICT
        return self.size - dict_rounded - len(self.members) * rounded

    def add(self, member: bytes) -> bool:
        """Add a member. True if it is new."""
        # redis 7: t_set.c, setTypeAdd
        if self.table is not None:
            return self._add_to_table(member)
        number = memory.as_integer(member)
        if number is None:
            self.use_table()
            return self._add_to_table(member)
        if self._place(member) is not None:
            return False
        insort(self.numbers, number)
        self.width = max(self.width, width_of(number))
        if len(self.numbers) > self.db.set_limit:
            self.use_table()
        return True

    def _add_to_table(self, member: bytes) -> bool:
        if member in self.members:
            return False
        assert self.table is not None
        self.table.put(member)
        self.members[member] = None
        self.content += self.db.key_bytes[len(member)]
        return True

    def remove(self, member: bytes) -> bool:
        """Remove a member. True if it was there."""
        if self.table is None:
            place = self._place(member)
            if place is not None:
                del self.numbers[place]
            return place is not None
        if member not in self.members:
            return False
        del self.members[member]
        self.table.drop(member)
        self.content -= self.db.key_bytes[len(member)]
        return True

    def draw(self) -> bytes:
        """Draw a member at random."""
        if self.table is None:
            return b"%d" % self.numbers[int(self.db.random() * len(self.numbers))]
        return self.table.any()

    def use_table(self) -> None:
        """Become a hash table; it never turns back (redis 7: t_set.c, setTypeConvert)."""
        self.members = dict.fromkeys(self)
        # SADD adds without looking first
        self.table = MemberTable(self.db, self.members, steps=1)
        self.numbers = []
        self.content = sum(self.db.key_bytes[len(member)] for member in self.members)

    def copy(self) -> "Set":
        """Return another set with the same members, in the same encoding."""
        other = Set(self.db)
        other.numbers, other.width = list(self.numbers), self.width
        if self.table is not None:
            other.members, other.content = dict(self.members), self.content
            other.table = MemberTable(self.db, other.members, steps=1)
        return other

    def _place(self, member: bytes) -> int | None:
        """Return where a number stands; None if it is not there, or no number."""
        number = memory.as_integer(member)
        if number is None:
            return None
        place = bisect_left(self.numbers, number)
        return place if self.numbers[place : place + 1] == [number] else None


def width_of(number: int) -> int:
    """Return the bytes that an intset needs for a number (redis 7: intset.c).

    >>> width_of(32_767), width_of(-32_769), width_of(2**40)
    (2, 4, 8)
    """
    return next(width for width in WIDTHS if -(1 << 8 * width - 1) <= number < 1 << 8 * width - 1)
