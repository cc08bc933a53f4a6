"""SORT, as redis 7 has it in sort.c: a list, a set or a sorted set in order, with values of other keys."""

import sys
from collections.abc import Callable
from functools import cmp_to_key
from typing import Any, NamedTuple

from cachesim.engines.redis.arguments import SYNTAX, integer, text
from cachesim.engines.redis.command import RedisCommand, table
from cachesim.engines.redis.database import KeyEntry
from cachesim.engines.redis.db import Keyspace
from cachesim.engines.redis.hash_value import Hash
from cachesim.engines.redis.key_places import StoredKeys
from cachesim.engines.redis.list_value import RIGHT, List
from cachesim.engines.redis.pqsort import sort_part
from cachesim.engines.redis.reply import Reply
from cachesim.engines.redis.set_value import Set
from cachesim.engines.redis.structure import replaced, wrong_type
from cachesim.engines.redis.zset_ranges import SPACE, is_beyond, number_of
from cachesim.engines.redis.zset_value import SortedSet
from cachesim.errors import CommandError

NOT_A_NUMBER = "ERR One or more scores can't be converted into double"
ITSELF = b"#"
FILL = -2  # of a list that SORT stores: list-max-listpack-size does not count (redis 7: sort.c)


class Weighed(NamedTuple):
    """An element, and what it is compared by: its weight, or a text (None: there is no such key)."""

    element: bytes
    weight: float = 0.0
    text: bytes | None = None


class Sort:
    """The options of SORT. Raises CommandError.

    `denied` says why it may not look at other keys; it is empty if it may.
    """

    def __init__(self, parts: tuple[bytes, ...], may_store: bool, denied: str = "") -> None:
        self.is_reverse = self.is_alpha = False
        self.offset, self.count = 0, -1
        self.by: bytes | None = None
        self.gets: list[bytes] = []
        self.target: str | None = None
        words = list(parts)
        while words:
            self._read(words.pop(0).upper(), words, may_store, denied)

    def _read(self, word: bytes, words: list[bytes], may_store: bool, denied: str) -> None:
        """Read an option; `words` are those behind it."""
        if word in (b"ASC", b"DESC"):
            self.is_reverse = word == b"DESC"
        elif word == b"ALPHA":
            self.is_alpha = True
        elif word == b"LIMIT" and len(words) >= 2:
            self.offset, self.count = integer(words.pop(0)), integer(words.pop(0))
        elif word == b"STORE" and words and may_store:
            self.target = text(words.pop(0))
        elif word == b"BY" and words:
            self.by = words.pop(0)
            if denied and not self.is_unsorted:
                raise CommandError(f"ERR BY option of SORT denied {denied}")
        elif word == b"GET" and words:
            if denied:
                raise CommandError(f"ERR GET option of SORT denied {denied}")
            self.gets.append(words.pop(0))
        else:
            raise CommandError(SYNTAX)

    @property
    def is_unsorted(self) -> bool:
        """Whether BY names no pattern: then the elements stay in the order that they have."""
        return self.by is not None and b"*" not in self.by.split(b"\0", 1)[0]

    def part(self, length: int) -> tuple[int, int]:
        """Return the place of the first element of the reply, and the one behind the last."""
        start = min(max(self.offset, 0), length)
        return start, length if self.count < 0 else min(start + self.count, length)


def denied(db: Any) -> str:
    """Say why SORT may not look at keys that are not among its arguments; nothing if it may."""
    if db.scripts.route is not None:
        return "in Cluster mode."
    caller = db.scripts.caller
    if caller is None or caller.user.reads_all:
        return ""
    return "due to insufficient ACL permissions."


def sort(db: Keyspace, key: str, *parts: bytes) -> Reply:
    """SORT key [BY pattern] [LIMIT offset count] [GET pattern ...] [ASC | DESC] [ALPHA] [STORE key]."""
    asked = Sort(parts, may_store=True, denied=denied(db))
    entry = sortable(db, key)
    if entry is not None and isinstance(entry.value, SortedSet) and entry.value.table is None:
        entry.value.use_table()
        Keyspace.resize(db, entry)  # another encoding is no change
    found = answer(db, entry, asked)
    if asked.target is None:
        return found
    result = List(db, FILL)
    for element in found:
        result.push(element or b"", RIGHT)
    return replaced(db, asked.target, result, "l", "sortstore")


def sort_ro(db: Keyspace, key: str, *parts: bytes) -> Reply:
    """SORT_RO key ...: as SORT, without STORE."""
    Sort(parts, may_store=False, denied=denied(db))
    return sort(db, key, *parts)


def would_reply(db: Keyspace, key: str, *parts: bytes) -> Reply:
    """Tell the strings that SORT would reply."""
    asked = Sort(parts, may_store=True)
    return None if asked.target is not None else list(answer(db, sortable(db, key), asked))


