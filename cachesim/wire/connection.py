"""The commands about a connection itself: HELLO, AUTH, CLIENT, RESET, QUIT, SHUTDOWN, and COMMAND."""

from collections.abc import Callable
from typing import Any

from cachesim.engines.redis.command import (
    NO_KEYS,
    SYNTAX,
    Arguments,
    Command,
    Reply,
    Verbatim,
    container,
    integer,
    text,
)
from cachesim.engines.redis.info import VERSION
from cachesim.errors import CommandError

WRONG_PASSWORD = "WRONGPASS invalid username-password pair or user is disabled."
NO_PASSWORD = (
    "ERR AUTH <password> called without any password configured for the default user. "
    "Are you sure your configuration is correct?"
)
BAD_NAME = "ERR Client names cannot contain spaces, newlines or special characters."
TYPES = ("normal", "master", "replica", "slave", "pubsub")


def hello(talk: Any, argv: Arguments) -> Reply:
    """HELLO [version [AUTH user password] [SETNAME name]]."""
    # redis 7: networking.c, helloCommand
    resp = talk.resp
    if len(argv) > 1:
        try:
            resp = integer(argv[1])
        except CommandError:
            raise CommandError("ERR Protocol version is not an integer or out of range") from None
        if resp not in (2, 3):
            raise CommandError("NOPROTO unsupported protocol version")
    rest = iter(argv[2:])
    name = None
    for option in rest:
        values = [
            value
            for value, _ in zip(rest, range(2 if option.upper() == b"AUTH" else 1), strict=False)
        ]
        if option.upper() == b"AUTH" and len(values) == 2:
            authenticate(values[0])
        elif option.upper() == b"SETNAME" and values:
            name = client_name(values[0])
        else:
            raise CommandError(f"ERR Syntax error in HELLO option '{text(option)}'")
    talk.resp, talk.name = resp, talk.name if name is None else name
    about: dict[Any, Any] = {b"server": b"redis", b"version": VERSION.encode(), b"proto": resp}
    about |= {b"id": talk.number, b"mode": b"standalone", b"role": b"master", b"modules": []}
    return about


def authenticate(user: bytes) -> None:
    """Let the default user in, who needs no password; nobody else is known."""
    if user != b"default":
        raise CommandError(WRONG_PASSWORD)


def auth(talk: Any, argv: Arguments) -> Reply:
    """AUTH [user] password."""
    if len(argv) > 3:
        raise CommandError(SYNTAX)
    if len(argv) == 2:
        raise CommandError(NO_PASSWORD)
    authenticate(argv[1])
    return "OK"


def reset(talk: Any, argv: Arguments) -> Reply:
    """RESET: be as a new connection is."""
    talk.reset()
    return "RESET"


def quit_(talk: Any, argv: Arguments) -> Reply:
    """QUIT."""
    talk.over = True
    return "OK"


def shutdown(talk: Any, argv: Arguments) -> Reply:
    """SHUTDOWN [NOSAVE | SAVE] [NOW] [FORCE] [ABORT]: the server ends without a reply."""
    asked = {part.upper() for part in argv[1:]}
    if asked - {b"NOSAVE", b"SAVE", b"NOW", b"FORCE", b"ABORT"} or {b"SAVE", b"NOSAVE"} <= asked:
        raise CommandError(SYNTAX)
    if b"ABORT" in asked:
        raise CommandError(SYNTAX if len(asked) > 1 else "ERR No shutdown in progress.")
    talk.clients.shut_down = talk.clients.has_news = talk.over = True
    talk.silent = True
    return None


def client_id(talk: Any, argv: Arguments) -> Reply:
    """CLIENT ID."""
    return int(talk.number)


def client_name(name: bytes) -> str:
    """Return a name that CLIENT SETNAME may give."""
    if any(not 33 <= char <= 126 for char in name):
        raise CommandError(BAD_NAME)
    return name.decode()


def client_setname(talk: Any, argv: Arguments) -> Reply:
    """CLIENT SETNAME name."""
    talk.name = client_name(argv[2])
    return "OK"


