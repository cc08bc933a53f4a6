"""COMMAND: clients ask which commands there are. It is answered from the tables of commands."""

from fnmatch import fnmatchcase
from typing import Any

from cachesim.engines.redis.arguments import SYNTAX, Arguments, text
from cachesim.engines.redis.command import RedisCommand, Table, find, table
from cachesim.engines.redis.helptexts import helper, lines_of
from cachesim.engines.redis.key_places import NOWHERE
from cachesim.engines.redis.reply import Reply
from cachesim.errors import CommandError

HIDDEN = {"may_replicate"}  # a flag that the server does not show
NO_SUCH = "ERR Invalid command specified"


def described(known: Table, row: RedisCommand) -> list[Any]:
    """Return the reply of COMMAND INFO for a command."""
    # redis 7: server.c, addReplyCommandInfo
    flags = row.flags.split()
    speed = "@fast" if "fast" in flags else "@slow"
    categories = {"@write": "write", "@read": "readonly", "@admin": "admin"}
    groups = [group for group, flag in categories.items() if flag in flags]
    under = [
        described(known, each) for each in known.values() if each.name.startswith(f"{row.name}|")
    ]
    return [
        row.name.lower().encode(),
        row.arity,
        set(flags) - HIDDEN,
        row.keys.first,
        row.keys.last,
        row.keys.step,
        {*groups, speed},
        [],
        [],
        under,
    ]


def main_names(known: Table) -> list[str]:
    """Return the names of the commands, without the subcommands."""
    return [name for name in known if "|" not in name]


def command_all(client: Any, *parts: bytes) -> Reply:
    """COMMAND: all of them."""
    return [described(client.known, client.known[name]) for name in main_names(client.known)]


def command_count(client: Any) -> Reply:
    """COMMAND COUNT."""
    return len(main_names(client.known))


def command_info(client: Any, *names: bytes) -> Reply:
    """COMMAND INFO [name ...]."""
    if not names:
        return command_all(client)
    rows = [client.known.get(text(part).upper()) for part in names]
    return [None if row is None else described(client.known, row) for row in rows]


def command_list(client: Any, *parts: bytes) -> Reply:
    """COMMAND LIST [FILTERBY MODULE name | ACLCAT category | PATTERN pattern]."""
    names = main_names(client.known)
    if parts:
        if len(parts) != 3 or parts[0].upper() != b"FILTERBY":
            raise CommandError(SYNTAX)
        names = chosen(client.known, text(parts[1]).upper(), text(parts[2]))
    return [name.lower().encode() for name in names]


def chosen(known: Table, kind: str, wanted: str) -> list[str]:
    """Return the names that pass a filter of COMMAND LIST."""
    names = main_names(known)
    if kind == "MODULE":
        return []
    if kind == "PATTERN":
        return [name for name in names if fnmatchcase(name.lower(), wanted.lower())]
    if kind == "ACLCAT":
        category = f"@{wanted.lower()}"
        return [name for name in names if category in described(known, known[name])[6]]
    raise CommandError(SYNTAX)


def command_getkeys(client: Any, *asked: bytes) -> Reply:
    """COMMAND GETKEYS command argument ...: the arguments that are keys."""
    # redis 7: db.c, getKeysFromCommandWithSpecs and getKeysSubcommand
    argv: Arguments = list(asked)
    try:
        row = find(client.known, argv)
    except CommandError:
        raise CommandError(NO_SUCH) from None
    if row.keys == NOWHERE:
        raise CommandError("ERR The command has no key arguments")
    if not row.takes(argv):
        raise CommandError("ERR Invalid number of arguments specified for command")
    keys = row.keys.of(argv)
    if not keys:
        raise CommandError("ERR Invalid arguments specified for command")
    return keys


def command_docs(client: Any, *asked: bytes) -> Reply:
    """COMMAND DOCS [name ...]: the summary of each, the first line of its function's docstring."""
    known = client.known
    names = [text(part).upper() for part in asked] or main_names(known)
    docs = {
        name: (known[name].function.__doc__ or "").split("\n")[0] for name in names if name in known
    }
    return {name.lower().encode(): {b"summary": docs[name].encode()} for name in docs}


COMMANDS = table(
    RedisCommand("COMMAND", "[subcommand ...]", "loading stale", command_all),
    RedisCommand("COMMAND|COUNT", "", "loading stale", command_count),
    RedisCommand("COMMAND|DOCS", "[argument ...]", "loading stale", command_docs),
    RedisCommand(
        "COMMAND|GETKEYS", "argument argument [argument ...]", "loading stale", command_getkeys
    ),
    RedisCommand("COMMAND|INFO", "[argument ...]", "loading stale", command_info),
    RedisCommand("COMMAND|LIST", "[option ...]", "loading stale", command_list),
)
COMMANDS |= table(helper("COMMAND", lines_of("COMMAND", COMMANDS)))
