"""The commands about a client's connection: HELLO, CLIENT, RESET and QUIT.

Their functions take the client, a RedisConversation, where others take the engine.
"""

from collections.abc import Callable
from itertools import islice
from typing import Any

from cachesim.engines.redis.arguments import SYNTAX, integer, text
from cachesim.engines.redis.command import RedisCommand, container, table
from cachesim.engines.redis.helptexts import helper, lines_of
from cachesim.engines.redis.info import VERSION
from cachesim.engines.redis.reply import Reply, Verbatim
from cachesim.errors import CommandError
from cachesim.wire.access import authenticate
from cachesim.wire.client_line import described

NO_HELLO = (
    "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH "
    "<user> <pass> option can be used to authenticate the client and select the RESP protocol "
    "version at the same time"
)
BAD_NAME = "ERR Client names cannot contain spaces, newlines or special characters."
TYPES = ("normal", "master", "replica", "slave", "pubsub")


def hello(client: Any, *parts: bytes) -> Reply:
    """HELLO [version [AUTH user password] [SETNAME name]]."""
    # redis 7: networking.c, helloCommand
    resp = protocol_version(parts[0]) if parts else client.resp
    name = client.name
    rest = iter(parts[1:])
    for option in rest:
        kind = option.upper()
        values = list(islice(rest, 2 if kind == b"AUTH" else 1))
        if kind == b"AUTH" and len(values) == 2:
            authenticate(client, *values)
        elif kind == b"SETNAME" and values:
            name = client_name(values[0])
        else:
            raise CommandError(f"ERR Syntax error in HELLO option '{text(option)}'")
    if not client.is_known:
        raise CommandError(NO_HELLO)
    client.resp, client.name = resp, name
    about: dict[Any, Any] = {b"server": b"redis", b"version": VERSION.encode(), b"proto": resp}
    about |= {b"id": client.number, b"mode": client.mode, b"role": client.role, b"modules": []}
    return about


def protocol_version(part: bytes) -> int:
    """Read the version of the protocol, 2 or 3. Raises CommandError."""
    try:
        version = integer(part)
    except CommandError:
        raise CommandError("ERR Protocol version is not an integer or out of range") from None
    if version not in (2, 3):
        raise CommandError("NOPROTO unsupported protocol version")
    return version


def reset(client: Any) -> Reply:
    """RESET: make the connection like a new one."""
    client.reset()
    return "RESET"


def quit_(client: Any, *parts: bytes) -> Reply:
    """QUIT."""
    client.over = True
    return "OK"


def client_id(client: Any) -> Reply:
    """CLIENT ID."""
    return int(client.number)


def client_name(name: bytes) -> str:
    """Read a name for a client. Raises CommandError."""
    if any(not 33 <= char <= 126 for char in name):
        raise CommandError(BAD_NAME)
    return name.decode()


def client_setname(client: Any, name: bytes) -> Reply:
    """CLIENT SETNAME name."""
    client.name = client_name(name)
    return "OK"


def client_getname(client: Any) -> Reply:
    """CLIENT GETNAME."""
    return client.name.encode() or None


def client_info(client: Any) -> Reply:
    """CLIENT INFO."""
    return Verbatim(f"{described(client, client.last_argv)}\n".encode())


def client_list(client: Any, *parts: bytes) -> Reply:
    """CLIENT LIST [TYPE type | ID id ...]."""
    known = client.clients.by_number
    chosen = list(known.values())
    if len(parts) == 2 and parts[0].upper() == b"TYPE":
        wanted = client_type(parts[1])
        chosen = [each for each in chosen if each.kind == wanted]
    elif len(parts) > 1 and parts[0].upper() == b"ID":
        chosen = [known[number] for number in map(client_number, parts[1:]) if number in known]
    elif parts:
        raise CommandError(SYNTAX)
    lines = [described(each, client.last_argv if each is client else []) for each in chosen]
    return Verbatim("".join(f"{line}\n" for line in lines).encode())


def client_type(part: bytes) -> str:
    """Read a kind of client. Raises CommandError."""
    if text(part).lower() not in TYPES:
        raise CommandError(f"ERR Unknown client type '{text(part)}'")
    return text(part).lower().replace("slave", "replica")


def client_number(part: bytes) -> int:
    """Read the number of a client. Raises CommandError."""
    try:
        return integer(part)
    except CommandError:
        raise CommandError("ERR Invalid client ID") from None


def client_reply(client: Any, part: bytes) -> Reply:
    """CLIENT REPLY ON | OFF | SKIP."""
    wanted = part.upper()
    if wanted not in (b"ON", b"OFF", b"SKIP"):
        raise CommandError(SYNTAX)
    if wanted == b"SKIP":
        client.silent = client.silent_next = True
    else:
        client.replies = wanted == b"ON"
        client.silent = client.silent and not client.replies  # ON takes SKIP back
    return "OK"


def client_no_evict(client: Any, part: bytes) -> Reply:
    """CLIENT NO-EVICT ON | OFF: whether `maxmemory-clients` spares this client."""
    if part.upper() not in (b"ON", b"OFF"):
        raise CommandError(SYNTAX)
    client.is_kept = part.upper() == b"ON"
    return "OK"