def client_getname(talk: Any, argv: Arguments) -> Reply:
    """CLIENT GETNAME."""
    return talk.name.encode() or None


def client_info(talk: Any, argv: Arguments) -> Reply:
    """CLIENT INFO."""
    return Verbatim(f"{talk.described()}\n".encode())


def client_list(talk: Any, argv: Arguments) -> Reply:
    """CLIENT LIST [TYPE type | ID id ...]."""
    talks = talk.clients.talks
    chosen = list(talks.values())
    if len(argv) == 4 and argv[2].upper() == b"TYPE":
        chosen = chosen if client_type(argv[3]) == "normal" else []
    elif len(argv) > 3 and argv[2].upper() == b"ID":
        chosen = [talks[number] for number in map(client_number, argv[3:]) if number in talks]
    elif len(argv) != 2:
        raise CommandError(SYNTAX)
    return Verbatim("".join(f"{each.described()}\n" for each in chosen).encode())


def client_type(part: bytes) -> str:
    """Return a kind of client by its name."""
    if text(part).lower() not in TYPES:
        raise CommandError(f"ERR Unknown client type '{text(part)}'")
    return text(part).lower()


def client_number(part: bytes) -> int:
    """Return the number of a client as given."""
    try:
        return integer(part)
    except CommandError:
        raise CommandError("ERR Invalid client ID") from None


def client_reply(talk: Any, argv: Arguments) -> Reply:
    """CLIENT REPLY ON | OFF | SKIP."""
    wanted = argv[2].upper()
    if wanted not in (b"ON", b"OFF", b"SKIP"):
        raise CommandError(SYNTAX)
    if wanted == b"SKIP":
        talk.silent = talk.silent_next = True
    else:
        talk.replies = wanted == b"ON"
    return "OK"


def client_no_evict(talk: Any, argv: Arguments) -> Reply:
    """CLIENT NO-EVICT ON | OFF: noted; clients are never evicted here."""
    if argv[2].upper() not in (b"ON", b"OFF"):
        raise CommandError(SYNTAX)
    talk.is_kept = argv[2].upper() == b"ON"
    return "OK"


def client_kill(talk: Any, argv: Arguments) -> Reply:
    """CLIENT KILL address | [ID id] [ADDR address] [LADDR address] [TYPE type] [USER u] [SKIPME yes|no]."""
    # redis 7: networking.c, clientCommand
    if len(argv) == 3:
        killed = [each for each in talk.clients.talks.values() if each.peer == text(argv[2])]
        if not killed:
            raise CommandError("ERR No such client")
    else:
        killed = kill_filter(talk, argv[2:])
    for each in killed:
        each.over = talk.clients.has_news = True
    return "OK" if len(argv) == 3 else len(killed)


def kill_filter(talk: Any, options: Arguments) -> list[Any]:
    """Return the clients that all options of CLIENT KILL choose."""
    if len(options) % 2:
        raise CommandError(SYNTAX)
    talks = list(talk.clients.talks.values())
    chosen, skips_me = talks, True
    for option, value in zip(options[::2], options[1::2], strict=True):
        name = option.upper()
        if name == b"SKIPME" and value.upper() in (b"YES", b"NO"):
            skips_me = value.upper() == b"YES"
        elif name in KILL:
            fit = [
                each for each in talks if KILL[name](each, value)
            ]  # all are asked: bad values tell
            chosen = [each for each in chosen if each in fit]
        else:
            raise CommandError(SYNTAX)
    return [each for each in chosen if each is not talk or not skips_me]


def _is_number(each: Any, value: bytes) -> bool:
    try:
        number = integer(value)
    except CommandError:
        number = 0
    if number < 1:
        raise CommandError("ERR client-id should be greater than 0")
    return bool(each.number == number)


def _is_user(each: Any, value: bytes) -> bool:
    if value != b"default":
        raise CommandError(f"ERR No such user '{text(value)}'")
    return True


