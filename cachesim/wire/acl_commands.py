"""ACL and AUTH: who may do what. Their functions take the client, a RedisConversation."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from cachesim.engines.redis.acl_text import channels_of, commands_of, flags_of, keys_of
from cachesim.engines.redis.arguments import SYNTAX, integer, quoted, text
from cachesim.engines.redis.command import RedisCommand, container, find, table
from cachesim.engines.redis.command_facts import CATEGORIES
from cachesim.engines.redis.helptexts import ACL, helper
from cachesim.engines.redis.memory import as_bytes
from cachesim.engines.redis.parameters import value_of
from cachesim.engines.redis.reply import Members, Reply
from cachesim.engines.redis.users import Refusal
from cachesim.errors import BadInput, CommandError
from cachesim.wire.access import authenticate, hang_up

NO_PASSWORD = (
    "ERR AUTH <password> called without any password configured for the default user. "
    "Are you sure your configuration is correct?"
)
NO_FILE = (
    "ERR This Redis instance is not configured to use an ACL file. You may want to specify users "
    "via the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis "
    "configuration file set) in order to store users in the Redis configuration."
)
NOT_LOADED = (
    "WARNING: ACL errors detected, no change to the previously active ACL rules was performed"
)
NOT_SAVED = (
    "ERR There was an error trying to save the ACLs. Please check the server logs for more "
    "information"
)
MOST_BITS = 4096
BITS = (
    "ERR ACL GENPASS argument must be the number of bits for the output password, a positive "
    f"number up to {MOST_BITS}"
)
MAY_NOT = {
    "command": "This user has no permissions to run the '{}' command",
    "key": "This user has no permissions to access the '{}' key",
    "channel": "This user has no permissions to access the '{}' channel",
}


def too_many(name: str) -> CommandError:
    """Return the error for too many arguments."""
    return CommandError(
        f"ERR unknown subcommand or wrong number of arguments for '{name}'. Try ACL HELP."
    )


def auth(client: Any, *parts: bytes) -> Reply:
    """AUTH [user] password."""
    if len(parts) > 2:
        raise CommandError(SYNTAX)
    if len(parts) == 1 and client.users.default.is_open:
        raise CommandError(NO_PASSWORD)
    authenticate(client, *(parts if len(parts) == 2 else (b"default", *parts)))
    return "OK"


def setuser(client: Any, name: bytes, *rules: bytes) -> Reply:
    """ACL SETUSER name [rule ...]: all rules, or none if one is wrong."""
    users = client.users
    user = users.changed(text(name), map(text, rules))
    users.put(user)
    if not user.all_channels:
        mine = users.by_name[user.name]
        hang_up(client, lambda each: each.user is mine and hears_too_much(each))
    return "OK"


def hears_too_much(client: Any) -> bool:
    """Whether a client listens to a channel that its user may not hear any more."""
    names = client.subscriptions.names
    return not all(client.user.may_hear(name, is_pattern) for is_pattern, name in names)


def deluser(client: Any, *names: bytes) -> Reply:
    """ACL DELUSER name [name ...]: how many there were; their connections are closed."""
    if b"default" in names:
        raise CommandError("ERR The 'default' user cannot be removed")
    gone = [user for name in names if (user := client.users.delete(text(name)))]
    hang_up(client, lambda each: any(each.user is user for user in gone))
    return len(gone)


def getuser(client: Any, name: bytes) -> Reply:
    """ACL GETUSER name: the user's rules."""
    user = client.users.by_name.get(text(name))
    if user is None:
        return None
    return {
        b"flags": Members(map(as_bytes, flags_of(user))),
        b"passwords": list(map(as_bytes, user.passwords)),
        b"commands": as_bytes(commands_of(user)),
        b"keys": as_bytes(" ".join(keys_of(user))),
        b"channels": as_bytes(" ".join(channels_of(user))),
        b"selectors": [],
    }


def acl_list(client: Any) -> Reply:
    """ACL LIST: the rules of all users."""
    return list(map(as_bytes, client.users.lines()))


def acl_users(client: Any) -> Reply:
    """ACL USERS: the names of all users."""
    return [as_bytes(user.name) for user in client.users.sorted()]


def whoami(client: Any) -> Reply:
    """ACL WHOAMI: the name of the client's user."""
    return as_bytes(client.user.name)


def cat(client: Any, *categories: bytes) -> Reply:
    """ACL CAT [category]: all categories, or the commands of one."""
    if len(categories) > 1:
        raise too_many("CAT")
    if not categories:
        return [name.encode() for name in CATEGORIES]
    wanted = text(categories[0]).lower()
    if wanted not in CATEGORIES:
        raise CommandError(f"ERR Unknown category '{quoted(categories[0])}'")
    known = client.known
    names = [name.lower() for name in known if wanted in client.users.known[name.lower()]]
    return [name.encode() for name in names]


