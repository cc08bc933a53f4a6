"""A command is a row of a table. Here is how its row is found, and how it is run."""

import math
from collections.abc import Callable, Iterable, Mapping, Set
from typing import Any, NamedTuple, Protocol

from cachesim.engines.redis.arguments import (
    ARGUMENT_TYPES,
    KEYS,
    WRONG_FORM,
    Arguments,
    quoted,
    text,
    wrong_number,
)
from cachesim.engines.redis.key_places import NOWHERE, Keys, Positions
from cachesim.engines.redis.reply import Reply
from cachesim.engines.redis.tally import Tally
from cachesim.errors import BadInput, CommandError, OutOfMemory

OOM = "OOM command not allowed when used memory > 'maxmemory'."
MOST_ROWS = 1000  # names that are noted: each command may be written in many ways
FLAGS = {"write", "readonly", "denyoom", "admin", "noscript", "loading", "stale", "fast"}
FLAGS |= {
    "no_async_loading",
    "no_auth",
    "no_multi",
    "allow_busy",
    "blocking",
    "movablekeys",
    "no_mandatory_keys",
    "may_replicate",
    "pubsub",
    "skip_monitor",
    "skip_slowlog",
}


class KeyBlock(NamedTuple):
    """What a command that found nothing waits for."""

    keys: tuple[str, ...]
    seconds: float  # 0: for ever
    kind: type  # the class of the values that it can use
    again: Callable[[str], Arguments]  # the command to run once such a value is under a key
    row: "RedisCommand | None" = None  # the row that runs it, if not the command's own
    gone: str = ""  # the error once no such value is under a key; "": it waits on


class RedisCommand:
    """A row of the table of commands.

    Parameters
    ----------
    name : str
        In capital letters; of a subcommand "OBJECT|FREQ".
    syntax : str
        The types of the arguments (ARGUMENT_TYPES in arguments.py), written as in Redis's manual:
        first the required ones, then in brackets those that may follow, with "..." if they may be
        repeated. Arity, positions of the keys and bytes stored follow from it.
    flags : str
        Redis's, as COMMAND INFO shows them. A "denyoom" command is refused when memory is over its
        limit and nothing may be evicted.
    function : callable
        Takes the engine (for a command about a connection: the client) and each argument as its
        type reads it; returns the reply. The first line of its docstring is the command's help.
    replies : callable, optional
        As `function`; returns the strings of the reply without changing anything (work.py).
    walks : callable, optional
        As `function`; returns how many keys the command looks at, if not those it names.
    propagates : callable, optional
        Takes the engine after the command, the arguments and the reply; returns the command that a
        replica executes, or a list of them (propagate.py). Without it: the command as it came. It is called only if
        the command has changed something.
    keys : Positions, CountedKeys or KeysAfter, optional
        Where the keys stand, if the syntax cannot say it.
    blocks : callable, optional
        As `function`; returns the KeyBlock of a command that waits until it finds something, None if
        it does not wait. The function itself does not wait: then it replies None or NULL_ARRAY.

    Raises
    ------
    BadInput
        A type or a flag is unknown.

    >>> row = RedisCommand(
    ...     "MSET", "key value [key value ...]", "write denyoom", lambda db, *a: "OK"
    ... )
    >>> row.arity, row.keys.of([b"MSET", b"a", b"1", b"b", b"2"])
    (-3, [b'a', b'b'])
    """

    def __init__(
        self,
        name: str,
        syntax: str,
        flags: str,
        function: Callable[..., Reply],
        replies: Callable[..., Reply] | None = None,
        walks: Callable[..., int] | None = None,
        propagates: Callable[..., tuple[Any, ...] | list[tuple[Any, ...]]] | None = None,
        keys: Keys | None = None,
        blocks: Callable[..., KeyBlock | None] | None = None,
    ) -> None:
        self.name, self.syntax, self.flags = name, syntax, flags
        self.function, self.replies, self.walks = function, replies, walks
        self.propagates, self.blocks = propagates, blocks
        must, _, may = syntax.partition("[")
        self.required = tuple(must.split())
        self.repeats = may.endswith("...]")
        self.further = tuple(may.rstrip(".]").split())
        self.has_subcommands = "subcommand" in (*self.required, *self.further)
        self.begins = 1 + name.count("|")  # where the first argument stands
        self.least = self.begins + len(self.required)
        self.most = math.inf if self.further else self.least
        self.arity = -self.least if self.further else self.least
        self._check()
        self.keys: Keys = self.places(KEYS) if keys is None else keys
        values = {"value", "message"}
        self.stored = self.places(values | ({"field"} if "value" in self.required else set()))
        self.readers, self.further_readers = readers(self.required), readers(self.further)
        self.takes_any = self.repeats and len(self.further) == 1 and not self.further_readers

    def _check(self) -> None:
        types = {*self.required, *self.further}
        for kind, given, known in (
            ("type", types, set(ARGUMENT_TYPES)),
            ("flag", set(self.flags.split()), FLAGS),
        ):
            for each in sorted(given - known):
                choice = ", ".join(sorted(known))
                raise BadInput(
                    f'the command {self.name} has an unknown {kind} "{each}"; choose from {choice}'
                )

    def places(self, types: Set[str]) -> Positions:
        """Return where the arguments of these types stand."""
        at = [n for n, each in enumerate(self.required, self.begins) if each in types]
        end = self.begins + len(self.required)
        more = [n for n, each in enumerate(self.further, end) if each in types]
        if not at and not more:
            return NOWHERE
        if not more:
            return Positions(at[0], at[-1], 1)
        step = 1 if len(more) == len(self.further) else len(self.further)
        return Positions((at or more)[0], -1, step)

    def takes(self, argv: Arguments) -> bool:
        """Whether the number of arguments is right."""
        return self.least <= len(argv) <= self.most

    def read(self, argv: Arguments) -> list[Any]:
        """Return the arguments as the function takes them. Raises CommandError."""
        arguments: list[Any] = argv[self.begins :]
        for at, read in self.readers:
            arguments[at] = read(arguments[at])
        if len(argv) > self.least and not self.takes_any:
            self._read_further(arguments, len(argv) - self.least)
        return arguments

    def _read_further(self, arguments: list[Any], more: int) -> None:
        if more % len(self.further) or (more > len(self.further) and not self.repeats):
            raise wrong_number(self.name)
        for at, read in self.further_readers:
            places = slice(len(self.required) + at, None, len(self.further))
            arguments[places] = map(read, arguments[places])


