"""The libraries of a script that are easier in Python than in Lua: bit, and the floats of cmsgpack.

Their arguments come from Lua: a string is bytes, a number is an int or a float. What they raise is
a LuaFailure, whose text the script sees. They behave as Lua BitOp 1.0.2 in redis-server 7.0.15
(tests/wire/test_scripts.py compares them).
"""

import math
import struct
from collections.abc import Callable
from typing import Any

WORD = (1 << 32) - 1


class LuaFailure(Exception):
    """A function of a library was misused; `place` asks for the line of the script before the text."""

    def __init__(self, text: str, place: bool = True) -> None:
        super().__init__(text)
        self.place = place


def bad_argument(at: int, name: str, why: str) -> LuaFailure:
    """Return the error of a wrong argument, in Lua's words."""
    return LuaFailure(f"bad argument #{at} to '{name}' ({why})")


def type_name(value: Any) -> str:
    """Return the name of a value's type in Lua."""
    names = {bytes: "string", bool: "boolean", type(None): "no value", int: "number"}
    return names.get(type(value), "table")


def number_of(value: Any, at: int, name: str) -> float:
    """Return an argument as a number, as Lua reads it. Raises LuaFailure."""
    if type(value) in (int, float):
        return float(value)
    try:
        if isinstance(value, bytes):
            return float(int(value, 16) if value.strip().lower().startswith(b"0x") else value)
    except ValueError:
        pass
    raise bad_argument(at, name, f"number expected, got {type_name(value)}")


# bit

Word = Callable[..., int]


def word(value: Any, at: int, name: str) -> int:
    """Return an argument as 32 bits: the nearest integer, to even, modulo 2**32."""
    number = number_of(value, at, name)
    return round(number) & WORD if math.isfinite(number) else 0


def signed(bits: int) -> int:
    """Return 32 bits as a signed number.

    >>> signed(0xFFFFFFFF)
    -1
    """
    return bits - (1 << 32) if bits >> 31 else bits


def folded(name: str, join: Callable[[int, int], int]) -> Word:
    """Return a function of bit that joins any number of words."""

    def function(*values: Any) -> int:
        bits = word(values[0] if values else None, 1, name)
        for at, value in enumerate(values[1:], 2):
            bits = join(bits, word(value, at, name))
        return signed(bits)

    return function


def shifted(name: str, shift: Callable[[int, int], int]) -> Word:
    """Return a function of bit that moves the bits of a word."""

    def function(value: Any = None, by: Any = None, *others: Any) -> int:
        return signed(shift(word(value, 1, name), word(by, 2, name) & 31) & WORD)

    return function


def changed(name: str, change: Callable[[int], int]) -> Word:
    """Return a function of bit with one argument."""

    def function(value: Any = None, *others: Any) -> int:
        return signed(change(word(value, 1, name)) & WORD)

    return function


def tohex(value: Any = None, digits: Any = 8, *others: Any) -> bytes:
    """Write a word with that many hexadecimal digits, in capital letters if below 0."""
    bits, count = word(value, 1, "tohex"), signed(word(digits, 2, "tohex"))
    shown = f"{bits:08x}"[8 - min(8, abs(count)) :]
    return (shown.upper() if count < 0 else shown).encode()


BIT: dict[str, Callable[..., Any]] = {
    "tobit": changed("tobit", lambda bits: bits),
    "bnot": changed("bnot", lambda bits: ~bits),
    "bswap": changed("bswap", lambda bits: int.from_bytes(bits.to_bytes(4, "big"), "little")),
    "band": folded("band", lambda bits, more: bits & more),
    "bor": folded("bor", lambda bits, more: bits | more),
    "bxor": folded("bxor", lambda bits, more: bits ^ more),
    "lshift": shifted("lshift", lambda bits, by: bits << by),
    "rshift": shifted("rshift", lambda bits, by: bits >> by),
    "arshift": shifted("arshift", lambda bits, by: signed(bits) >> by),
    "rol": shifted("rol", lambda bits, by: bits << by | bits >> (32 - by)),
    "ror": shifted("ror", lambda bits, by: bits >> by | bits << (32 - by)),
    "tohex": tohex,
}

# cmsgpack


def float_bytes(number: float) -> bytes | None:
    """Return a number as a float of 4 bytes, None if it does not fit."""
    try:
        data = struct.pack(">f", number)
    except OverflowError:
        return None
    return data if struct.unpack(">f", data)[0] == number else None


def double_bytes(number: float) -> bytes:
    """Return a number as 8 bytes."""
    return struct.pack(">d", number)


def double_of(data: bytes) -> float:
    """Read 8 bytes as a number."""
    return float(struct.unpack(">d", data)[0])


def float_of(data: bytes) -> float:
    """Read 4 bytes as a number."""
    return float(struct.unpack(">f", data)[0])
