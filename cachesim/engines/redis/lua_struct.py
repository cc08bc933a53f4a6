"""The library struct of a script: numbers and texts as bytes, and back.

It behaves as struct 0.2 in redis-server 7.0.15 (tests/wire/test_scripts.py compares them).
"""

import math
import struct
from collections.abc import Callable, Iterator
from typing import Any

from cachesim.engines.redis.arguments import INT
from cachesim.engines.redis.lua_libraries import LuaFailure, bad_argument, number_of, type_name

LARGEST = 32  # bytes of an integer
ALIGNMENT = 8  # bytes: what "!" alone means
WHOLE = {"b": 1, "B": 1, "h": 2, "H": 2, "l": 8, "L": 8, "T": 8, "i": 4, "I": 4}
REAL = {"f": 4, "d": 8}


class StructFormat:
    """Reads a format of struct: `items` yields each option with its size, and counts where it stands."""

    def __init__(self, form: Any, name: str) -> None:
        if not isinstance(form, bytes):
            raise bad_argument(1, name, f"string expected, got {type_name(form)}")
        self.form = form.split(b"\0", 1)[0].decode("latin-1")
        self.name, self.at = name, 0
        self.order, self.align = "<", 1
        self.place = 0  # bytes so far

    def items(self) -> Iterator[tuple[str, int, int]]:
        """Yield (option, size, bytes of padding before it)."""
        while self.at < len(self.form):
            option = self.form[self.at]
            self.at += 1
            size = self._size(option)
            if option in WHOLE or option in REAL or option in "xcs":
                yield option, size, self._padding(option, size)
            else:
                self._control(option)

    def _size(self, option: str) -> int:
        if option in "iI":
            size = self._number(4)
            if size > LARGEST:
                raise LuaFailure(f"integral size {size} is larger than limit of {LARGEST}")
            return size
        if option == "c":
            return self._number(1)
        return WHOLE.get(option) or REAL.get(option) or int(option == "x")

    def _number(self, default: int) -> int:
        begin = self.at
        while self.at < len(self.form) and self.form[self.at] in "0123456789":
            self.at += 1
        number = int(self.form[begin : self.at] or default)
        if number >= INT:
            raise LuaFailure("integral size overflow")
        return number

    def _padding(self, option: str, size: int) -> int:
        if size == 0 or option == "c":
            return 0
        size = min(size, self.align)
        return (size - (self.place & (size - 1))) & (size - 1)

    def _control(self, option: str) -> None:
        if option in "<>":
            self.order = option
        elif option == "!":
            self.align = self._number(ALIGNMENT)
            if self.align <= 0 or self.align & (self.align - 1):
                raise LuaFailure(f"alignment {self.align} is not a power of 2")
        elif option != " ":
            raise bad_argument(1, self.name, f"invalid format option '{option}'")


def whole_bytes(number: float, size: int, order: str) -> bytes:
    """Write a number as an integer of that size: its 64 bits, and zeros beyond them."""
    if not math.isfinite(number):
        number = -float(1 << 63)
    bits = int(number) & ((1 << 64) - 1)
    data = bits.to_bytes(max(8, size), "little")[:size]
    return data if order == "<" else data[::-1]


def whole_number(data: bytes, order: str, is_signed: bool) -> int:
    """Read an integer of that many bytes: the lowest 64 bits count."""
    bits = int.from_bytes(data, "little" if order == "<" else "big") & ((1 << 64) - 1)
    size = min(8, len(data) or 8)
    return bits - (1 << 8 * size) if is_signed and bits >> (8 * size - 1) & 1 else bits


def pack(form: Any = None, *values: Any) -> bytes:
    r"""Write values as bytes.

    >>> pack(b">I2bs", 258, -1, b"ab")
    b'\x01\x02\xffab\x00'
    """
    layout, out, at = StructFormat(form, "pack"), bytearray(), 0
    for option, size, padding in layout.items():
        out += bytes(padding)
        if option == "x":
            out += b"\0"
        else:
            value = values[at] if at < len(values) else None
            at += 1
            out += packed(option, size, layout.order, value, at + 1)
        layout.place = len(out)
    return bytes(out)


def packed(option: str, size: int, order: str, value: Any, at: int) -> bytes:
    """Write one value."""
    if value is None:
        wanted = "string" if option in "cs" else "number"
        raise bad_argument(at, "pack", f"{wanted} expected, got nil")
    if option in WHOLE:
        return whole_bytes(number_of(value, at, "pack"), size, order)
    if option in REAL:
        number = number_of(value, at, "pack")
        try:
            return struct.pack(order + option, number)
        except OverflowError:
            return struct.pack(order + option, math.copysign(math.inf, number))
    data = b"%.14g" % value if type(value) in (int, float) else value
    if not isinstance(data, bytes):
        raise bad_argument(at, "pack", f"string expected, got {type_name(value)}")
    if size > len(data):
        raise bad_argument(at + 1, "pack", "string too short")
    return data[: size or len(data)] + b"\0" * (option == "s")


def unpack(form: Any = None, data: Any = None, begin: Any = 1) -> tuple[Any, ...]:
    r"""Read values from bytes; the last one is the place behind them.

    >>> unpack(b">I2", b"\x01\x02")
    (258, 3)
    """
    layout = StructFormat(form, "unpack")
    if not isinstance(data, bytes):
        raise bad_argument(2, "unpack", f"string expected, got {type_name(data)}")
    layout.place = int(number_of(begin, 3, "unpack")) - 1
    if layout.place < 0:
        raise bad_argument(3, "unpack", "offset must be 1 or greater")
    found: list[Any] = []
    for option, size, padding in layout.items():
        layout.place += padding
        size = unpacked(option, size, layout, data, found)
        layout.place += size
    return (*found, layout.place + 1)


def unpacked(option: str, size: int, layout: StructFormat, data: bytes, found: list[Any]) -> int:
    """Read one value into `found`; return the bytes that it takes."""
    if option == "c" and size == 0:
        if not found or type(found[-1]) not in (int, float):
            raise LuaFailure("format 'c0' needs a previous size")
        size = int(found.pop())
    place = layout.place
    if not 0 <= size <= len(data) or place > len(data) - size:
        raise bad_argument(2, "unpack", "data string too short")
    part = data[place : place + size]
    if option == "s":
        end = data.find(b"\0", place)
        if end < 0:
            raise LuaFailure("unfinished string in data")
        found.append(data[place:end])
        return end - place + 1
    if option in WHOLE:
        found.append(whole_number(part, layout.order, option.islower()))
    elif option in REAL:
        found.append(struct.unpack(layout.order + option, part)[0])
    elif option == "c":
        found.append(part)
    return size


def size_of(form: Any = None) -> int:
    """Return the bytes that a format takes."""
    layout = StructFormat(form, "size")
    for option, size, padding in layout.items():
        if option == "s" or (option == "c" and not size):
            shown = "s" if option == "s" else "c0"
            raise bad_argument(1, "size", f"option '{shown}' has no fixed size")
        layout.place += padding + size
    return layout.place


STRUCT: dict[str, Callable[..., Any]] = {"pack": pack, "unpack": unpack, "size": size_of}
