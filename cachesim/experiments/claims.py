"""The figures in the texts of notebooks and their answers, checked against a run.

`figures` finds the figures in a text; `claim` asserts that they agree with the measured values. A test reads the
texts with the same `figures`, so that every figure has a claim. docs/howto/write_a_notebook.md gives the rule.
"""

import math
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from cachesim.errors import BadInput


def _any(words: Iterable[str]) -> str:
    """Return a pattern for any of the words, with any blanks between their parts."""
    return "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in words)


_UNITS = {"%": 0.01, "percentage points": 0.01, "points": 0.01, "µs": 1e-6, "ms": 1e-3, "s": 1.0}
_UNITS |= {"KiB": 1024, "MiB": 1024**2, "million": 1e6}
_SMALL = ["two", "three", "four", "five", "six", "seven", "eight", "nine"]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_WORDS = {"half": 1 / 2, "a third": 1 / 3, "two thirds": 2 / 3, "a quarter": 1 / 4}
_WORDS |= {"three quarters": 3 / 4, "a fifth": 1 / 5, "a sixth": 1 / 6, "a tenth": 1 / 10}
_WORDS |= {"twice": 2.0, "ten": 10.0, "a dozen": 12.0, "a hundred": 100.0, "a thousand": 1e3}
_WORDS |= dict.fromkeys(("dozens", "hundreds", "thousands"), math.nan)  # refused: say how many
_WORDS |= {f"{word} times": float(number) for number, word in enumerate(_SMALL, 2)}
_WORDS |= {f"{word} in ten": number / 10 for number, word in enumerate(_SMALL, 2)}
_WORDS |= {word: 10.0 * number for number, word in enumerate(_TENS, 2)}

_NUMBER = r"(?<![\w.])(?<![A-Za-z]-)(?P<number>\d+(?:,\d{3})*(?:\.\d+)?)"
_UNIT = rf"(?:\s*(?P<unit>{_any(_UNITS)})(?!\w))?(?!\w)"
_WORD = rf"\b(?P<word>{_any(_WORDS)})\b"
_FIGURE = re.compile(rf"{_NUMBER}{_UNIT}|{_WORD}", re.IGNORECASE)
_NO_RESULT = re.compile(  # numbers that are names, or marks of Markdown
    r"""`[^`]*` | \$+[^$]*\$+ | \]\([^)]*\) | ^\#+\ \d+\ · | ^\s*\d+\.\ 
    | \b(?:19|20)\d\d(?=[),;]) | \b\d+\.\d+\.\d+\b | \bM/[MG]/\w+
    | \b(?i:notebooks?|exercises?)\s\d+(?:,?\s(?:and\s)?\d\d?(?=\s*(?:[.,;:)]|and\b|$)))*
    | \b9[59]\s%\s(?:confidence\s)?intervals? | \*\*Time\.\*\*\s\d+\sminutes""",
    re.MULTILINE | re.VERBOSE,
)


class Figure(NamedTuple):
    """A figure in a text: its place, its value, and half a unit of its last digit."""

    start: int
    end: int
    value: float
    half: float


def figures(text: str) -> list[Figure]:
    """Return the figures in a text of Markdown, in order.

    Words such as "half" or "three times" are figures. These are none: years of sources, versions, numbers of
    notebooks and exercises, "95 % interval", code, formulas, links and the numbers of Markdown lists.

    >>> [figure.value for figure in figures("King (1971): `k = 3` took 1,500 s, half of 20 %.")]
    [1500.0, 0.5, 0.2]
    """
    plain = _NO_RESULT.sub(lambda found: " " * len(found[0]), text)
    return [_figure(found) for found in _FIGURE.finditer(plain)]


def _figure(found: re.Match[str]) -> Figure:
    if found["word"]:
        return Figure(*found.span(), _WORDS[" ".join(found["word"].lower().split())], 0.0)
    scale = _UNITS.get(" ".join((found["unit"] or "").split()), 1.0)
    decimals = len(found["number"].partition(".")[2])
    number = float(found["number"].replace(",", ""))
    return Figure(*found.span(), number * scale, 0.5 * 10**-decimals * scale)


def claim(text: str, measured: Any, within: float = 0.0) -> None:
    """Assert that a piece of text agrees with the measured values.

    Parameters
    ----------
    text : str
        The piece as it stands in the text above, such as "33.2 %". If it has no figure, `measured` must be true.
    measured : float, sequence of float, or bool
        One value per figure in `text`, in its basic unit: a share for %, seconds for ms.
    within : float
        The greatest difference that is allowed, in the unit of `measured`: half the width of an interval.
        Half a unit of the last written digit is always allowed.

    Raises
    ------
    AssertionError
        The text does not agree with the run.
    BadInput
        The numbers of figures and of values differ, or `within` is more than half of a figure.

    Examples
    --------
    >>> claim("about 33 % in 20 ms", (0.334, 0.0204))
    >>> claim("33.2 %", 0.366)
    Traceback (most recent call last):
    AssertionError: the text says "33.2 %", this run gives 0.366. Did you change something above? ...
    """
    said = figures(text)
    values = list(measured) if isinstance(measured, tuple | list) else [measured]
    if said and len(said) != len(values):
        raise BadInput(f'"{text}" has {len(said)} figures, but {len(values)} values were measured')
    for figure, value in zip(said, values, strict=False):
        if within > figure.value / 2 > 0:
            raise BadInput(
                f'"{text}": within {within:g} is more than half of it; nearly all would do'
            )
        if not abs(value - figure.value) <= max(within, figure.half) * (1 + 1e-9):  # nan is not
            raise AssertionError(_untrue(text, f"{value:.4g}"))
    if not said and not all(values):
        raise AssertionError(_untrue(text, "no such thing"))


def _untrue(text: str, found: str) -> str:
    return (
        f'the text says "{text}", this run gives {found}. Did you change something above? '
        "The text is about the notebook as it came."
    )
