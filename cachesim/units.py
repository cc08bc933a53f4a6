"""Times are seconds and sizes are bytes inside cachesim; only this module reads and shows "64mb".

A text from elsewhere, such as a key, may hold what a terminal would obey: `visible` shows it instead.
"""

import math
import re

from cachesim.errors import BadInput

KIB = 1024  # bytes
MIB = 1024 * KIB  # bytes
GIB = 1024 * MIB  # bytes
MS = 1e-3  # seconds
US = 1e-6  # seconds

_SIZES = {"": 1, "b": 1, "k": KIB, "kb": KIB, "kib": KIB, "m": MIB, "mb": MIB, "mib": MIB}
_SIZES |= {"g": GIB, "gb": GIB, "gib": GIB}  # as in redis.conf, "mb" is 1024 * 1024
_TIMES = {"": 1.0, "us": US, "ms": MS, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_COUNTS = {"": 1.0, "k": 1e3, "m": 1e6, "b": 1e9}  # of things, so "m" is a million
_QUANTITY = re.compile(r"\s*([+-]?[0-9]*\.?[0-9]+(?:e[+-]?[0-9]+)?)\s*([a-z]*)\s*")


def parse_size(text: str) -> int:
    """Return the bytes that a text such as "64mb" or "4 KiB" names; units are powers of 1024.

    >>> parse_size("64mb") == 64 * MIB
    True
    """
    number, unit = _split(text, "size", "64mb")
    if unit not in _SIZES:
        raise BadInput(f'size "{text}" has the unit "{unit}"; choose from b, kb, mb, gb')
    size = number * _SIZES[unit]
    if abs(size) == math.inf:
        raise BadInput(f'size "{text}" is beyond any memory; give a size such as "64mb"')
    return round(size)


def parse_time(text: str) -> float:
    """Return the seconds that a text such as "5ms", "1h" or "inf" names.

    >>> parse_time("5ms")
    0.005
    """
    if text.strip().lower() in ("inf", "nan"):
        return float(text)  # whether it will do is for the field's rule to say
    number, unit = _split(text, "time", "5ms")
    if unit not in _TIMES:
        raise BadInput(f'time "{text}" has the unit "{unit}"; choose from us, ms, s, m, h, d')
    return number * _TIMES[unit]


def parse_count(text: str) -> float:
    """Return the number that a text such as "200k", "10m" or "2b" names; thousands, millions, billions.

    >>> parse_count("10m")
    10000000.0
    """
    number, unit = _split(text, "number", "10m")
    if unit not in _COUNTS:
        raise BadInput(f'number "{text}" has the unit "{unit}"; choose from k, m, b')
    return number * _COUNTS[unit]


def _split(text: str, thing: str, example: str) -> tuple[float, str]:
    match = _QUANTITY.fullmatch(text.lower())
    if match is None:
        raise BadInput(
            f'{thing} must be a number with or without a unit, such as "{example}", got "{text}"'
        )
    return float(match[1]), match[2]


def show_size(size: float) -> str:
    """Return a size in the largest binary unit that keeps it at 1 or more.

    >>> show_size(4 * MIB)
    '4 MiB'
    """
    for unit, name in ((GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")):
        if size >= unit:
            return f"{size / unit:.4g} {name}"
    return f"{size:.4g} B"


def show_time(seconds: float) -> str:
    """Return a time in the unit that suits it.

    >>> show_time(0.00034), show_time(90.0)
    ('340 µs', '90 s')
    """
    if not 0 < abs(seconds) < 1:
        return f"{seconds:.4g} s"
    return f"{seconds / MS:.3g} ms" if abs(seconds) >= MS else f"{seconds / US:.3g} µs"


def visible(text: str, keep: str = "") -> str:
    r"""Return a text in which signs that a terminal would obey, or not show, are written out, except those to keep.

    >>> print(visible("a key\x1b[2J\n"))
    a key\x1b[2J\n
    """
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() or c in keep else c.encode("unicode_escape").decode() for c in text
    )
