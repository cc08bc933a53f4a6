"""COMMAND: what clients ask to learn which commands there are, answered from the command tables."""

from fnmatch import fnmatchcase
from typing import Any

from cachesim.engines.redis.command import (
    NO_KEYS,
    SYNTAX,
    Arguments,
    Command,
    Reply,
    lookup,
    text,
)
from cachesim.engines.redis.engine import COMMANDS as ENGINE
from cachesim.engines.redis.help import helper, lines_of
from cachesim.errors import CommandError
from cachesim.wire.connection import ROWS as CONNECTION

NO_SUCH = "ERR Invalid command specified"


def commands() -> dict[str, Command]:
    """Return every command there is, subcommands ("CONFIG|GET") included."""
    return {**ENGINE, **CONNECTION, **ROWS}


def described(name: str, row: Command) -> list[Any]:
    """Return what COMMAND INFO says of a command."""
    # redis 7: server.c, addReplyCommandInfo
    flags = row.flags.split()
    speed = "@fast" if "fast" in flags else "@slow"
    categories = {"@write": "write", "@read": "readonly", "@admin": "admin"}
    groups = [group for group, flag in categories.items() if flag in flags]
    under = [described(sub, each) for sub, each in commands().items() if sub.startswith(f"{name}|")]
    return [
        name.lower().encode(),
        row.arity,
        set(flags),
        *row.keys,
        {*groups, speed},
        [],
        [],
        under,
    ]


def command_all(talk: Any, argv: Arguments) -> Reply:
    """COMMAND: all of them."""
    return [described(name, row) for name, row in commands().items() if "|" not in name]


def command_count(talk: Any, argv: Arguments) -> Reply:
    """COMMAND COUNT."""
    return sum("|" not in name for name in commands())


def command_info(talk: Any, argv: Arguments) -> Reply:
    """COMMAND INFO [name ...]."""
    if len(argv) == 2:
        return command_all(talk, argv)
    known = commands()
    asked = [text(part).upper() for part in argv[2:]]
    return [described(name, known[name]) if name in known else None for name in asked]


def command_list(talk: Any, argv: Arguments) -> Reply:
    """COMMAND LIST [FILTERBY MODULE name | ACLCAT category | PATTERN pattern]."""
    names = [name for name in commands() if "|" not in name]
    if len(argv) > 2:
        if len(argv) != 5 or argv[2].upper() != b"FILTERBY":
            raise CommandError(SYNTAX)
        names = chosen(names, text(argv[3]).upper(), text(argv[4]))
    return [name.lower().encode() for name in names]


def chosen(names: list[str], kind: str, wanted: str) -> list[str]:
    """Return the names that a filter of COMMAND LIST lets through."""
    known = commands()
    if kind == "MODULE":
        return []
    if kind == "PATTERN":
        return [name for name in names if fnmatchcase(name.lower(), wanted.lower())]
    if kind == "ACLCAT":
        category = f"@{wanted.lower()}"
        return [name for name in names if category in described(name, known[name])[6]]
    raise CommandError(SYNTAX)


def command_getkeys(talk: Any, argv: Arguments) -> Reply:
    """COMMAND GETKEYS command argument ...: the arguments that are keys."""
    # redis 7: db.c, getKeysFromCommandWithSpecs and getKeysSubcommand
    known, asked = commands(), argv[2:]
    try:
        row = known[lookup(known, asked)]
    except CommandError:
        raise CommandError(NO_SUCH) from None
    first, last, step = row.keys
    if not first:
        raise CommandError("ERR The command has no key arguments")
    if len(asked) < abs(row.arity) or (row.arity > 0 and len(asked) != row.arity):
        raise CommandError("ERR Invalid number of arguments specified for command")
    end = last if last >= 0 else len(asked) + last
    return asked[first : end + 1 : step]


def command_docs(talk: Any, argv: Arguments) -> Reply:
    """COMMAND DOCS [name ...]: the summary of each, which is its function's first line."""
    known = commands()
    names = [text(part).upper() for part in argv[2:]] or [n for n in known if "|" not in n]
    docs = {
        name: (known[name].function.__doc__ or "").split("\n")[0] for name in names if name in known
    }
    return {name.lower().encode(): {b"summary": docs[name].encode()} for name in docs}


ROWS = {
    "COMMAND": Command(-1, "loading stale", command_all, NO_KEYS),
    "COMMAND|COUNT": Command(2, "loading stale", command_count, NO_KEYS),
    "COMMAND|DOCS": Command(-2, "loading stale", command_docs, NO_KEYS),
    "COMMAND|GETKEYS": Command(-4, "loading stale", command_getkeys, NO_KEYS),
    "COMMAND|INFO": Command(-2, "loading stale", command_info, NO_KEYS),
    "COMMAND|LIST": Command(-2, "loading stale", command_list, NO_KEYS),
}
ROWS |= {
    f"{name}|HELP": Command(2, "loading stale", helper(name, lines_of(name, rows)), NO_KEYS)
    for name, rows in (("CLIENT", CONNECTION), ("COMMAND", ROWS))
}
