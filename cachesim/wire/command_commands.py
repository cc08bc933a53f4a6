"""COMMAND: clients ask which commands there are. It is answered from the tables of commands."""

from collections.abc import Set
from typing import Any

from cachesim.engines.redis.arguments import SYNTAX, Arguments, text
from cachesim.engines.redis.command import RedisCommand, Table, find, table
from cachesim.engines.redis.command_facts import Key, KeySpec, all_commands, categories_of
from cachesim.engines.redis.glob import glob
from cachesim.engines.redis.helptexts import helper, lines_of
from cachesim.engines.redis.key_places import NOWHERE
from cachesim.engines.redis.reply import Reply
from cachesim.engines.redis.users import keys_in
from cachesim.errors import CommandError

HIDDEN = {"may_replicate"}  # a flag that COMMAND INFO does not show
NO_SUCH = "ERR Invalid command specified"


def described(known: Table, row: RedisCommand) -> list[Any]:
    """Return the reply of COMMAND INFO for a command."""
    # redis 7: server.c, addReplyCommandInfo
    name = row.name.lower()
    under = [described(known, each) for each in known.values() if is_under(each.name, row.name)]
    keys, tips = specs_and_tips(name)
    return [
        name.encode(),
        row.arity,
        set(row.flags.split()) - HIDDEN,
        row.keys.first,
        row.keys.last,
        row.keys.step,
        {f"@{category}" for category in categories(row)},
        [tip.encode() for tip in tips],
        [shown(spec) for spec in keys],
        under,
    ]


def is_under(name: str, above: str) -> bool:
    """Whether a name is that of a subcommand of this command."""
    return name.startswith(f"{above}|")


def categories(row: RedisCommand) -> Set[str]:
    """Return the categories of a command for access control."""
    facts = all_commands().get(row.name.lower())
    return categories_of(row.flags) if facts is None else facts.categories


def specs_and_tips(name: str) -> tuple[tuple[KeySpec, ...], tuple[str, ...]]:
    """Return where the keys of a command stand, and its tips for clients."""
    facts = all_commands().get(name)
    return ((), ()) if facts is None else (facts.keys, facts.tips)


# The fields of a specification, after its kind.
FIELDS = {
    "index": ("index",),
    "keyword": ("keyword", "startfrom"),
    "range": ("lastkey", "keystep", "limit"),
    "keynum": ("keynumidx", "firstkey", "keystep"),
    "unknown": (),
}


def shown(spec: KeySpec) -> dict[bytes, Any]:
    """Return where some keys stand as COMMAND INFO does; the server has notes, too."""
    begins, finds = (
        {
            b"type": kind.encode(),
            b"spec": {
                name.encode(): part.encode() if name == "keyword" else int(part)
                for name, part in zip(FIELDS[kind], parts, strict=True)
            },
        }
        for kind, *parts in (spec.begins, spec.finds)
    )
    return {b"flags": set(spec.flags), b"begin_search": begins, b"find_keys": finds}


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
    rows = list(client.known.values())
    if parts:
        if len(parts) != 3 or parts[0].upper() != b"FILTERBY":
            raise CommandError(SYNTAX)
        rows = chosen(rows, text(parts[1]).upper(), parts[2].lower())
    return [row.name.lower().encode() for row in rows]


def chosen(rows: list[RedisCommand], kind: str, wanted: bytes) -> list[RedisCommand]:
    """Return the commands that pass a filter of COMMAND LIST."""
    if kind == "MODULE":
        return []
    if kind == "PATTERN":
        is_match = glob(wanted)
        return [row for row in rows if is_match(row.name.lower().encode())]
    if kind == "ACLCAT":
        return [row for row in rows if text(wanted) in categories(row)]
    raise CommandError(SYNTAX)


def keys_of(client: Any, asked: tuple[bytes, ...]) -> list[Key]:
    """Return the keys of a command that is not run. Raises CommandError."""
    # redis 7: server.c, getKeysSubcommandImpl
    argv: Arguments = list(asked)
    try:
        row = find(client.known, argv)
    except CommandError:
        raise CommandError(NO_SUCH) from None
    specs, _ = specs_and_tips(row.name.lower())
    if row.keys == NOWHERE and all("not_key" in spec.flags for spec in specs):
        raise CommandError("ERR The command has no key arguments")
    if not row.takes(argv):
        raise CommandError("ERR Invalid number of arguments specified for command")
    keys = keys_in(row, argv)
    if not keys and "no_mandatory_keys" not in row.flags.split():
        raise CommandError("ERR Invalid arguments specified for command")
    return keys


def command_getkeys(client: Any, *asked: bytes) -> Reply:
    """COMMAND GETKEYS command argument ...: the arguments that are keys."""
    return [key.name for key in keys_of(client, asked)]


def command_getkeysandflags(client: Any, *asked: bytes) -> Reply:
    """COMMAND GETKEYSANDFLAGS command argument ...: the keys, and what the command does with them."""
    return [[key.name, set(key.flags)] for key in keys_of(client, asked)]


def command_docs(client: Any, *asked: bytes) -> Reply:
    """COMMAND DOCS [name ...]: the summary of each, the first line of its function's docstring."""
    known = client.known
    names = [text(part).upper() for part in asked] or main_names(known)
    docs = {
        name: (known[name].function.__doc__ or "").split("\n")[0] for name in names if name in known
    }
    return {name.lower().encode(): {b"summary": docs[name].encode()} for name in docs}


ASKED = "argument argument [argument ...]"
COMMANDS = table(
    RedisCommand("COMMAND", "[subcommand ...]", "loading stale", command_all),
    RedisCommand("COMMAND|COUNT", "", "loading stale", command_count),
    RedisCommand("COMMAND|DOCS", "[argument ...]", "loading stale", command_docs),
    RedisCommand("COMMAND|GETKEYS", ASKED, "loading stale", command_getkeys),
    RedisCommand("COMMAND|GETKEYSANDFLAGS", ASKED, "loading stale", command_getkeysandflags),
    RedisCommand("COMMAND|INFO", "[argument ...]", "loading stale", command_info),
    RedisCommand("COMMAND|LIST", "[option ...]", "loading stale", command_list),
)
COMMANDS |= table(helper("COMMAND", lines_of("COMMAND", COMMANDS)))
