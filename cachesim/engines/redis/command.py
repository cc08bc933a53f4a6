"""What a command is, how it is run and how its arguments are read, with Redis's error texts."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol, TypeVar

from cachesim.engines.redis.db import Entry, Keyspace
from cachesim.engines.redis.memory import as_bytes, as_integer
from cachesim.engines.redis.tally import Tally
from cachesim.engines.redis.types.value import Value, wrong_type
from cachesim.errors import BadInput, CommandError, OutOfMemory

OOM = "OOM command not allowed when used memory > 'maxmemory'."
NOT_AN_INTEGER = "ERR value is not an integer or out of range"
SYNTAX = "ERR syntax error"

Reply = bytes | int | float | str | bool | list | dict | set | None  # a str is a status: OK
Arguments = list[bytes]  # the command's name first, as in Redis's argv


V = TypeVar("V", bound=Value)


class Pairs(list):
    """A reply of pairs [[name, value], ...], which RESP2 sends as one flat list."""


class Verbatim(bytes):
    """A reply of lines to be read by people (INFO): bytes, but RESP3 says that it is text."""


class Keys(NamedTuple):
    """Where among the arguments the keys stand: the first, the last (below 0: from the end)."""

    first: int  # 0: nowhere
    last: int
    step: int  # from one key to the next

    def of(self, argv: Arguments) -> Arguments:
        """Return the arguments that stand there."""
        if not self.first:
            return []
        end = self.last + 1 + len(argv) * (self.last < 0)
        return argv[self.first : end : self.step]


NO_KEYS = Keys(0, 0, 0)
ONE_KEY = Keys(1, 1, 1)
TWO_KEYS = Keys(1, 2, 1)
ALL_KEYS = Keys(1, -1, 1)
SUBKEY = Keys(2, 2, 1)  # of a subcommand: OBJECT FREQ key


class Command(NamedTuple):
    """A row of the command table.

    `arity` counts the name; below 0 it is the least number. `flags` are Redis's, as COMMAND INFO
    shows them: a "denyoom" command is refused when memory is over its limit and nothing may go.
    The last three say what it asks of its node (work.py).
    """

    arity: int
    flags: str
    function: Callable[[Any, Arguments], Reply]
    keys: Keys = ONE_KEY
    data: Keys = NO_KEYS  # where the arguments stand that are stored
    replies: Callable[[Any, Arguments], Reply] | None = None  # gives the strings of its reply
    walks: Callable[[Any, Arguments], int] | None = None  # keys looked at; None: those it names

    def takes(self, argv: Arguments) -> bool:
        """Return whether the number of arguments is right."""
        return len(argv) == self.arity or (self.arity < 0 and len(argv) >= -self.arity)


class Running(Protocol):
    """An engine, as far as `run` needs it."""

    tally: Tally

    def begin(self) -> bool:
        """Do what comes before any command; return whether there is room."""

    def refuse(self, key: str) -> None:
        """Remember that what was to be stored under a key was refused."""


def run(table: Mapping[str, Command], engine: Running, command: tuple[Any, ...]) -> Reply:
    """Check a command in the server's order (name, number of arguments, memory) and run it."""
    # redis 7: server.c, processCommand and call
    argv = [argument(part) for part in command]
    if not argv:
        raise BadInput('a command needs a name, such as ("GET", "key"), got ()')
    tally = engine.tally
    why = None  # of an error: a count for it
    try:
        name = lookup(table, argv)
        row, why = table[name], tally.rejected
        if not row.takes(argv):
            raise wrong_number(name.lower())
        has_room = engine.begin()
        if not has_room and "denyoom" in row.flags:
            for key in row.keys.of(argv):
                engine.refuse(text(key))
            raise OutOfMemory(OOM)
        tally.calls[name] += 1
        why = tally.failed
        return row.function(engine, argv)
    except (CommandError, OutOfMemory) as error:
        tally.note_error(str(error))
        if why is not None:
            why[name] += 1
        raise


def lookup(table: Mapping[str, Command], argv: Arguments) -> str:
    """Return the name in the table of a command, or of a subcommand: "OBJECT|FREQ"."""
    name = text(argv[0]).upper()
    row = table.get(name)
    if row is None:
        raise CommandError(unknown(argv))
    if row.function is not container or len(argv) == 1:
        return name
    full = f"{name}|{text(argv[1]).upper()}"
    if full not in table:
        raise CommandError(f"ERR unknown subcommand '{quoted(argv[1])}'. Try {name} HELP.")
    return full


def container(engine: Any, argv: Arguments) -> Reply:
    """Stand in the table for a command that has only subcommands, and was given none."""
    raise wrong_number(text(argv[0]).lower())


def every_key(db: Keyspace, argv: Arguments) -> int:
    """Return how many keys the selected database has: what a walk over all of them looks at."""
    return len(db.keys.nodes)


def unknown(argv: Arguments) -> str:
    """Return the error text for a name that no command has."""
    arguments = ""
    for part in argv[1:]:
        if len(arguments) >= 128:
            break
        arguments += f"'{quoted(part, 128 - len(arguments))}' "
    return f"ERR unknown command '{quoted(argv[0])}', with args beginning with: {arguments}"


def quoted(part: bytes, most: int = 128) -> str:
    """Return an argument as an error text shows it: to its first zero byte, on one line."""
    # redis 7: networking.c, addReplyErrorFormatInternal
    return text(part[:most].split(b"\0", 1)[0].replace(b"\r", b" ").replace(b"\n", b" "))


def wrong_number(name: str) -> CommandError:
    """Return the error for a wrong number of arguments."""
    return CommandError(f"ERR wrong number of arguments for '{name}' command")


def argument(part: Any) -> bytes:
    """Return an argument as bytes; bytes stay the object they are."""
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
    """Return bytes as the text that stands for them inside; any bytes come back unchanged."""
    return part.decode("utf-8", "surrogateescape")


def string_in(entry: Entry | None) -> Entry | None:
    """Return the entry, which must hold a string if there is one. Raises CommandError."""
    if entry is not None and not isinstance(entry.value, bytes):
        raise wrong_type()
    return entry


def value_in(entry: Entry | None, kind: type[V]) -> V | None:
    """Return the value, which must be of that type if there is one. Raises CommandError."""
    if entry is None:
        return None
    if not isinstance(entry.value, kind):
        raise wrong_type()
    return entry.value


def integer(part: bytes) -> int:
    """Return an argument as a 64-bit integer. Raises CommandError."""
    number = as_integer(part)
    if number is None:
        raise CommandError(NOT_AN_INTEGER)
    return number


def long_in_range(part: bytes, lowest: int, highest: int) -> int:
    """Return an argument as an integer of a range. Raises CommandError."""
    # redis 7: object.c, getRangeLongFromObjectOrReply
    number = integer(part)
    if not lowest <= number <= highest:
        raise CommandError(f"ERR value is out of range, value must between {lowest} and {highest}")
    return number


def milliseconds(db: Keyspace, argv: Arguments, part: bytes, unit: str) -> int:
    """Return when `EX 10` or the like falls due: from unit (EX PX EXAT PXAT) and number."""
    # redis 7: t_string.c, getExpireMillisecondsOrReply
    number = integer(part)
    if unit.startswith("EX"):
        number *= 1000
    when = number if unit.endswith("AT") else db.now + number
    if number <= 0 or max(number, when) >= 1 << 63:
        name = text(argv[0]).lower()
        raise CommandError(f"ERR invalid expire time in '{name}' command")
    return when
