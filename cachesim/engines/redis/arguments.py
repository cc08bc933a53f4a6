"""How the arguments of a command are read: the types that they may have, with Redis's error texts."""

import re
from collections.abc import Callable
from typing import Any

from cachesim.engines.redis.database import DATABASES
from cachesim.engines.redis.memory import as_bytes, as_integer
from cachesim.errors import BadInput, CommandError

NOT_AN_INTEGER = "ERR value is not an integer or out of range"
NOT_POSITIVE = "ERR value is out of range, must be positive"
SYNTAX = "ERR syntax error"
WRONG_FORM = "ERR unknown subcommand or wrong number of arguments for '{}'. Try {} HELP."
NO_DATABASE = "ERR DB index is out of range"
INT = 1 << 31  # the first number that a C int does not hold
_CURSOR = re.compile(rb"[+-]?[0-9]+|")

Arguments = list[bytes]  # the command's name first, as in Redis's argv


def argument(part: Any) -> bytes:
    """Return an argument as bytes; bytes stay the object they are. Raises BadInput."""
    if isinstance(part, bytes):
        return part
    if isinstance(part, str):
        return as_bytes(part)
    if isinstance(part, (int, float)) and not isinstance(part, bool):
        return repr(part).encode()
    if isinstance(part, (bytearray, memoryview)):
        return bytes(part)
    raise BadInput(f"an argument of a command must be a text, bytes or a number, got {part!r}")


def text(part: bytes) -> str:
    """Return bytes as text. Any bytes come back unchanged when they are encoded again (as_bytes)."""
    try:
        return part.decode()  # nearly every text, and a third faster
    except UnicodeDecodeError:
        return part.decode("utf-8", "surrogateescape")


def quoted(part: bytes, most: int = 128) -> str:
    """Return an argument as an error text shows it: up to its first zero byte, on one line."""
    # redis 7: networking.c, addReplyErrorFormatInternal
    return text(part[:most].split(b"\0", 1)[0].replace(b"\r", b" ").replace(b"\n", b" "))


def quoted_last(part: bytes) -> str:
    r"""Return an argument as the end of an error text shows it: without the line ends behind it.

    >>> quoted_last(b"a\r\nb\r\n")
    'a  b'
    """
    # redis 7: networking.c, addReplyErrorFormatInternal trims the whole text
    return quoted(part.split(b"\0", 1)[0].rstrip(b"\r\n"), len(part))


def wrong_number(name: str) -> CommandError:
    """Return the error for a wrong number of arguments."""
    return CommandError(f"ERR wrong number of arguments for '{name.lower()}' command")


def integer(part: bytes) -> int:
    """Return an argument as a 64-bit integer. Raises CommandError."""
    number = as_integer(part)
    if number is None:
        raise CommandError(NOT_AN_INTEGER)
    return number


def long_in_range(part: bytes, lowest: int, highest: int) -> int:
    """Return an argument as an integer from `lowest` to `highest`. Raises CommandError."""
    # redis 7: object.c, getRangeLongFromObjectOrReply
    number = integer(part)
    if not lowest <= number <= highest:
        raise CommandError(f"ERR value is out of range, value must between {lowest} and {highest}")
    return number


def at_least(lowest: int, part: bytes, error: str) -> int:
    """Read a number from `lowest` on; for any other argument raise CommandError with this text."""
    # redis 7: object.c, getRangeLongFromObjectOrReply
    number = as_integer(part)
    if number is None or number < lowest:
        raise CommandError(error)
    return number


def cursor(part: bytes) -> int:
    """Return an argument as a cursor of 64 bits. Raises CommandError."""
    # redis 7: db.c, parseScanCursorOrReply; C's strtoul takes a sign, and nothing for 0
    part = part.split(b"\0", 1)[0]
    if not _CURSOR.fullmatch(part) or len(part) > 1000 or abs(int(part or b"0")) >= 1 << 64:
        raise CommandError("ERR invalid cursor")
    return int(part or b"0") % (1 << 64)


def database_number(part: bytes) -> int:
    """Return an argument as the number of a database. Raises CommandError."""
    index = long_in_range(part, -INT, INT - 1)
    if not 0 <= index < DATABASES:
        raise CommandError(NO_DATABASE)
    return index


# The types that a row may give its arguments, and how each is read before the command's function is
# called. None: it arrives as bytes, because the server looks at it later, after other checks.
ARGUMENT_TYPES: dict[str, Callable[[bytes], Any] | None] = {
    "key": text,
    "name": None,  # a key that arrives as bytes: SET needs both forms
    "integer": integer,
    "cursor": cursor,
    "database": database_number,
    "value": None,  # stored
    "field": None,  # of a hash; stored in a command that stores values
    "message": None,  # comes back in the reply
    "pattern": None,
    "number": None,  # an integer or a float
    "seconds": None,
    "milliseconds": None,
    "unix-seconds": None,
    "unix-milliseconds": None,
    "bit": None,
    "offset": None,  # in bits
    "index": None,  # of a database, where an error text of its own is given
    "option": None,
    "parameter": None,  # of CONFIG
    "subcommand": None,
    "argument": None,  # of any kind
}
KEYS = {"key", "name"}
