"""Ranges of a sorted set: by place, by score or by member (redis 7: t_zset.c)."""

import math
import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, NamedTuple, Protocol

from cachesim.engines.redis.arguments import integer
from cachesim.engines.redis.zset_value import Pair, SortedSet
from cachesim.errors import CommandError

NOT_A_SCORE = "ERR value is not a valid float"
NOT_A_BOUND = "ERR min or max is not a float"
NOT_A_MEMBER = "ERR min or max not valid string range item"
DECIMAL = re.compile(rb"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)
HEXADECIMAL = re.compile(rb"[+-]?0x([0-9a-f]+\.?[0-9a-f]*|\.[0-9a-f]+)(p[+-]?\d+)?", re.IGNORECASE)
INFINITE = re.compile(rb"[+-]?inf(inity)?", re.IGNORECASE)
ZERO = re.compile(rb"[+-]?(0x)?[0.]+([ep][+-]?\d+)?", re.IGNORECASE)
LONG = 300  # digits; 1e308 is the largest power of ten that a float can be
SPACE = b" \t\n\v\f\r"


def number_of(part: bytes) -> float | None:
    """Read a number as C's strtod does; None if it is none, or "nan".

    >>> [number_of(part) for part in (b"1e3", b"-inf", b"0x10", b"1_0", b"nan")]
    [1000.0, -inf, 16.0, None, None]
    """
    if DECIMAL.fullmatch(part) or INFINITE.fullmatch(part):
        return float(part)
    return float.fromhex(part.decode()) if HEXADECIMAL.fullmatch(part) else None


def score_of(part: bytes, error: str = NOT_A_SCORE) -> float:
    """Read a score; a number that is too large or too small is none. Raises CommandError."""
    # redis 7: util.c, string2d
    if part.isdigit() and len(part) < LONG:
        return float(part)  # a whole number, as most scores are: it is never out of range
    score = number_of(part)
    if score is None or is_beyond(score, part):
        raise CommandError(error)
    return score


def is_beyond(score: float, part: bytes) -> bool:
    """Whether a number was too large or too small to be read as it is written."""
    if not score:
        return not ZERO.fullmatch(part)
    return math.isinf(score) and not INFINITE.fullmatch(part)


class Range(Protocol):
    """A part of a sorted set."""

    def places(self, found: SortedSet, reverse: bool = False) -> tuple[int, int]:
        """Return the place of the first pair, and the one behind the last; `reverse`: found from the end."""


class ByPlace(NamedTuple):
    """From one place to another, both included; below 0 from the end of the set, or of its reverse."""

    start: int
    end: int
    reverse: bool = False

    @classmethod
    def read(cls, start: bytes, end: bytes) -> Range:
        """Read two places. Raises CommandError."""
        return cls(integer(start), integer(end))

    def places(self, found: SortedSet, reverse: bool = False) -> tuple[int, int]:
        """See Range."""
        count = len(found)
        start = max(0, self.start + count * (self.start < 0))
        end = min(self.end + count * (self.end < 0), count - 1)
        if start > end:
            return 0, 0
        return (count - 1 - end, count - start) if self.reverse else (start, end + 1)


class ByScore(NamedTuple):
    """From one score to another; an open bound is not included."""

    low: float
    low_is_open: bool
    high: float
    high_is_open: bool

    @classmethod
    def read(cls, low: bytes, high: bytes) -> Range:
        """Read two scores; "(" before one makes it open. Raises CommandError."""
        return cls(*bound_of(low), *bound_of(high))

    def places(self, found: SortedSet, reverse: bool = False) -> tuple[int, int]:
        """See Range."""
        order: Any = found.order
        first = order.bisect_left((self.low, AFTER) if self.low_is_open else (self.low,))
        last = order.bisect_left((self.high,) if self.high_is_open else (self.high, AFTER))
        return first, max(first, last)


class After:
    """It stands after all bytes."""

    def __lt__(self, other: object) -> bool:
        """Never stand before anything."""
        return False

    def __gt__(self, other: object) -> bool:
        """Stand after everything."""
        return True


AFTER = After()


def bound_of(part: bytes) -> tuple[float, bool]:
    """Read the bound of a range of scores: the score, and whether it is open. Raises CommandError."""
    is_open = part.startswith(b"(")
    digits = part[is_open:].split(b"\0", 1)[0]
    score = number_of(digits.lstrip(SPACE)) if digits else 0.0
    if score is None:
        raise CommandError(NOT_A_BOUND)
    return score, is_open


class ByMember(NamedTuple):
    """From one member to another, for sets whose scores are all equal."""

    low: bytes | None  # None: before the first
    low_is_open: bool
    high: bytes | None  # None: after the last
    high_is_open: bool
    is_empty: bool = False  # from after the last, or to before the first

    @classmethod
    def read(cls, low: bytes, high: bytes) -> Range:
        """Read two members with "[" or "(" before them, or - and +. Raises CommandError."""
        for part in (low, high):
            if part not in (b"-", b"+") and part[:1] not in (b"[", b"("):
                raise CommandError(NOT_A_MEMBER)
        is_empty = low == b"+" or high == b"-"
        first, last = (None if part in (b"-", b"+") else part[1:] for part in (low, high))
        return cls(first, low[:1] == b"(", last, high[:1] == b"(", is_empty)

    def places(self, found: SortedSet, reverse: bool = False) -> tuple[int, int]:
        """See Range. If the scores differ, it is what a walk over a listpack finds."""
        # redis 7: t_zset.c, zzlFirstInLexRange and zzlLastInLexRange
        members = [member for _, member in found.order]
        if self.is_empty or not (self._is_above(members[-1]) and self._is_below(members[0])):
            return 0, 0
        if reverse:
            first, last = walked(members[::-1], self._is_below, self._is_above)
            return len(members) - last, len(members) - first
        return walked(members, self._is_above, self._is_below)

    def _is_above(self, member: bytes) -> bool:
        low = self.low
        return low is None or (member > low if self.low_is_open else member >= low)

    def _is_below(self, member: bytes) -> bool:
        high = self.high
        return high is None or (member < high if self.high_is_open else member <= high)


def walked(
    members: list[bytes], begins: Callable[[bytes], bool], goes_on: Callable[[bytes], bool]
) -> tuple[int, int]:
    """Return the place of the first member that begins a range, and the one behind those that go on."""
    count = len(members)
    first = next((at for at, member in enumerate(members) if begins(member)), count)
    return first, next((at for at in range(first, count) if not goes_on(members[at])), count)


class RangeLimit(NamedTuple):
    """LIMIT offset count: a number below 0 takes all."""

    offset: int = 0
    number: int = -1


def pairs_in(found: SortedSet, part: Range, reverse: bool, limit: RangeLimit) -> list[Pair]:
    """Return the pairs of a range, from its end if `reverse`."""
    if limit.offset < 0:
        return []
    first, last = part.places(found, reverse)
    pairs: Iterator[Pair] = found.order.islice(first, last, reverse)
    end = None if limit.number < 0 else limit.offset + limit.number
    return list(islice(pairs, limit.offset, end))
