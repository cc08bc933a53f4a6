"""BITFIELD: a string as an array of integers of any width, as redis 7 has it in bitops.c."""

from typing import NamedTuple

from cachesim.engines.redis.command import SYNTAX, Arguments, Command, Reply, integer, text
from cachesim.engines.redis.db import Keyspace
from cachesim.engines.redis.memory import as_integer
from cachesim.engines.redis.types.bits import bit_offset, lengthened, value_at
from cachesim.engines.redis.types.string import change
from cachesim.errors import CommandError

BAD_TYPE = (
    "ERR Invalid bitfield type. Use something like i16 u8. "
    "Note that u64 is not supported but i64 is."
)
NUMBERS = {"GET": 2, "SET": 3, "INCRBY": 3, "OVERFLOW": 1}  # arguments each takes


class Operation(NamedTuple):
    """One GET, SET or INCRBY of a BITFIELD."""

    name: str
    is_signed: bool
    width: int  # bits
    offset: int  # bits
    number: int
    overflow: str  # "WRAP", "SAT" or "FAIL"

    @property
    def range(self) -> tuple[int, int]:
        """Return the lowest and the highest number that the field holds."""
        if self.is_signed:
            return -(1 << (self.width - 1)), (1 << (self.width - 1)) - 1
        return 0, (1 << self.width) - 1


def bitfield(db: Keyspace, argv: Arguments) -> Reply:
    """BITFIELD key [GET t o] [OVERFLOW WRAP|SAT|FAIL] [SET t o number] [INCRBY t o number] ..."""
    todo = operations(db, argv)
    writes = [op for op in todo if op.name != "GET"]
    if not writes:
        value = value_at(db.read(text(argv[1])))
        return [fetch(value, op) for op in todo]
    highest = max(op.offset + op.width - 1 for op in writes)
    entry, changed = lengthened(db, text(argv[1]), highest)
    replies = [perform(changed, op) for op in todo]
    change(db, entry, bytes(changed))
    return list(replies)


def bitfield_ro(db: Keyspace, argv: Arguments) -> Reply:
    """BITFIELD_RO key [GET type offset ...]."""
    if any(op.name != "GET" for op in operations(db, argv)):
        raise CommandError("ERR BITFIELD_RO only supports the GET subcommand")
    return bitfield(db, argv)


def operations(db: Keyspace, argv: Arguments) -> list[Operation]:
    """Return what is to be done, in order. Raises CommandError."""
    found, overflow, at = [], "WRAP", 2
    while at < len(argv):
        name = text(argv[at]).upper()
        rest = argv[at + 1 : at + 1 + NUMBERS.get(name, 0)]
        if len(rest) != NUMBERS.get(name, -1):
            raise CommandError(SYNTAX)
        at += 1 + len(rest)
        if name == "OVERFLOW":
            overflow = text(rest[0]).upper()
            if overflow not in ("WRAP", "SAT", "FAIL"):
                raise CommandError("ERR Invalid OVERFLOW type specified")
            continue
        is_signed, width = field_type(rest[0])
        offset = bit_offset(db, rest[1], width)
        number = integer(rest[2]) if name != "GET" else 0
        found.append(Operation(name, is_signed, width, offset, number, overflow))
    return found


def field_type(part: bytes) -> tuple[bool, int]:
    """Return whether the field is signed, and its bits. Raises CommandError."""
    letter, width = part[:1], as_integer(part[1:])
    widest = {b"i": 64, b"u": 63}.get(letter, 0)
    if width is None or not 1 <= width <= widest:
        raise CommandError(BAD_TYPE)
    return letter == b"i", width


def fetch(value: bytes | bytearray, op: Operation) -> int:
    """Return the number in a field; beyond its end a string has zeros."""
    first, last = op.offset >> 3, (op.offset + op.width - 1) >> 3
    part = int.from_bytes(value[first : last + 1].ljust(last - first + 1, b"\0"), "big")
    number = part >> ((last + 1) * 8 - op.offset - op.width) & ((1 << op.width) - 1)
    sign = op.is_signed and number >> (op.width - 1)
    return number - (1 << op.width) if sign else number


def perform(value: bytearray, op: Operation) -> int | None:
    """Do one operation on the string; return its reply, None if OVERFLOW FAIL forbids it."""
    old = fetch(value, op)
    if op.name == "GET":
        return old
    new = old + op.number if op.name == "INCRBY" else op.number
    if op.name == "SET" and not op.is_signed:
        new &= (1 << 64) - 1  # the server reads the number anew as one without a sign
    fitted = fit(new, op)
    if fitted is None:
        return None
    store(value, op, fitted)
    return fitted if op.name == "INCRBY" else old


def fit(number: int, op: Operation) -> int | None:
    """Return what of a number a field takes, by the way to overflow; None: nothing."""
    lowest, highest = op.range
    if op.overflow == "SAT" and is_far_below(number, op):
        return highest
    if lowest <= number <= highest:
        return number
    if op.overflow == "SAT":
        return highest if number > highest else lowest
    return (number - lowest) % (1 << op.width) + lowest if op.overflow == "WRAP" else None


def is_far_below(number: int, op: Operation) -> bool:
    """Return whether the server takes a number that is much too low for one too high."""
    # redis 7: bitops.c, checkSignedBitfieldOverflow: `maxincr` itself overflows 64 bits
    return op.is_signed and op.width < 64 and number <= op.range[1] - (1 << 63)


def store(value: bytearray, op: Operation, number: int) -> None:
    """Write a number into a field."""
    first, last = op.offset >> 3, (op.offset + op.width - 1) >> 3
    shift = (last + 1) * 8 - op.offset - op.width
    mask = (1 << op.width) - 1
    part = int.from_bytes(value[first : last + 1], "big") & ~(mask << shift)
    part |= (number & mask) << shift
    value[first : last + 1] = part.to_bytes(last - first + 1, "big")


COMMANDS = {
    "BITFIELD": Command(-2, "write denyoom", bitfield),
    "BITFIELD_RO": Command(-2, "readonly fast", bitfield_ro),
}
