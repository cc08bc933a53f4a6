"""The list of the server's parameters: parameters.csv. Here its rows are found, and values are read.

The column `effect` says what a value does here:

works           as on the real server
works at start  likewise, but only a server that starts can be given another value
no effect       any value is kept and shown: it changes nothing that the embedded engine does
default only    another value would change what the engine does, and it cannot do that: an error

The column `change` says when: "any time", only "at start", or by CONFIG SET only if "protected"
settings are allowed. "hidden" parameters are not shown by a pattern.
"""

import csv
import re
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from cachesim.engines.redis.memory import as_bytes, as_integer
from cachesim.engines.redis.pubsub import read_events

Read = Callable[[str], Any]  # raises ValueError with the end of Redis's sentence

# redis 7: util.c, memtoull. "kb" is 1024 bytes, "k" is 1000.
UNITS = {"": 1, "b": 1, "k": 1000, "kb": 1 << 10, "m": 10**6, "mb": 1 << 20, "g": 10**9}
UNITS |= {"gb": 1 << 30}
LONG, UNSIGNED = 1 << 63, 1 << 64
MOST_PERCENT = 100
LIMITS = {"normal": "0 0 0", "slave": "268435456 67108864 60", "pubsub": "33554432 8388608 60"}
BAD_LIMIT = "Error in hard, soft or soft_seconds setting in buffer limit configuration."
SIGNAL = "shutdown options SAVE and NOSAVE can't be used simultaneously"


class Parameter(NamedTuple):
    """A row of parameters.csv."""

    name: str
    alias: str  # its older name; "" if it has none
    default: str
    type: str
    change: str
    effect: str

    def read(self, value: str) -> Any:
        """Read a value as the type says. Raises ValueError with the end of Redis's sentence."""
        kind = next(kind for kind in TYPES if self.type.startswith(kind))
        return TYPES[kind](self.type.removeprefix(kind).split())(value)

    @property
    def is_hidden(self) -> bool:
        """Whether no pattern of CONFIG GET finds it."""
        return self.change.endswith("hidden")


def whole(lowest: int, highest: int) -> Read:
    """Return a reader of integers from `lowest` to `highest`."""

    def read(value: str) -> int:
        number = as_integer(as_bytes(value))
        if number is None and highest >= LONG and re.fullmatch("[1-9][0-9]{0,19}", value):
            number = int(value)
        if number is None:
            raise ValueError("argument couldn't be parsed into an integer")
        return within(number, lowest, highest)

    return read


def within(number: int, lowest: int, highest: int) -> int:
    """Return the number, which must be in the range. Raises ValueError."""
    if not lowest <= number <= highest:
        raise ValueError(f"argument must be between {lowest} and {highest} inclusive")
    return number


def size(lowest: int, highest: int) -> Read:
    """Return a reader of sizes such as "64mb"."""

    def read(value: str) -> int:
        match = re.fullmatch(r"([0-9]*)([a-z]*)", value.lower())
        if match is None or match[2] not in UNITS:
            raise ValueError("argument must be a memory value")
        number = min(int(match[1] or 0), UNSIGNED - 1)  # C's strtoull stops there
        return within(number * UNITS[match[2]], lowest, highest)

    return read


def size_or_percent(lowest: int, highest: int) -> Read:
    """Return a reader of sizes such as "64mb", or of parts such as "5%"."""

    def read(value: str) -> object:
        if match := re.fullmatch(r"([0-9]+)%", value):
            if int(match[1]) > MOST_PERCENT:
                raise ValueError("percentage argument must be less or equal to 100")
            return value
        try:
            return size(lowest, highest)(value)
        except ValueError as why:
            raise ValueError(
                str(why).replace("a memory value", "a memory or percent value")
            ) from None

    return read


def octal(lowest: int, highest: int) -> Read:
    """Return a reader of the bits of a file's mode."""

    def read(value: str) -> str:
        if not re.fullmatch("[0-7]+", value):
            raise ValueError("argument couldn't be parsed as an octal number")
        within(int(value, 8), lowest, highest)
        return value

    return read


def one_of(*names: str) -> Read:
    """Return a reader of one of these names, in capital or small letters."""

    def read(value: str) -> str:
        if value.lower() not in names:
            raise ValueError(f"argument(s) must be one of the following: {', '.join(names)}")
        return value.lower()

    return read


