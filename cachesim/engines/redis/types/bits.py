"""The commands on the bits of a string, as redis 7 has them in bitops.c; bit 0 is the highest."""

from functools import reduce
from operator import and_, or_, xor

from cachesim.engines.redis.command import (
    SYNTAX,
    Arguments,
    Command,
    Keys,
    Reply,
    integer,
    string_in,
    text,
)
from cachesim.engines.redis.db import Entry, Keyspace
from cachesim.engines.redis.memory import as_integer, room_of
from cachesim.engines.redis.types.string import change
from cachesim.errors import CommandError

BAD_OFFSET = "ERR bit offset is not an integer or out of range"
BAD_BIT = "ERR bit is not an integer or out of range"
OPERATIONS = {"AND": and_, "OR": or_, "XOR": xor, "NOT": xor}


def bit_offset(db: Keyspace, part: bytes, width: int = 0) -> int:
    """Return an offset in bits; "#3" is the third field of `width` bits. Raises CommandError."""
    # redis 7: bitops.c, getBitOffsetFromArgument
    in_fields = width > 0 and part.startswith(b"#")
    offset = as_integer(part[1:] if in_fields else part)
    if offset is None:
        raise CommandError(BAD_OFFSET)
    if in_fields:
        offset *= width
    if offset < 0 or offset >> 3 >= db.longest_string:
        raise CommandError(BAD_OFFSET)
    return offset


def value_at(entry: Entry | None) -> bytes:
    """Return the string of an entry, empty if there is none. Raises CommandError."""
    string_in(entry)
    return b"" if entry is None else entry.value


def lengthened(db: Keyspace, key: str, highest: int) -> tuple[Entry, bytearray]:
    """Return the entry and bytes of a string that reaches to a bit; store it when changed."""
    # redis 7: bitops.c, lookupStringForBitCommand
    entry = string_in(db.write(key))
    size = (highest >> 3) + 1
    if entry is None:
        entry = stored_raw(db, db.add(key, b""), bytes(size))
    return entry, bytearray(entry.value.ljust(size, b"\0"))


def stored_raw(db: Keyspace, entry: Entry, value: bytes) -> Entry:
    """Give a key a string of the raw encoding."""
    db.overwrite(entry, value, room_of(len(value), db.quantum))
    return entry


def getbit(db: Keyspace, argv: Arguments) -> Reply:
    """GETBIT key offset."""
    offset = bit_offset(db, argv[2])
    value = value_at(db.read(text(argv[1])))
    byte = offset >> 3
    return value[byte] >> (7 - offset % 8) & 1 if byte < len(value) else 0


def setbit(db: Keyspace, argv: Arguments) -> Reply:
    """SETBIT key offset bit: return the bit that was there."""
    offset, bit = bit_offset(db, argv[2]), as_integer(argv[3])
    if bit not in (0, 1):
        raise CommandError(BAD_BIT)
    entry, value = lengthened(db, text(argv[1]), offset)
    byte, mask = offset >> 3, 0x80 >> offset % 8
    old = bool(value[byte] & mask)
    value[byte] = value[byte] | mask if bit else value[byte] & ~mask
    change(db, entry, bytes(value))
    return int(old)


def clipped(argv: Arguments, first: int, value: bytes) -> tuple[int, int]:
    """Return the first and last bit of a range as given: [start [end [BYTE | BIT]]]."""
    given = argv[first:]
    if len(given) > 3:
        raise CommandError(SYNTAX)
    start = integer(given[0]) if given else 0
    unit = text(given[2]).upper() if len(given) > 2 else "BYTE"
    if unit not in ("BYTE", "BIT"):
        raise CommandError(SYNTAX)
    end = integer(given[1]) if len(given) > 1 else -1
    return in_bits(start, end, len(value), unit)


def in_bits(start: int, end: int, size: int, unit: str) -> tuple[int, int]:
    """Return a range of a string of `size` bytes in bits; negative ends count from its end."""
    step = 1 if unit == "BIT" else 8
    total = size * 8 // step
    start = max(0, start + total if start < 0 else start)
    end = max(0, end + total if end < 0 else end)
    return start * step, (min(end, total - 1) + 1) * step - 1


def cut(value: bytes, start: int, end: int) -> int:
    """Return the bits from start to end as one number."""
    whole = int.from_bytes(value, "big")
    return whole >> (len(value) * 8 - 1 - end) & ((1 << (end - start + 1)) - 1)


def bitcount(db: Keyspace, argv: Arguments) -> Reply:
    """BITCOUNT key [start end [BYTE | BIT]]."""
    entry = db.read(text(argv[1]))
    value = value_at(entry)
    if entry is None:
        return 0
    if len(argv) == 3 or len(argv) > 5:
        raise CommandError(SYNTAX)
    if len(argv) > 3:
        start, end = integer(argv[2]), integer(argv[3])
        if start < 0 and end < 0 and start > end:
            return 0
    start, end = clipped(argv, 2, value)
    return cut(value, start, end).bit_count() if start <= end else 0


def bitpos(db: Keyspace, argv: Arguments) -> Reply:
    """BITPOS key bit [start [end [BYTE | BIT]]]: where the first such bit is, or -1.

    Without an end the string goes on with zeros for ever.
    """
    bit = integer(argv[2])
    if bit not in (0, 1):
        raise CommandError("ERR The bit argument must be 1 or 0.")
    entry = db.read(text(argv[1]))
    if entry is None:
        return -bit
    value = value_at(entry)
    start, end = clipped(argv, 3, value)
    if start > end:
        return -1
    bits = end - start + 1
    number = cut(value, start, end)
    if not bit:
        number ^= (1 << bits) - 1
    if number:
        return start + bits - number.bit_length()
    return -1 if bit or len(argv) > 4 else end + 1


def bitop(db: Keyspace, argv: Arguments) -> Reply:
    """BITOP AND|OR|XOR target key [key ...], BITOP NOT target key."""
    name = text(argv[1]).upper()
    if name not in OPERATIONS:
        raise CommandError(SYNTAX)
    if name == "NOT" and len(argv) != 4:
        raise CommandError("ERR BITOP NOT must be called with a single source key.")
    values = [value_at(db.read(text(key))) for key in argv[3:]]
    size, target = max(map(len, values)), text(argv[2])
    if not size:
        db.drop(target)
        return 0
    numbers = [int.from_bytes(value.ljust(size, b"\0"), "big") for value in values]
    if name == "NOT":
        numbers.append((1 << size * 8) - 1)
    result = reduce(OPERATIONS[name], numbers)
    stored_raw(db, db.put(target, b""), result.to_bytes(size, "big"))
    return size


COMMANDS = {
    "BITCOUNT": Command(-2, "readonly", bitcount),
    "BITOP": Command(-4, "write denyoom", bitop, Keys(2, -1, 1)),
    "BITPOS": Command(-3, "readonly", bitpos),
    "GETBIT": Command(3, "readonly fast", getbit),
    "SETBIT": Command(4, "write denyoom", setbit),
}
