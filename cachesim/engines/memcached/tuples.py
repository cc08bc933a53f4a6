"""The commands as tuples: what Python code passes to `execute`, and what it gets back.

A tuple has the order of the protocol, without the byte count, and the value comes last:
("set", key, flags, exptime, value), ("cas", key, flags, exptime, unique, value), ("incr", key, delta).
meta.py has the meta commands.
"""

from collections.abc import Callable
from typing import Any

from cachesim.engines.base import Command, Work
from cachesim.engines.memcached import operations
from cachesim.engines.memcached.daemon import Daemon
from cachesim.engines.memcached.numerals import to_unsigned
from cachesim.engines.memcached.operations import NOT_FOUND
from cachesim.engines.memcached.protocol import BAD_LINE, LONGEST_KEY, NOT_A_DELTA, OK, to_key
from cachesim.engines.memcached.table import ItemTable
from cachesim.errors import CommandError

# --- arguments


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


# --- commands


def each(run: Callable[[ItemTable, str], Any]) -> Callable[..., Any]:
    """Return a command for one key, or for several keys; several give a list."""

    def for_all(table: ItemTable, *keys: Any) -> Any:
        answers = [run(table, _key(key)) for key in keys]
        return answers[0] if len(keys) == 1 else answers

    return for_all


def get(table: ItemTable, key: str) -> bytes | None:
    """Return the value, or None."""
    item = operations.fetch(table, key)
    return None if item is None else item.value


def gets(table: ItemTable, key: str) -> tuple[bytes, int] | None:
    """Return the value and its unique id, or None."""
    item = operations.fetch(table, key)
    return None if item is None else (item.value, item.cas)


def gat(table: ItemTable, exptime: Any, *keys: Any) -> Any:
    """Give keys a new expiration; return the value, or a list for several keys."""
    expires = table.deadline(_number(exptime))
    items = [operations.touch(table, _key(key), expires) for key in keys]
    values = [None if item is None else item.value for item in items]
    return values[0] if len(keys) == 1 else values


def writing(how: str) -> Callable[..., str]:
    """Return the command set, add, replace, append or prepend."""

    def write(daemon: Daemon, key: Any, flags: Any, exptime: Any, value: Any) -> str:
        expires = daemon.deadline(_number(exptime))
        return operations.write(daemon, how, _key(key), _bytes(value), _number(flags), expires)

    return write


def cas(daemon: Daemon, key: Any, flags: Any, exptime: Any, unique: Any, value: Any) -> str:
    """Store a value if the unique id is still the present one."""
    expires, data = daemon.deadline(_number(exptime)), _bytes(value)
    return operations.write(
        daemon, "cas", _key(key), data, _number(flags), expires, _number(unique)
    )


def counting(*, up: bool) -> Callable[..., int | str]:
    """Return the command incr or decr."""

    def count(daemon: Daemon, key: Any, delta: Any) -> int | str:
        amount = to_unsigned(_bytes(delta))
        if amount is None:
            raise CommandError(NOT_A_DELTA)
        number = operations.count(daemon, _key(key), amount, up=up)
        return NOT_FOUND if number is None else number

    return count


def delete(table: ItemTable, key: Any) -> str:
    """Remove a key."""
    return "DELETED" if operations.delete(table, _key(key)) else NOT_FOUND


def touch(table: ItemTable, key: Any, exptime: Any) -> str:
    """Give a key a new expiration."""
    found = operations.touch(table, _key(key), table.deadline(_number(exptime)))
    return NOT_FOUND if found is None else "TOUCHED"


def flush_all(table: ItemTable, delay: Any = 0) -> str:
    """Make all items invalid, now or later."""
    table.counts.cmd_flush += 1
    operations.flush_all(table, _number(delay))
    return OK


# --- the work that a command would ask of its node


def one_key(table: ItemTable, command: Command) -> Work:
    """Return the work of a command that looks up one key, or none."""
    return Work()


def replying_from(first: int) -> Callable[[ItemTable, Command], Work]:
    """Return the work of a command that replies with values; its keys start at place `first`."""

    def work(table: ItemTable, command: Command) -> Work:
        keys = command[first:]
        return Work(max(1, len(keys)), sum(table.held_bytes(_name(key)) for key in keys))

    return work


def storing(table: ItemTable, command: Command) -> Work:
    """Return the work of a command that stores its last argument."""
    return Work(bytes=len(_bytes(command[-1])))