def some_of(*names: str) -> Read:
    """Return a reader of several of these names; the first means none of the others."""

    def read(value: str) -> str:
        given = [one_of(*names)(word) for word in value.split(" ")]
        if {"save", "nosave"} <= set(given):
            raise ValueError(SIGNAL)
        return " ".join(name for name in names[1:] if name in given) or names[0]

    return read


def yes_or_no(value: str) -> str:
    """Read "yes" or "no". Raises ValueError."""
    if value.lower() not in ("yes", "no"):
        raise ValueError("argument must be 'yes' or 'no'")
    return value.lower()


def save_points(value: str) -> str:
    """Read pairs of seconds and changes. Raises ValueError."""
    words = value.split()
    is_right = len(words) % 2 == 0 and all(re.fullmatch("[0-9]+", word) for word in words)
    if not is_right or any(int(word) < 1 for word in words[::2]):
        raise ValueError("Invalid save parameters")
    return " ".join(words)


def buffer_limits(value: str) -> str:
    """Read classes of clients, each with a hard limit, a soft limit and seconds. Raises ValueError."""
    words = value.split()
    if len(words) % 4:
        raise ValueError("Wrong number of arguments in buffer limit configuration.")
    limits = dict(LIMITS)
    for at in range(0, len(words), 4):
        name = words[at].lower().replace("replica", "slave")
        if name not in limits:
            raise ValueError("Invalid client class specified in buffer limit configuration.")
        try:
            limits[name] = " ".join(str(size(0, LONG)(word)) for word in words[at + 1 : at + 4])
        except ValueError:
            raise ValueError(BAD_LIMIT) from None
    return " ".join(f"{name} {limit}" for name, limit in limits.items())


def oom_scores(value: str) -> str:
    """Read three scores for the kernel's killer. Raises ValueError."""
    words = value.split(" ")
    if len(words) != 3:
        raise ValueError("wrong number of arguments")
    numbers = [as_integer(as_bytes(word)) for word in words]
    if any(number is None or abs(number) > 2000 for number in numbers):
        raise ValueError("Invalid oom-score-adj-values, elements must be between -2000 and 2000.")
    return value


def percentiles(value: str) -> str:
    """Read percentages. Raises ValueError."""
    words = value.split()
    if not all(re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)", word) for word in words):
        raise ValueError("Invalid latency-tracking-info-percentiles parameters")
    if not all(0 <= float(word) <= MOST_PERCENT for word in words):
        raise ValueError(
            "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]"
        )
    return " ".join(f"{float(word):g}" for word in words)


def _bounds(reader: Callable[[int, int], Read]) -> Callable[[list[str]], Read]:
    return lambda words: reader(int(words[0]), int(words[1]))


# By the beginning of the type in the list; the rest are the words that the reader is made of.
TYPES: dict[str, Callable[[list[str]], Read]] = {
    "yes or no": lambda words: yes_or_no,
    "integer": _bounds(whole),
    "bytes or percent": _bounds(size_or_percent),
    "bytes": _bounds(size),
    "octal": _bounds(octal),
    "one of": lambda words: one_of(*words),
    "some of": lambda words: some_of(*words),
    "events": lambda words: read_events,
    "save points": lambda words: save_points,
    "buffer limits": lambda words: buffer_limits,
    "oom scores": lambda words: oom_scores,
    "percentiles": lambda words: percentiles,
    "text": lambda words: str,
}


@cache
def parameters() -> dict[str, Parameter]:
    """Give the rows of the list by every name, also by the older ones.

    >>> parameters()["lua-time-limit"].name, parameters()["maxclients"].default
    ('busy-reply-threshold', '10000')
    """
    source = files("cachesim.engines.redis").joinpath("data", "parameters.csv")
    lines = source.read_text(encoding="utf-8").splitlines()
    rows = [Parameter(**row) for row in csv.DictReader(lines)]
    return {name: row for row in rows for name in (row.name, row.alias) if name}


def value_of(settings: Mapping[str, Any], name: str) -> Any:
    """Return the value of a parameter, as its type reads it: the one that was set, or the default."""
    row = parameters()[name]
    return settings[name] if name in settings else row.read(row.default)
