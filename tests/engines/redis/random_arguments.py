"""Draws of a command's arguments: keys, numbers at their bounds, ranges, times."""

from collections.abc import Callable
from random import Random
from typing import Any

KEYS = [f"k{n}" for n in range(7)]
FIELDS = [f"f{n}" for n in range(5)] + ["", "1", "f" * 70]
WORDS = ["", "a", "abc", "ohmytext", "mynewtext", "x" * 44, "y" * 45, "z" * 64, "w" * 70, "v" * 300]
WORDS += ["OM", "12abc", " 1", "1 ", "-", "+1", "01", "-0", "nan", "inf", "1e5", "0x10", "\x00\x01"]
BYTES = [b"\xff", b"\xff\xff\xff", b"\xff\xf0\x00", b"\x00", b"\x00\x00\x80", b"foobar"]
INTEGERS = [0, 1, -1, 2, 5, 10, 100, 9999, 10000, 32767, -32768, 2**31, -(2**31) - 1]
BOUNDS = [2**63 - 1, -(2**63), 2**63, -(2**63) - 1, 2**62, 2**32, 2**64]
FLOATS = ["0.1", "-2.5", "3.0e3", "1e-20", "10.50", "5e-1", "1.5e300", "-0.0", ".5", "5.", "1e3000"]


def key(random: Random) -> str:
    """Return one of the few keys."""
    return random.choice(KEYS)


def keys(random: Random) -> list[str]:
    """Return one to three keys, not always different ones."""
    return random.choices(KEYS, k=random.randint(1, 3))


def field(random: Random) -> str:
    """Return one of the few fields."""
    return random.choice(FIELDS)


def integer(random: Random) -> Any:
    """Return an integer, now and then one at a bound, or no integer at all."""
    draw = random.random()
    if draw < 0.8:
        return random.choice(INTEGERS) if draw < 0.4 else random.randint(-20, 200)
    return random.choice(BOUNDS) if draw < 0.95 else random.choice(WORDS)


def number(random: Random) -> Any:
    """Return a number as text, a float as often as not."""
    return random.choice(FLOATS) if random.random() < 0.5 else integer(random)


def value(random: Random) -> Any:
    """Return a value: text, bytes or a number."""
    draw = random.random()
    if draw < 0.4:
        return number(random)
    return random.choice(WORDS) if draw < 0.8 else random.choice(BYTES)


def small(random: Random) -> Any:
    """Return an offset or length that costs no memory, rarely something else."""
    if random.random() < 0.9:
        return random.randint(-10, 100)
    return random.choice([-(2**63), -1, "x", "", 2**63, -(2**63) - 1, 2**62, 2**32 * 8, "#1"])


def bit_offset(random: Random) -> Any:
    """Return an offset in bits, at times in fields."""
    return random.choice([f"#{random.randint(0, 9)}", small(random), random.randint(0, 300)])


def time(random: Random, name: str) -> Any:
    """Return a time for EX, PX, EXAT or PXAT: near now, or at a bound."""
    if random.random() < 0.15:
        return integer(random)
    scale = 1 if name.startswith("P") else 1000
    base = 1_577_836_800_000 if name.endswith("AT") else 0
    return (base + random.choice([0, 500, 1000, 1500, 60_000, 3_600_000])) // scale


def some(random: Random, *choices: list) -> list:
    """Return some of the choices, in any order."""
    chosen = [choice for choice in choices if random.random() < 0.35]
    random.shuffle(chosen)
    return [part for choice in chosen for part in choice]


def pairs(random: Random, left: Callable, right: Callable) -> list:
    """Return one to three pairs, flat."""
    return [make(random) for _ in range(random.randint(1, 3)) for make in (left, right)]


def byte_range(random: Random) -> list:
    """Return [start [end [BYTE | BIT]]]."""
    whole = [small(random), small(random), random.choice(["BYTE", "BIT", "bit", "x"])]
    return whole[: random.choice([0, 1, 2, 2, 3, 3])]