def sortable(db: Keyspace, key: str) -> KeyEntry | None:
    """Return the entry of a list, a set or a sorted set, if there is one. Raises CommandError."""
    entry = db.read(key)
    if entry is not None and not isinstance(entry.value, List | Set | SortedSet):
        raise wrong_type()
    return entry


def answer(db: Any, entry: KeyEntry | None, asked: Sort) -> list[bytes | None]:
    """Return the elements in order, or what GET finds for each. Raises CommandError."""
    elements = list(entry.value) if entry is not None else []
    start, end = asked.part(len(elements))
    is_set = entry is not None and isinstance(entry.value, Set)
    if not asked.is_unsorted:
        elements = in_order(db, elements, asked, asked.by, start, end)
    elif is_set and (asked.target is not None or db.scripts.running is not None):
        # the order of a hash table is none: what is stored, or what a script sees, must not have it
        elements = by_bytes(elements, asked.is_reverse)
    elif asked.is_reverse and not is_set:
        elements.reverse()
    chosen = elements[start:end]
    if not asked.gets:
        return list(chosen)
    return [looked_up(db, pattern, element) for element in chosen for pattern in asked.gets]


def by_bytes(elements: list[bytes], is_reverse: bool) -> list[bytes]:
    """Sort elements by their bytes."""
    return sorted(elements, reverse=is_reverse)


def in_order(
    db: Keyspace, elements: list[bytes], asked: Sort, by: bytes | None, start: int, end: int
) -> list[bytes]:
    """Sort elements; with BY and LIMIT only the part that is wanted. Raises CommandError."""
    weighed, is_wrong = [], False
    for element in elements:
        value = element if by is None else looked_up(db, by, element)
        weight = 0.0
        if value is not None and not asked.is_alpha:
            weight, is_bad = weight_of(value)
            is_wrong |= is_bad
        weighed.append(Weighed(element, weight, value))
    if is_wrong:
        raise CommandError(NOT_A_NUMBER)
    compare = comparison(asked)
    if by is not None and (start, end) != (0, len(elements)):
        sort_part(weighed, start, end - 1, compare)
    else:
        weighed.sort(key=cmp_to_key(compare))
    return [each.element for each in weighed]


def comparison(asked: Sort) -> Callable[[Weighed, Weighed], int]:
    """Return how two elements are compared: below 0, the first one comes first."""
    # redis 7: sort.c, sortCompare. strcoll, in the locale C, ends at the first zero byte.
    sign = -1 if asked.is_reverse else 1
    cut = asked.target is None

    def key(each: Weighed) -> tuple[Any, ...]:
        if not asked.is_alpha:
            return each.weight, each.element
        if each.text is None:
            return (False,)
        return True, each.text.split(b"\0", 1)[0] if cut else each.text

    def compare(one: Weighed, other: Weighed) -> int:
        first, second = key(one), key(other)
        return sign * ((first > second) - (first < second))

    return compare


def weight_of(part: bytes) -> tuple[float, bool]:
    """Read a weight as C's strtod does; nothing at all is 0. The second value: whether it is none."""
    digits = part.split(b"\0", 1)[0]
    if not digits:
        return 0.0, False
    number = number_of(digits.lstrip(SPACE))
    if number is None:
        return 0.0, True
    is_tiny = 0 < abs(number) < sys.float_info.min
    return number, is_tiny or is_beyond(number, digits.lstrip(SPACE))


def looked_up(db: Keyspace, pattern: bytes, element: bytes) -> bytes | None:
    """Return the value of the key, or of the field of a hash, that a pattern names for an element.

    >>> from cachesim.engines.redis.engine import Redis
    >>> engine = Redis().build(clock=lambda: 0.0, random=lambda: 0.5)
    >>> engine.set("name_7", b"Ada")
    >>> looked_up(engine, b"name_*", b"7"), looked_up(engine, b"#", b"7")
    (b'Ada', b'7')
    """
    # redis 7: sort.c, lookupKeyByPattern
    if pattern == ITSELF:
        return element
    before, star, after = pattern.partition(b"*")
    if not star or b"\0" in before:
        return None
    postfix, arrow, field = after.partition(b"->")
    is_field = bool(arrow and field)
    entry = db.read(text(before + element + (postfix if is_field else after)))
    value: Any = None if entry is None else entry.value
    if is_field:
        return value.values.get(field) if isinstance(value, Hash) else None
    return value if isinstance(value, bytes) else None


STORED = StoredKeys((b"STORE",), 2, ((b"LIMIT", 2), (b"GET", 1), (b"BY", 1)))
COMMANDS = table(
    RedisCommand(
        "SORT", "key [argument ...]", "write denyoom movablekeys", sort, replies=would_reply,
        keys=STORED,
    ),
    RedisCommand(
        "SORT_RO", "key [argument ...]", "readonly movablekeys", sort_ro, replies=would_reply
    ),
)  # fmt: skip
