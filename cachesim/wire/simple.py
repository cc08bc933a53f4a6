"""The simple engine over Redis's protocol: the few commands it has, so that any Redis client can try it."""

from collections.abc import Callable

from cachesim.engines.base import Engine
from cachesim.engines.redis.command import Arguments, Reply, quoted, text, wrong_number
from cachesim.errors import BadInput, CommandError


def _get(engine: Engine, argv: Arguments) -> Reply:
    return engine.get(text(argv[1]))


def _set(engine: Engine, argv: Arguments) -> Reply:
    if len(argv) == 3:
        engine.set(text(argv[1]), argv[2])
        return "OK"
    if len(argv) != 5 or argv[3].upper() not in (b"EX", b"PX"):
        raise CommandError("ERR syntax error")
    try:
        lasts = float(argv[4])
    except ValueError:
        raise CommandError("ERR value is not an integer or out of range") from None
    try:
        engine.set(text(argv[1]), argv[2], lasts if argv[3].upper() == b"EX" else lasts / 1000)
    except BadInput as error:
        raise CommandError(f"ERR {error}") from None
    return "OK"


def _del(engine: Engine, argv: Arguments) -> Reply:
    return sum(engine.delete(text(key)) for key in argv[1:])


def _flushall(engine: Engine, argv: Arguments) -> Reply:
    engine.flush()
    return "OK"


COMMANDS: dict[str, tuple[int, Callable[[Engine, Arguments], Reply]]] = {  # least arguments
    "DBSIZE": (1, lambda engine, argv: len(engine)),
    "DEL": (2, _del),
    "ECHO": (2, lambda engine, argv: argv[1]),
    "FLUSHALL": (1, _flushall),
    "GET": (2, _get),
    "PING": (1, lambda engine, argv: argv[1] if len(argv) > 1 else "PONG"),
    "SET": (3, _set),
}


def run_simple(engine: Engine, argv: Arguments) -> Reply:
    """Run a command on the simple engine. Raises CommandError."""
    name = text(argv[0]).upper()
    if name not in COMMANDS:
        known = ", ".join(COMMANDS)
        raise CommandError(
            f"ERR unknown command '{quoted(argv[0])}': the simple engine has {known}"
        )
    least, function = COMMANDS[name]
    if len(argv) < least:
        raise wrong_number(name.lower())
    return function(engine, argv)
