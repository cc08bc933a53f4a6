"""A trace file while it is read: its bytes or lines, the place where reading stands, and notes.

The whole file is never in memory.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple, cast

import numpy as np

from cachesim.errors import BadInput

LONGEST_LINE = 1 << 20  # bytes
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
UNITS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9, "filetime": 10**7}  # ticks per second
# Today's times in each unit: from, to, unit. A time that counts from 0 can be in any unit.
LOOKS = ((1e11, 1e14, "ms"), (1e14, 1e17, "us"), (1e17, 2e17, "filetime"), (1e18, 1e20, "ns"))


class How(NamedTuple):
    """How to read a file, where its format leaves a choice."""

    columns: dict[str, str] | None = None  # meaning -> the column's name, or its number from 1
    time_unit: str | None = None  # of UNITS
    delimiter: str | None = None  # one character
    header: bool = True  # whether the first line of a csv names the columns
    block: int | None = None  # bytes: split requests into requests for blocks of this size


class Source:
    """A file while it is read.

    Parameters
    ----------
    name : str
        The file's name, for messages.
    blocks : iterator of bytes
        The unpacked content of the file.
    how : How
        How to read it.
    """

    def __init__(self, name: str, blocks: Iterator[bytes], how: How) -> None:
        self.name, self.how = name, how
        self.blocks = blocks
        self.line = 0  # of the last line, from 1
        self.unit = how.time_unit
        self.passed: Counter[str] = Counter()  # ignored operation -> how often it came
        self._notes: list[str] = []
        self._first: float | None = None  # time of the first request, in the file's unit
        self._last: float = -math.inf

    @property
    def notes(self) -> list[str]:
        """Sentences for the reader: columns not used, requests ignored."""
        if not self.passed:
            return list(self._notes)
        named = ", ".join(f"{shown(word)} ({count})" for word, count in self.passed.most_common(20))
        return [*self._notes, f"ignored, for they neither read nor store a value: {named}"]

    def note(self, sentence: str) -> None:
        """Remember a sentence, once."""
        if sentence not in self._notes:
            self._notes.append(sentence)

    def lines(self) -> Iterator[str]:
        """Yield the lines without their line ends; a line ends with LF, CR LF or CR."""
        start = 0
        for line in self._split():
            self.line += 1
            try:
                text = line.decode("utf-8-sig" if self.line == 1 else "utf-8")
            except UnicodeDecodeError as error:
                raise BadInput(
                    f'the trace "{self.name}" is not text at byte {start + error.start} (line {self.line}); '
                    "check the format"
                ) from None
            start += len(line)
            yield text.rstrip("\r\n")

    def _split(self) -> Iterator[bytes]:
        rest = b""
        for block in self.blocks:
            lines = (rest + block).splitlines(keepends=True)
            # A CR at the end of a block may be the half of a CR LF.
            rest = b"" if not lines or lines[-1].endswith(b"\n") else lines.pop()
            yield from lines
            if len(rest) > LONGEST_LINE:
                raise self.too_long()
        yield from rest.splitlines(keepends=True)

    def too_long(self) -> BadInput:
        """Make the error for a line that is too long."""
        return BadInput(
            f'the trace "{self.name}", line {self.line + 1}: longer than {LONGEST_LINE:,} bytes; check the format'
        )

    def records(self, dtype: np.dtype) -> Iterator[np.ndarray]:
        """Yield the records of a binary file, many at a time."""
        rest, count = b"", 0
        for block in self.blocks:
            rest += block
            whole = len(rest) // dtype.itemsize
            if whole:
                yield np.frombuffer(rest, dtype, whole)
                rest = rest[whole * dtype.itemsize :]
                count += whole
        if rest:
            raise BadInput(
                f'the trace "{self.name}" is cut off: after record {count} come {len(rest)} bytes, '
                f"a record has {dtype.itemsize}; fetch it again or check the format"
            )

    def wrong(self, found: str, wanted: str, then: str = "check the format") -> BadInput:
        """Make the error for a text in the current line."""
        return BadInput(
            f'the trace "{self.name}", line {self.line}: expected {wanted}, found "{shown(found)}"; {then}'
        )

    def whole(self, text: str, wanted: str) -> int:
        """Parse a whole number >= 0, which may be written like 10.0 or 1e3."""
        if text.isascii() and text.isdecimal() and len(text) <= 20:  # 64 bits have 20 digits
            return int(text)
        value = self._number(text)
        if not (0 <= value < 2**63 and value.is_integer()):
            raise self.wrong(text, wanted)
        return int(value)

    def size(self, text: str) -> int:
        """Parse a number of bytes."""
        value = self.whole(text, "a size >= 0")
        if value >= 2**63:
            raise self.wrong(text, "a size below 2^63 bytes")
        return value

    def seconds(self, text: str, ticks: int = 1) -> float | None:
        """Parse a TTL into seconds; 0 stands for none."""
        value = self._number(text)
        if not 0 <= value < math.inf:
            raise self.wrong(text, "a ttl >= 0")
        if value >= 1e9 * ticks:
            self.note(
                f"ttls such as {text} look like moments; they are read as spans of {value / ticks:g} s"
            )
        return value / ticks or None

    @staticmethod
    def _number(text: str) -> float:
        return float(text) if NUMBER.fullmatch(text) else math.nan

    def moment(self, text: str) -> float:
        """Parse a time, a number or ISO 8601 such as 2024-05-01T12:00:00.5, into seconds since the first request."""
        if text.isascii() and text.isdecimal():
            ticks: float = int(text)  # whole numbers stay exact: a FILETIME has 57 bits
        elif NUMBER.fullmatch(text):
            ticks = float(text)
        else:
            ticks = self._date(text)
        if not 0 <= ticks < math.inf:
            raise self.wrong(text, "a time >= 0")
        if ticks < self._last:
            back = (self._last - ticks) / self._ticks
            raise BadInput(
                f'the trace "{self.name}", line {self.line}: its time lies {back:g} s before that of the request '
                "in front of it; sort the trace by time"
            )
        return self._since_first(ticks)

    def _date(self, text: str) -> float:
        try:
            when = datetime.fromisoformat(text)
        except ValueError:
            return math.nan
        if when.tzinfo is None:
            when = when.replace(tzinfo=UTC)
        return when.timestamp() * self._ticks

    def _since_first(self, ticks: float) -> float:
        if self._first is None:
            self._first = ticks
            self._look(ticks)
        self._last = ticks
        return (ticks - self._first) / self._ticks

    def moments(self, ticks: np.ndarray, before: int) -> np.ndarray:
        """Turn the times of many records into seconds since the first request; `before` records came earlier."""
        ticks = ticks.astype(np.int64)  # differences of unsigned numbers would wrap around
        last = ticks[0] if self._first is None else int(self._last)
        backwards = np.flatnonzero(np.diff(ticks, prepend=last) < 0)
        if backwards.size:
            raise BadInput(
                f'the trace "{self.name}", record {before + backwards[0]}: its time lies before that of the record '
                "in front of it; sort the trace by time"
            )
        self._since_first(int(ticks[0]))
        self._last = int(ticks[-1])
        return cast(np.ndarray, (ticks - int(self._first or 0)) / self._ticks)

    @property
    def _ticks(self) -> int:
        return UNITS[self.unit or "s"]

    def _look(self, ticks: float) -> None:
        """Note a time that looks like another unit; nothing is guessed."""
        for low, high, unit in LOOKS:
            if self.unit is None and low <= ticks < high:
                self.note(
                    f"times such as {ticks:.0f} look like {NAMES[unit]}; they are read as seconds: "
                    f"if they are not, add --time-unit {unit}"
                )


NAMES = {"ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds", "filetime": "FILETIME"}


def shown(found: str) -> str:
    r"""Shorten a text to one line without escape sequences, safe to print in a terminal.

    >>> shown("a\tb"), shown("\x1b[31mred"), shown("\0")
    ('a b', '\\x1b[31mred', '\\x00')
    """
    text = " ".join(found[:200].split())
    safe = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text[:40])
    return safe + ("..." if len(text) > 40 else "")
