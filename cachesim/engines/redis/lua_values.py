"""Values that go from Redis into a script and back (redis 7: script_lua.c).

A status is a str here and a table {ok=...} there; an error is a CommandError here and {err=...} there.
"""

import math
from collections.abc import Callable, Hashable
from typing import Any

from cachesim.engines.redis.arguments import text
from cachesim.engines.redis.reply import (
    NULL_ARRAY,
    BigNumber,
    Members,
    Pairs,
    Reply,
    Verbatim,
)
from cachesim.errors import CommandError

LOWEST = -(1 << 63)
Table = Callable[..., Any]  # makes a table of Lua from a list or a dict


def to_lua(reply: Any, resp: int, table: Table) -> Any:
    """Return a reply as the script sees it in RESP2 or RESP3."""
    kind = type(reply)
    if kind is int or kind is bytes:
        return reply
    if reply is None or reply is NULL_ARRAY:
        return False if resp == 2 else None
    if kind is str:
        return table({b"ok": reply.encode("utf-8", "surrogateescape")})
    if isinstance(reply, Exception):
        return table({b"err": error_text(reply)})
    return (_to_lua_2 if resp == 2 else _to_lua_3)(reply, table)


def _to_lua_2(reply: Any, table: Table) -> Any:
    if isinstance(reply, bool):
        return int(reply)
    if isinstance(reply, float):
        return b"%.17g" % reply
    if isinstance(reply, bytes):
        return bytes(reply)
    if isinstance(reply, dict):
        reply = [part for pair in reply.items() for part in pair]
    elif isinstance(reply, Pairs):
        reply = [part for pair in reply for part in pair]
    elif isinstance(reply, set | frozenset):
        reply = sorted(reply)
    return table([to_lua(part, 2, table) for part in reply])


def _to_lua_3(reply: Any, table: Table) -> Any:
    if isinstance(reply, bool):
        return reply
    if isinstance(reply, float):
        return table({b"double": reply})
    if isinstance(reply, Verbatim):
        return table({b"verbatim_string": table({b"string": bytes(reply), b"format": b"txt"})})
    if isinstance(reply, dict):
        pairs = {to_lua(k, 3, table): to_lua(v, 3, table) for k, v in reply.items()}
        return table({b"map": table(pairs)})
    if isinstance(reply, Members | set | frozenset):
        members = sorted(reply) if isinstance(reply, set | frozenset) else reply
        return table({b"set": table(dict.fromkeys((to_lua(m, 3, table) for m in members), True))})
    return table([to_lua(part, 3, table) for part in reply])


def error_text(error: Exception) -> bytes:
    """Return the text of an error as a script sees it: with a code, and without the line end."""
    shown = str(error).strip("\r\n")
    if " " not in shown:
        shown = f"ERR {shown}"
    return shown.encode("utf-8", "surrogateescape")


def whole(number: float) -> int:
    """Return a number of Lua as the integer of a reply: C's conversion cuts the fraction off.

    >>> whole(-3.9), whole(float("nan"))
    (-3, -9223372036854775808)
    """
    if not math.isfinite(number) or not LOWEST <= number < -LOWEST:
        return LOWEST
    return int(number)


def one_line(data: bytes) -> bytes:
    """Return a text for a reply of one line: line ends become spaces."""
    return data.replace(b"\r", b" ").replace(b"\n", b" ")


def error_of(data: bytes, is_counted: bool) -> CommandError:
    """Return the error of a script's reply."""
    error = CommandError(text(one_line(data.split(b"\0", 1)[0].strip(b"\r\n"))))
    error.is_counted = is_counted
    return error


def verbatim(form: bytes, data: bytes) -> Verbatim:
    """Return a text with its format, three letters."""
    made = Verbatim(data)
    made.format = form
    return made


def from_lua(kind: bytes, value: Any, resp: int) -> Reply:
    """Return a value that is no table as a reply; `kind` is the letter that sandbox.lua gives it."""
    if kind == b"i":
        return whole(value)
    if kind == b"t":
        return value if resp == 3 else (1 if value else None)
    return LETTERS[kind](value)  # type: ignore[no-any-return]


LETTERS: dict[bytes, Callable[[Any], Any]] = {
    b"s": lambda value: value,
    b"n": lambda value: None,
    b"o": lambda value: text(one_line(value.split(b"\0", 1)[0])),
    b"e": lambda value: error_of(value, is_counted=False),
    b"E": lambda value: error_of(value, is_counted=True),
    b"d": float,
    b"b": lambda value: BigNumber(one_line(value)),
    b"v": lambda value: verbatim(value[:3], value[3:]),
}


class Filling:
    """A list, map or set that is being filled."""

    def __init__(self, kind: bytes, count: int) -> None:
        self.kind, self.items = kind, list[Any]()
        self.missing = count * 2 if kind == b"%" else count

    def made(self) -> Any:
        """Return the reply; a map whose keys Python cannot hold is a flat list."""
        if self.kind == b"~":
            return Members(self.items)
        if self.kind == b"%" and all(isinstance(key, Hashable) for key in self.items[::2]):
            return dict(zip(self.items[::2], self.items[1::2], strict=True))
        return self.items


def built(kinds: bytes, held: list[Any], resp: int) -> Reply:
    """Return a table of Lua as a reply, from its parts in order: no recursion, it may be deep.

    >>> built(b"*is", [2, 7, b"a"], 2)
    [7, b'a']
    """
    top = Filling(b"*", 1)
    stack = [top]
    for at, value in enumerate(held):
        kind = kinds[at : at + 1]
        if kind in b"*%~":
            stack.append(Filling(kind, value))
        else:
            stack[-1].items.append(from_lua(kind, value, resp))
            stack[-1].missing -= 1
        while len(stack) > 1 and not stack[-1].missing:
            part = stack.pop().made()
            stack[-1].items.append(part)
            stack[-1].missing -= 1
    return top.items[0]  # type: ignore[no-any-return]
