"""The commands on the bits of a string, as redis 7 has them in bitops.c; bit 0 is the highest."""

from functools import reduce
from operator import and_, or_, xor

from cachesim.engines.redis.arguments import SYNTAX, integer, text
from cachesim.engines.redis.command import RedisCommand, table
from cachesim.engines.redis.database import KeyEntry
from cachesim.engines.redis.db import Keyspace
from cachesim.engines.redis.memory import as_integer, room_of
from cachesim.engines.redis.reply import Reply
from cachesim.engines.redis.structure import string_in
from cachesim.engines.redis.t_string import change
from cachesim.errors import CommandError

BAD_OFFSET = "ERR bit offset is not an integer or out of range"
BAD_BIT = "ERR bit is not an integer or out of range"
OPERATIONS = {"AND": and_, "OR": or_, "XOR": xor, "NOT": xor}


def bit_offset(db: Keyspace, part: bytes, width: int = 0) -> int:
    """Return an offset in bits. "#3" is field 3, of `width` bits each. Raises CommandError."""
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


def value_at(entry: KeyEntry | None) -> bytes:
    """Return the string of an entry, empty if there is no entry. Raises CommandError."""
    string_in(entry)
    return b"" if entry is None else entry.value


def lengthened(db: Keyspace, key: str, highest: int) -> tuple[KeyEntry, bytearray, bool]:
    """Return a string made long enough to hold a bit: its entry, the string, and whether it grew.

    The caller stores it.
    """
    # redis 7: bitops.c, lookupStringForBitCommand
    entry = string_in(db.write(key))
    size = (highest >> 3) + 1
    if entry is None:
        entry = stored_raw(db, db.add(key, b""), bytes(size))
        return entry, bytearray(size), True
    return entry, bytearray(entry.value.ljust(size, b"\0")), len(entry.value) < size


def stored_raw(db: Keyspace, entry: KeyEntry, value: bytes) -> KeyEntry:
    """Give a key a string of the raw encoding."""
    db.overwrite(entry, value, room_of(len(value), db.quantum))
    return entry


def getbit(db: Keyspace, key: str, part: bytes) -> Reply:
    """GETBIT key offset."""
    offset = bit_offset(db, part)
    value = value_at(db.read(key))
    byte = offset >> 3
    return value[byte] >> (7 - offset % 8) & 1 if byte < len(value) else 0


def setbit(db: Keyspace, key: str, part: bytes, new: bytes) -> Reply:
    """SETBIT key offset bit: the bit that was there before."""
    offset, bit = bit_offset(db, part), as_integer(new)
    if bit not in (0, 1):
        raise CommandError(BAD_BIT)
    entry, value, grew = lengthened(db, key, offset)
    byte, mask = offset >> 3, 0x80 >> offset % 8
    old = bool(value[byte] & mask)
    value[byte] = value[byte] | mask if bit else value[byte] & ~mask
    change(db, entry, bytes(value))
    if old == bit and not grew:
        db.unchanged()
    else:
        db.event("$", "setbit", key)
    return int(old)


def clipped(given: tuple[bytes, ...], value: bytes) -> tuple[int, int]:
    """Return the first and the last bit of a range given as [start [end [BYTE | BIT]]]."""
    if len(given) > 3:
        raise CommandError(SYNTAX)
    start = integer(given[0]) if given else 0
    unit = text(given[2]).upper() if len(given) > 2 else "BYTE"
    if unit not in ("BYTE", "BIT"):
        raise CommandError(SYNTAX)
    end = integer(given[1]) if len(given) > 1 else -1
    return in_bits(start, end, len(value), unit)


def in_bits(start: int, end: int, size: int, unit: str) -> tuple[int, int]:
    """Convert a range of a string of `size` bytes to bits. Negative ends count from its end."""
    step = 1 if unit == "BIT" else 8
    total = size * 8 // step
    start = max(0, start + total if start < 0 else start)
    end = max(0, end + total if end < 0 else end)
    return start * step, (min(end, total - 1) + 1) * step - 1


def cut(value: bytes, start: int, end: int) -> int:
    """Return the bits from start to end as one number."""
    whole = int.from_bytes(value, "big")
    return whole >> (len(value) * 8 - 1 - end) & ((1 << (end - start + 1)) - 1)


def bitcount(db: Keyspace, key: str, *given: bytes) -> Reply:
    """BITCOUNT key [start end [BYTE | BIT]]."""
    entry = db.read(key)
    value = value_at(entry)
    if entry is None:
        return 0
    if len(given) == 1 or len(given) > 3:
        raise CommandError(SYNTAX)
    if given:
        start, end = integer(given[0]), integer(given[1])
        if start < 0 and end < 0 and start > end:
            return 0
    start, end = clipped(given, value)
    return cut(value, start, end).bit_count() if start <= end else 0


def bitpos(db: Keyspace, key: str, bit: int, *given: bytes) -> Reply:
    """BITPOS key bit [start [end [BYTE | BIT]]]: where the first such bit is, or -1.

    If no end is given, zeros without end follow the string.
    """
    if bit not in (0, 1):
        raise CommandError("ERR The bit argument must be 1 or 0.")
    entry = db.read(key)
    if entry is None:
        return -bit
    value = value_at(entry)
    start, end = clipped(given, value)
    if start > end:
        return -1
    bits = end - start + 1
    number = cut(value, start, end)
    if not bit:
        number ^= (1 << bits) - 1
    if number:
        return start + bits - number.bit_length()
    return -1 if bit or len(given) > 1 else end + 1


def bitop(db: Keyspace, operation: bytes, target: str, *keys: str) -> Reply:
    """BITOP AND|OR|XOR target key [key ...], BITOP NOT target key."""
    name = text(operation).upper()
    if name not in OPERATIONS:
        raise CommandError(SYNTAX)
    if name == "NOT" and len(keys) != 1:
        raise CommandError("ERR BITOP NOT must be called with a single source key.")
    values = [value_at(db.read(key)) for key in keys]
    size = max(map(len, values))
    if not size:
        db.discard(target)
        return 0
    numbers = [int.from_bytes(value.ljust(size, b"\0"), "big") for value in values]
    if name == "NOT":
        numbers.append((1 << size * 8) - 1)
    result = reduce(OPERATIONS[name], numbers)
    stored_raw(db, db.put(target, b""), result.to_bytes(size, "big"))
    db.event("$", "set", target)
    return size


COMMANDS = table(
    RedisCommand("BITCOUNT", "key [option ...]", "readonly", bitcount),
    RedisCommand("BITOP", "argument key key [key ...]", "write denyoom", bitop),
    RedisCommand("BITPOS", "key integer [option ...]", "readonly", bitpos),
    RedisCommand("GETBIT", "key offset", "readonly fast", getbit),
    RedisCommand("SETBIT", "key offset bit", "write denyoom", setbit),
)