def readers(types: Iterable[str]) -> list[tuple[int, Callable[[bytes], Any]]]:
    """Return the places of the arguments that are read before the call, each with its reader."""
    return [
        (at, read) for at, each in enumerate(types) if (read := ARGUMENT_TYPES[each]) is not None
    ]


Table = Mapping[str, RedisCommand]


def table(*rows: RedisCommand) -> dict[str, RedisCommand]:
    """Return the rows by their names.

    >>> list(table(RedisCommand("PING", "[message]", "fast", lambda db, *a: "PONG")))
    ['PING']
    """
    return {row.name: row for row in rows}


class Running(Protocol):
    """The part of an engine that is needed to run a command."""

    tally: Tally
    commands: Table
    rows: dict[bytes, RedisCommand]  # those that were found, by the name as it was written

    def begin(self, argv: Arguments) -> bool:
        """Let time pass, expire and evict: before any command. True if there is room to store."""

    def refuse(self, key: str) -> None:
        """Remember that a store under this key was refused."""


def admit(engine: Running, argv: Arguments) -> RedisCommand:
    """Return the row of a command that may run now; `begin` has prepared the engine for it.

    The checks come in the server's order: name, number of arguments, memory. Raises CommandError or
    OutOfMemory, and counts the refusal.
    """
    # redis 7: server.c, processCommand
    row = None
    try:
        row = engine.rows.get(argv[0]) or noted(engine, argv)
        if not row.least <= len(argv) <= row.most:
            raise wrong_number(row.name)
        if not engine.begin(argv) and "denyoom" in row.flags:
            for key in row.keys.of(argv):
                engine.refuse(text(key))
            raise OutOfMemory(OOM)
    except (CommandError, OutOfMemory) as error:
        engine.tally.note_error(str(error))
        if row is not None:
            engine.tally.rejected[row.name] += 1
        raise
    return row


def call(engine: Running, row: RedisCommand, argv: Arguments) -> Reply:
    """Run an admitted command. Raises CommandError, and counts it.

    It neither looks at the clock nor evicts: after one `begin` several commands may be called.
    """
    # redis 7: server.c, call
    tally = engine.tally
    tally.calls[row.name] += 1
    try:
        return row.function(engine, *row.read(argv))
    except (CommandError, OutOfMemory) as error:
        if not error.is_counted:
            tally.note_error(str(error))
        tally.failed[row.name] += 1
        if str(error) == WRONG_FORM:  # only here it is known how the client wrote it
            name = row.name.partition("|")[0]
            raise CommandError(WRONG_FORM.format(quoted(argv[1]), name)) from None
        raise


def noted(engine: Running, argv: Arguments) -> RedisCommand:
    """Find a row, and note it for the next time; but not a subcommand. Raises CommandError."""
    row = find(engine.commands, argv)
    if row.begins == 1 and not row.has_subcommands and len(engine.rows) < MOST_ROWS:
        engine.rows[argv[0]] = row
    return row


def find(table: Table, argv: Arguments) -> RedisCommand:
    """Return the row of a command or subcommand. Raises CommandError."""
    name = text(argv[0]).upper()
    row = table.get(name)
    if row is None or "|" in name:  # "CONFIG|SET" is a row, but no command
        raise CommandError(unknown(argv))
    if not row.has_subcommands or len(argv) == 1:
        return row
    row = table.get(f"{name}|{text(argv[1]).upper()}")
    if row is None:
        raise CommandError(f"ERR unknown subcommand '{quoted(argv[1])}'. Try {name} HELP.")
    return row


def container(name: str) -> RedisCommand:
    """Return the row of a command that does nothing itself: it only has subcommands."""

    def function(engine: Any, *argv: bytes) -> Reply:
        raise wrong_number(name)

    function.__doc__ = f"{name} subcommand [argument ...]."
    return RedisCommand(name, "subcommand [argument ...]", "", function)


def unknown(argv: Arguments) -> str:
    """Return the error text for a name that no command has."""
    arguments = ""
    for part in argv[1:]:
        if len(arguments) >= 128:
            break
        arguments += f"'{quoted(part, 128 - len(arguments))}' "
    return f"ERR unknown command '{quoted(argv[0])}', with args beginning with: {arguments}"
