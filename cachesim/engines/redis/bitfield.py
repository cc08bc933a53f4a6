"""BITFIELD: a string as an array of integers of any width, as redis 7 has it in bitops.c."""

from typing import NamedTuple

from cachesim.engines.redis.arguments import SYNTAX, integer, text
from cachesim.engines.redis.bitops import bit_offset, lengthened, value_at
from cachesim.engines.redis.command import RedisCommand, table
from cachesim.engines.redis.db import Keyspace
from cachesim.engines.redis.memory import as_integer
from cachesim.engines.redis.reply import Reply
from cachesim.engines.redis.t_string import change
from cachesim.errors import CommandError

BAD_TYPE = (
    "ERR Invalid bitfield type. Use something like i16 u8. "
    "Note that u64 is not supported but i64 is."
)
NUMBERS = {"GET": 2, "SET": 3, "INCRBY": 3, "OVERFLOW": 1}  # how many arguments each takes


class FieldOperation(NamedTuple):
    """One GET, SET or INCRBY of a BITFIELD."""

    name: str
    is_signed: bool
    width: int  # bits
    offset: int  # bits
    number: int
    overflow: str  # "WRAP", "SAT" or "FAIL"

    @property
    def range(self) -> tuple[int, int]:
        """The lowest and the highest number that the field holds."""
        if self.is_signed:
            return -(1 << (self.width - 1)), (1 << (self.width - 1)) - 1
        return 0, (1 << self.width) - 1


def bitfield(db: Keyspace, key: str, *parts: bytes) -> Reply:
    """BITFIELD key [GET t o] [OVERFLOW WRAP|SAT|FAIL] [SET t o number] [INCRBY t o number] ..."""
    todo = operations(db, parts)
    writes = [op for op in todo if op.name != "GET"]
    if not writes:
        value = value_at(db.read(key))
        return [fetch(value, op) for op in todo]
    highest = max(op.offset + op.width - 1 for op in writes)
    entry, changed, grew = lengthened(db, key, highest)
    replies = []
    wrote = 0
    for op in todo:
        before = fetch(changed, op)
        reply = perform(changed, op)
        wrote += is_write(op, reply) and (grew or fetch(changed, op) != before)
        replies.append(reply)
    change(db, entry, bytes(changed))
    if wrote:
        db.counted = wrote
        db.event("$", "setbit", key)
    else:
        db.unchanged()
    return list(replies)


def is_write(op: FieldOperation, reply: int | None) -> bool:
    """Whether an operation wrote its field: not a GET, and not forbidden by OVERFLOW FAIL."""
    return op.name != "GET" and reply is not None


def bitfield_ro(db: Keyspace, key: str, *parts: bytes) -> Reply:
    """BITFIELD_RO key [GET type offset ...]."""
    if any(op.name != "GET" for op in operations(db, parts)):
        raise CommandError("ERR BITFIELD_RO only supports the GET subcommand")
    return bitfield(db, key, *parts)


def operations(db: Keyspace, parts: tuple[bytes, ...]) -> list[FieldOperation]:
    """Return the operations of a BITFIELD, in order. Raises CommandError."""
    found, overflow, at = [], "WRAP", 0
    while at < len(parts):
        name = text(parts[at]).upper()
        rest = parts[at + 1 : at + 1 + NUMBERS.get(name, 0)]
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
        found.append(FieldOperation(name, is_signed, width, offset, number, overflow))
    return found


def field_type(part: bytes) -> tuple[bool, int]:
    """Read a type such as i16: is the field signed, and how many bits has it? Raises CommandError."""
    letter, width = part[:1], as_integer(part[1:])
    widest = {b"i": 64, b"u": 63}.get(letter, 0)
    if width is None or not 1 <= width <= widest:
        raise CommandError(BAD_TYPE)
    return letter == b"i", width


def fetch(value: bytes | bytearray, op: FieldOperation) -> int:
    """Return the number in a field. Bits beyond the end of the string are zeros."""
    first, last = op.offset >> 3, (op.offset + op.width - 1) >> 3
    part = int.from_bytes(value[first : last + 1].ljust(last - first + 1, b"\0"), "big")
    number = part >> ((last + 1) * 8 - op.offset - op.width) & ((1 << op.width) - 1)
    sign = op.is_signed and number >> (op.width - 1)
    return number - (1 << op.width) if sign else number


def perform(value: bytearray, op: FieldOperation) -> int | None:
    """Do one operation on the string and return its reply; None if OVERFLOW FAIL forbids it."""
    old = fetch(value, op)
    if op.name == "GET":
        return old
    new = old + op.number if op.name == "INCRBY" else op.number
    if op.name == "SET" and not op.is_signed:
        new &= (1 << 64) - 1  # the server takes the number for an unsigned one
    fitted = fit(new, op)
    if fitted is None:
        return None
    store(value, op, fitted)
    return fitted if op.name == "INCRBY" else old


def fit(number: int, op: FieldOperation) -> int | None:
    """Fit a number into a field by the overflow rule (WRAP, SAT, FAIL); None on FAIL."""
    lowest, highest = op.range
    if op.overflow == "SAT" and is_far_below(number, op):
        return highest
    if lowest <= number <= highest:
        return number
    if op.overflow == "SAT":
        return highest if number > highest else lowest
    return (number - lowest) % (1 << op.width) + lowest if op.overflow == "WRAP" else None


def is_far_below(number: int, op: FieldOperation) -> bool:
    """Whether SET has a number so low that the server takes it for one that is too high."""
    # redis 7: bitops.c, checkSignedBitfieldOverflow: `maxincr` itself overflows 64 bits, but for an
    # INCRBY it is the distance of the old number, which never does.
    is_narrow = op.name == "SET" and op.is_signed and op.width < 64
    return is_narrow and number <= op.range[1] - (1 << 63)


def store(value: bytearray, op: FieldOperation, number: int) -> None:
    """Write a number into a field."""
    first, last = op.offset >> 3, (op.offset + op.width - 1) >> 3
    shift = (last + 1) * 8 - op.offset - op.width
    mask = (1 << op.width) - 1
    part = int.from_bytes(value[first : last + 1], "big") & ~(mask << shift)
    part |= (number & mask) << shift
    value[first : last + 1] = part.to_bytes(last - first + 1, "big")


COMMANDS = table(
    RedisCommand("BITFIELD", "key [option ...]", "write denyoom", bitfield),
    RedisCommand("BITFIELD_RO", "key [option ...]", "readonly fast", bitfield_ro),
)
