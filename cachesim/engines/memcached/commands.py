"""The Python face: a command as a tuple, in one table; proto_text.py is the other face of the same operations.

A command is a tuple in the order of the protocol, without the byte count and with the value last:
("set", key, flags, exptime, value), ("cas", key, flags, exptime, unique, value), ("incr", key, delta).
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from cachesim.engines.base import Command, Work
from cachesim.engines.memcached import stats
from cachesim.engines.memcached.numerals import to_unsigned
from cachesim.engines.memcached.operations import (
    NOT_FOUND,
    count,
    delete,
    fetch,
    flush_all,
    touch,
    write,
)
from cachesim.errors import CommandError

if TYPE_CHECKING:
    from cachesim.engines.memcached.engine import MemcachedEngine

LONGEST_KEY = 250  # bytes
BAD_LINE = "CLIENT_ERROR bad command line format"
NOT_A_DELTA = "CLIENT_ERROR invalid numeric delta argument"


def to_key(word: bytes) -> str:
    """Return a key as the engine keeps it; any bytes are."""
    return word.decode("utf-8", "surrogateescape")


class Row(NamedTuple):
    """One command: how many arguments it takes, what runs it, and what it asks of its node."""

    least: int
    most: int
    run: Callable[..., Any]
    asks_from: int | None = (
        None  # the first of the keys whose values it replies; None: it replies none
    )
    stores: bool = False  # whether its last argument is stored

    def takes(self, arguments: Command) -> bool:
        """Return whether the number of arguments is right."""
        return self.least <= len(arguments) <= self.most


def row_of(command: Command) -> Row | None:
    """Return the row of a command; None if there is none, or it does not take so many arguments."""
    row = TABLE.get(str(command[0]).lower()) if command else None
    return row if row is not None and row.takes(command[1:]) else None


def execute(engine: "MemcachedEngine", command: Command) -> Any:
    """Run a command on an engine; return its reply."""
    row = row_of(command)
    if row is None:
        raise CommandError("ERROR")
    return row.run(engine, *command[1:])


def work(engine: "MemcachedEngine", command: Command) -> Work | None:
    """Return the work that a command would ask of its node now; None of a command that is wrong."""
    row = row_of(command)
    if row is None:
        return None
    arguments = command[1:]
    keys = arguments[row.asks_from :] if row.asks_from is not None else ()
    stored = len(_bytes(arguments[-1])) if row.stores else 0
    return Work(max(1, len(keys)), stored + sum(engine.held_bytes(_name(key)) for key in keys))


def _name(key: Any) -> str:
    return to_key(key) if isinstance(key, bytes) else str(key)


def _key(key: Any) -> str:
    text = _name(key)
    length = len(text.encode("utf-8", "surrogateescape"))
    if not 0 < length <= LONGEST_KEY or any(c <= " " for c in text):
        raise CommandError(BAD_LINE)
    return text


def _number(value: Any) -> int:
    try:
        return int(value)
    except ValueError:
        raise CommandError(BAD_LINE) from None


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def _each(run: Callable[..., Any]) -> Callable[..., Any]:
    """Return a command that takes one key, or several and then answers with a list."""

    def for_all(engine: "MemcachedEngine", *keys: Any) -> Any:
        answers = [run(engine, _key(key)) for key in keys]
        return answers[0] if len(keys) == 1 else answers

    return for_all


def _get(engine: "MemcachedEngine", key: str) -> bytes | None:
    item = fetch(engine, key)
    return None if item is None else item.value


def _gets(engine: "MemcachedEngine", key: str) -> tuple[bytes, int] | None:
    item = fetch(engine, key)
    return None if item is None else (item.value, item.cas)


def _gat(engine: "MemcachedEngine", exptime: Any, *keys: Any) -> Any:
    expires = engine.deadline(_number(exptime))
    items = [touch(engine, _key(key), expires) for key in keys]
    values = [None if item is None else item.value for item in items]
    return values[0] if len(keys) == 1 else values


def _writing(how: str) -> Callable[..., str]:
    def run(engine: "MemcachedEngine", key: Any, flags: Any, exptime: Any, value: Any) -> str:
        expires = engine.deadline(_number(exptime))
        return write(engine, how, _key(key), _bytes(value), _number(flags), expires)

    return run


def _cas(
    engine: "MemcachedEngine", key: Any, flags: Any, exptime: Any, unique: Any, value: Any
) -> str:
    expires = engine.deadline(_number(exptime))
    return write(engine, "cas", _key(key), _bytes(value), _number(flags), expires, _number(unique))


def _counting(*, up: bool) -> Callable[..., int | str]:
    def run(engine: "MemcachedEngine", key: Any, delta: Any) -> int | str:
        amount = to_unsigned(_bytes(delta))
        if amount is None:
            raise CommandError(NOT_A_DELTA)
        number = count(engine, _key(key), amount, up=up)
        return NOT_FOUND if number is None else number

    return run


def _delete(engine: "MemcachedEngine", key: Any) -> str:
    return "DELETED" if delete(engine, _key(key)) else NOT_FOUND


def _touch(engine: "MemcachedEngine", key: Any, exptime: Any) -> str:
    found = touch(engine, _key(key), engine.deadline(_number(exptime)))
    return NOT_FOUND if found is None else "TOUCHED"


def _flush_all(engine: "MemcachedEngine", delay: Any = 0) -> str:
    engine.counts.cmd_flush += 1
    flush_all(engine, _number(delay))
    return "OK"


ANY_NUMBER = 10**9  # of keys
TABLE: dict[str, Row] = {
    "get": Row(1, ANY_NUMBER, _each(_get), asks_from=0),
    "gets": Row(1, ANY_NUMBER, _each(_gets), asks_from=0),
    "gat": Row(2, ANY_NUMBER, _gat, asks_from=1),
    **{
        how: Row(4, 4, _writing(how), stores=True)
        for how in ("set", "add", "replace", "append", "prepend")
    },
    "cas": Row(5, 5, _cas, stores=True),
    "incr": Row(2, 2, _counting(up=True)),
    "decr": Row(2, 2, _counting(up=False)),
    "delete": Row(1, 1, _delete),
    "touch": Row(2, 2, _touch),
    "flush_all": Row(0, 1, _flush_all),
    "stats": Row(0, 1, stats.figures),
    "version": Row(0, 0, lambda engine: stats.VERSION),
    "verbosity": Row(0, 1, lambda engine, level=0: "OK"),
}
