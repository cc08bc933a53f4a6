"""The ids of a stream: a time in milliseconds and a number, here one integer of 128 bits (redis 7: t_stream.c)."""

import re

from cachesim.engines.redis.memory import as_integer
from cachesim.errors import CommandError

HALF = 64  # bits of each of the two parts
HIGHEST_PART = (1 << HALF) - 1
HIGHEST_ID = (1 << 2 * HALF) - 1
BOUNDS = {b"-": 0, b"+": HIGHEST_ID}
LONGEST = 127  # bytes of an id as text
WRONG_ID = "ERR Invalid stream ID specified as stream command argument"

# What C's strtoull reads: the server asks it if a number is not written in the one usual way.
_UNSIGNED = re.compile(rb"[ \t\n\v\f\r]*([+-]?)([0-9]+)")


def joined(time: int, number: int) -> int:
    """Make an id of a time in milliseconds and a number.

    >>> joined(1, 2) == (1 << 64) + 2
    True
    """
    return time << HALF | number


def time_of(id: int) -> int:
    """Return the time of an id, in milliseconds."""
    return id >> HALF


def number_of(id: int) -> int:
    """Return the number of an id among those of its time."""
    return id & HIGHEST_PART


def shown_id(id: int) -> bytes:
    """Write an id as the server does.

    >>> shown_id(joined(1577836800000, 3))
    b'1577836800000-3'
    """
    return b"%d-%d" % (id >> HALF, id & HIGHEST_PART)


def read_id(part: bytes, number: int = 0) -> int:
    """Read an id; `number` stands for one that is not given. Raises CommandError.

    >>> shown_id(read_id(b"5")), shown_id(read_id(b"5-7"))
    (b'5-0', b'5-7')
    """
    found = parsed(part, number)
    if found is None:
        raise CommandError(WRONG_ID)
    return found


def read_bound(part: bytes, number: int = 0) -> int:
    """Read an id, or "-" for the lowest and "+" for the highest one. Raises CommandError."""
    word = before_zero(part)
    if word in BOUNDS and len(part) <= LONGEST:
        return BOUNDS[word]
    return read_id(part, number)


def read_start(part: bytes) -> int:
    """Read the first id of a range; with "(" before it, the range begins behind it. Raises CommandError."""
    if not is_open(part):
        return read_bound(part)
    first = read_id(part[1:])
    if first == HIGHEST_ID:
        raise CommandError("ERR invalid start ID for the interval")
    return first + 1


def read_end(part: bytes) -> int:
    """Read the last id of a range; with "(" before it, the range ends before it. Raises CommandError."""
    if not is_open(part):
        return read_bound(part, HIGHEST_PART)
    last = read_id(part[1:], HIGHEST_PART)
    if last == 0:
        raise CommandError("ERR invalid end ID for the interval")
    return last - 1


def is_open(part: bytes) -> bool:
    """Whether a bound is no part of its range."""
    return len(part) > 1 and part[:1] == b"("


def parsed(part: bytes, number: int = 0) -> int | None:
    """Return an id, or None if it is none."""
    if len(part) > LONGEST:
        return None
    time, dash, rest = before_zero(part).partition(b"-")
    first, last = unsigned(time), unsigned(rest) if dash else number
    return None if first is None or last is None else joined(first, last)


def unsigned(part: bytes) -> int | None:
    """Read a number of 64 bits without a sign; None if it is none (redis 7: util.c, string2ull)."""
    usual = as_integer(part)
    if usual is not None:
        return usual if usual >= 0 else None
    found = _UNSIGNED.fullmatch(part)
    if found is None or (number := int(found[2])) > HIGHEST_PART:
        return None
    return -number % (1 << HALF) if found[1] == b"-" else number


def before_zero(part: bytes) -> bytes:
    """Return the part before the first zero byte, where a text of C ends."""
    return part.split(b"\0", 1)[0]