KILL: dict[bytes, Callable[[Any, bytes], bool]] = {
    b"ID": _is_number,
    b"ADDR": lambda each, value: each.peer == text(value),
    b"LADDR": lambda each, value: each.here == text(value),
    b"TYPE": lambda each, value: client_type(value) == "normal",
    b"USER": _is_user,
}


def client_pause(talk: Any, argv: Arguments) -> Reply:
    """CLIENT PAUSE milliseconds [WRITE | ALL]: nobody's commands are run meanwhile.

    SIMPLIFIED: WRITE holds back reads too.
    """
    if len(argv) > 4 or (len(argv) == 4 and argv[3].upper() not in (b"WRITE", b"ALL")):
        raise CommandError("ERR CLIENT PAUSE mode must be WRITE or ALL")
    try:
        lasts = integer(argv[2])
    except CommandError:
        raise CommandError("ERR timeout is not an integer or out of range") from None
    if lasts < 0:
        raise CommandError("ERR timeout is negative")
    talk.clients.paused_until = talk.engine.clock() + lasts / 1000
    return "OK"


def client_unpause(talk: Any, argv: Arguments) -> Reply:
    """CLIENT UNPAUSE."""
    talk.clients.paused_until = 0.0
    return "OK"


def client_trackinginfo(talk: Any, argv: Arguments) -> Reply:
    """CLIENT TRACKINGINFO: tracking is off."""
    return {b"flags": {b"off"}, b"redirect": -1, b"prefixes": []}


def client_getredir(talk: Any, argv: Arguments) -> Reply:
    """CLIENT GETREDIR: tracking is off."""
    return -1


def client_unblock(talk: Any, argv: Arguments) -> Reply:
    """CLIENT UNBLOCK id [TIMEOUT | ERROR]: nobody waits, as no command blocks."""
    if len(argv) > 4 or (len(argv) == 4 and argv[3].upper() not in (b"TIMEOUT", b"ERROR")):
        raise CommandError("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")
    integer(argv[2])
    return 0


FLAGS = "noscript loading stale"
ROWS = {
    "AUTH": Command(-2, "noscript loading stale fast no_auth allow_busy", auth, NO_KEYS),
    "CLIENT": Command(-2, "", container, NO_KEYS),
    "CLIENT|GETNAME": Command(2, FLAGS, client_getname, NO_KEYS),
    "CLIENT|GETREDIR": Command(2, FLAGS, client_getredir, NO_KEYS),
    "CLIENT|ID": Command(2, FLAGS, client_id, NO_KEYS),
    "CLIENT|INFO": Command(2, FLAGS, client_info, NO_KEYS),
    "CLIENT|KILL": Command(-3, f"admin {FLAGS}", client_kill, NO_KEYS),
    "CLIENT|LIST": Command(-2, f"admin {FLAGS}", client_list, NO_KEYS),
    "CLIENT|NO-EVICT": Command(3, f"admin {FLAGS}", client_no_evict, NO_KEYS),
    "CLIENT|PAUSE": Command(-3, f"admin {FLAGS}", client_pause, NO_KEYS),
    "CLIENT|REPLY": Command(3, FLAGS, client_reply, NO_KEYS),
    "CLIENT|SETNAME": Command(3, FLAGS, client_setname, NO_KEYS),
    "CLIENT|TRACKINGINFO": Command(2, FLAGS, client_trackinginfo, NO_KEYS),
    "CLIENT|UNBLOCK": Command(-3, f"admin {FLAGS}", client_unblock, NO_KEYS),
    "CLIENT|UNPAUSE": Command(2, f"admin {FLAGS}", client_unpause, NO_KEYS),
    "HELLO": Command(-1, "noscript loading stale fast no_auth allow_busy", hello, NO_KEYS),
    "QUIT": Command(-1, "noscript loading stale fast no_auth allow_busy", quit_, NO_KEYS),
    "RESET": Command(1, "noscript loading stale fast no_auth allow_busy", reset, NO_KEYS),
    "SHUTDOWN": Command(-1, "admin noscript loading stale no_multi allow_busy", shutdown, NO_KEYS),
}