def genpass(client: Any, *bits: bytes) -> Reply:
    """ACL GENPASS [bits]: random hexadecimal digits, from the engine's stream of random numbers."""
    if len(bits) > 1:
        raise too_many("GENPASS")
    number = integer(bits[0]) if bits else 256
    if not 0 < number <= MOST_BITS:
        raise CommandError(BITS)
    digits = range((number + 3) // 4)
    return b"".join(b"%x" % int(client.engine.random() * 16) for _ in digits)


def log(client: Any, *parts: bytes) -> Reply:
    """ACL LOG [count | RESET]: what was refused, the newest first."""
    users = client.users
    if len(parts) > 1:
        raise too_many("LOG")
    if parts and parts[0].upper() == b"RESET":
        users.log.clear()
        return "OK"
    most = max(0, integer(parts[0])) if parts else 10
    now = client.engine.clock()
    return [
        {
            b"count": entry.count,
            b"reason": refusal.reason.encode(),
            b"context": context.encode(),
            b"object": refusal.object,
            b"username": as_bytes(user),
            b"age-seconds": round(now - entry.when, 3),
            b"client-info": entry.client.encode(),
        }
        for entry in users.log[:most]
        for refusal, context, user in [entry.what]
    ]


def dryrun(client: Any, name: bytes, *argv: bytes) -> Reply:
    """ACL DRYRUN user command [argument ...]: whether the user may run it; it is not run."""
    user = client.users.by_name.get(text(name))
    if user is None:
        raise CommandError(f"ERR User '{text(name)}' not found")
    try:
        row = find(client.known, list(argv))
    except CommandError:
        raise CommandError(f"ERR Command '{text(argv[0])}' not found") from None
    if not row.takes(list(argv)):
        raise CommandError(f"ERR wrong number of arguments for '{row.name.lower()}' command")
    refusal: Refusal | None = client.users.refusal(user, row, list(argv))
    return (
        "OK" if refusal is None else as_bytes(MAY_NOT[refusal.reason].format(text(refusal.object)))
    )


def file_of(client: Any) -> Path:
    """Return the path of the file of users. Raises CommandError if there is none."""
    name = value_of(client.users.settings, "aclfile")
    if not name:
        raise CommandError(NO_FILE)
    return Path(str(value_of(client.users.settings, "dir")), name)


def load(client: Any) -> Reply:
    """ACL LOAD: the users of the file, and no others; nothing changes if a line is wrong."""
    path = file_of(client)
    try:
        load_file(client.users, path)
    except BadInput as why:
        raise CommandError(f"ERR {why}") from None
    hang_up(client, lambda each: each.user is not each.users.default)
    return "OK"


def load_file(users: Any, path: Path) -> None:
    """Replace the users by those of a file. Raises BadInput."""
    name = value_of(users.settings, "aclfile")
    try:
        lines = path.read_text(encoding="utf-8", errors="surrogateescape").split("\n")
    except OSError as why:
        raise BadInput(f"Error loading ACLs, opening file '{name}': {why.strerror}") from None
    try:
        users.load(lines, name)
    except BadInput as why:
        raise BadInput(f"{why}{NOT_LOADED}") from None


def save(client: Any) -> Reply:
    """ACL SAVE: write the users to the file."""
    path = file_of(client)
    beside = path.with_name(f"{path.name}.new")
    lines = "".join(f"{line}\n" for line in client.users.lines())
    try:
        beside.write_text(lines, encoding="utf-8", errors="surrogateescape")
        beside.replace(path)
    except OSError:
        raise CommandError(NOT_SAVED) from None
    return "OK"


OPEN, ADMIN = "noscript loading stale", "admin noscript loading stale"
ROWS: dict[
    str, tuple[str, str, Callable[..., Reply]]
] = {  # subcommand: its arguments, flags and function
    "CAT": ("[argument ...]", OPEN, cat),
    "DELUSER": ("argument [argument ...]", ADMIN, deluser),
    "DRYRUN": ("argument argument [argument ...]", ADMIN, dryrun),
    "GENPASS": ("[argument ...]", OPEN, genpass),
    "GETUSER": ("argument", ADMIN, getuser),
    "LIST": ("", ADMIN, acl_list),
    "LOAD": ("", ADMIN, load),
    "LOG": ("[argument ...]", ADMIN, log),
    "SAVE": ("", ADMIN, save),
    "SETUSER": ("argument [argument ...]", ADMIN, setuser),
    "USERS": ("", ADMIN, acl_users),
    "WHOAMI": ("", OPEN, whoami),
}
EARLY = f"{OPEN} fast no_auth allow_busy"
COMMANDS = table(
    RedisCommand("AUTH", "argument [argument ...]", EARLY, auth),
    container("ACL"),
    *(RedisCommand(f"ACL|{name}", *row) for name, row in ROWS.items()),
    helper("ACL", ACL),
)