def client_kill(client: Any, *parts: bytes) -> Reply:
    """CLIENT KILL address | [ID id] [ADDR address] [LADDR address] [TYPE type] [USER u] [SKIPME yes|no]."""
    # redis 7: networking.c, clientCommand
    if len(parts) == 1:
        killed = [each for each in client.clients.by_number.values() if each.peer == text(parts[0])]
        if not killed:
            raise CommandError("ERR No such client")
    else:
        killed = kill_filter(client, parts)
    for each in killed:
        each.over = client.clients.has_news = True
    return "OK" if len(parts) == 1 else len(killed)


def kill_filter(client: Any, options: tuple[bytes, ...]) -> list[Any]:
    """Return the clients that fit all options of CLIENT KILL."""
    if len(options) % 2:
        raise CommandError(SYNTAX)
    known = list(client.clients.by_number.values())
    chosen, skips_me = known, True
    for option, value in zip(options[::2], options[1::2], strict=True):
        name = option.upper()
        if name == b"SKIPME" and value.upper() in (b"YES", b"NO"):
            skips_me = value.upper() == b"YES"
        elif name in KILL:
            fit = [
                each for each in known if KILL[name](each, value)
            ]  # all: a bad value is an error
            chosen = [each for each in chosen if each in fit]
        else:
            raise CommandError(SYNTAX)
    return [each for each in chosen if each is not client or not skips_me]


def _is_number(each: Any, value: bytes) -> bool:
    try:
        number = integer(value)
    except CommandError:
        number = 0
    if number < 1:
        raise CommandError("ERR client-id should be greater than 0")
    return bool(each.number == number)


def _is_user(each: Any, value: bytes) -> bool:
    user = each.users.by_name.get(text(value))
    if user is None:
        raise CommandError(f"ERR No such user '{text(value)}'")
    return each.user is user


KILL: dict[bytes, Callable[[Any, bytes], bool]] = {
    b"ID": _is_number,
    b"ADDR": lambda each, value: each.peer == text(value),
    b"LADDR": lambda each, value: each.here == text(value),
    b"TYPE": lambda each, value: each.kind == client_type(value),
    b"USER": _is_user,
}


def client_pause(client: Any, part: bytes, *modes: bytes) -> Reply:
    """CLIENT PAUSE milliseconds [WRITE | ALL]: meanwhile no command runs, or none that writes."""
    if len(modes) > 1 or (modes and modes[0].upper() not in (b"WRITE", b"ALL")):
        raise CommandError("ERR CLIENT PAUSE mode must be WRITE or ALL")
    try:
        lasts = integer(part)
    except CommandError:
        raise CommandError("ERR timeout is not an integer or out of range") from None
    if lasts < 0:
        raise CommandError("ERR timeout is negative")
    client.clients.hold(client.engine.clock() + lasts / 1000, b"WRITE" in map(bytes.upper, modes))
    return "OK"


def client_unpause(client: Any) -> Reply:
    """CLIENT UNPAUSE."""
    client.clients.go_on()
    return "OK"


def client_trackinginfo(client: Any) -> Reply:
    """CLIENT TRACKINGINFO: tracking is off."""
    return {b"flags": {b"off"}, b"redirect": -1, b"prefixes": []}


def client_getredir(client: Any) -> Reply:
    """CLIENT GETREDIR: tracking is off."""
    return -1


def client_unblock(client: Any, number: bytes, *reasons: bytes) -> Reply:
    """CLIENT UNBLOCK id [TIMEOUT | ERROR]: 1 if the client waited, and does not any more."""
    if len(reasons) > 1 or (reasons and reasons[0].upper() not in (b"TIMEOUT", b"ERROR")):
        raise CommandError("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")
    other = client.clients.by_number.get(integer(number))
    if other is None or other.blocked is None:
        return 0
    return int(other.blocked.unblock(with_error=bool(reasons) and reasons[0].upper() == b"ERROR"))


FLAGS = "noscript loading stale"
ADMIN = f"admin {FLAGS}"
EARLY = "noscript loading stale fast no_auth allow_busy"
COMMANDS = table(
    container("CLIENT"),
    RedisCommand("CLIENT|GETNAME", "", FLAGS, client_getname),
    RedisCommand("CLIENT|GETREDIR", "", FLAGS, client_getredir),
    RedisCommand("CLIENT|ID", "", FLAGS, client_id),
    RedisCommand("CLIENT|INFO", "", FLAGS, client_info),
    RedisCommand("CLIENT|KILL", "argument [argument ...]", ADMIN, client_kill),
    RedisCommand("CLIENT|LIST", "[option ...]", ADMIN, client_list),
    RedisCommand("CLIENT|NO-EVICT", "option", ADMIN, client_no_evict),
    RedisCommand("CLIENT|PAUSE", "milliseconds [option ...]", ADMIN, client_pause),
    RedisCommand("CLIENT|REPLY", "option", FLAGS, client_reply),
    RedisCommand("CLIENT|SETNAME", "argument", FLAGS, client_setname),
    RedisCommand("CLIENT|TRACKINGINFO", "", FLAGS, client_trackinginfo),
    RedisCommand("CLIENT|UNBLOCK", "argument [option ...]", ADMIN, client_unblock),
    RedisCommand("CLIENT|UNPAUSE", "", ADMIN, client_unpause),
    RedisCommand("HELLO", "[option ...]", EARLY, hello),
    RedisCommand("QUIT", "[argument ...]", EARLY, quit_),
    RedisCommand("RESET", "", EARLY, reset),
)
COMMANDS |= table(helper("CLIENT", lines_of("CLIENT", COMMANDS)))
