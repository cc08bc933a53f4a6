"""Traces that are tables, that is, lines of fields. Formats differ in their `Layout`; formats.py lists them."""

import re
from collections.abc import Iterator, Mapping
from itertools import repeat
from typing import NamedTuple

from cachesim.errors import BadInput
from cachesim.traces.chunks import DELETE, LONGEST, OP, READ, Row
from cachesim.traces.source import LONGEST_LINE, Source, shown
from cachesim.traces.trace import OPS

PASS = -1  # an operation that neither reads nor stores a value
WORDS: Mapping[str, int] = {word: OP[op] for word, op in OPS.items()}


class Layout(NamedTuple):
    """The meanings of a table's columns.

    A field is one of key, op, size, time, ttl and count. Where a request is for a part of a disk, it may be offset
    (bytes or sectors) or device. maybe-op is the operation if its values are operations. Other fields are not used.
    """

    fields: tuple[str, ...]
    delimiter: str | None = ","  # None: blanks
    unit: str | None = None  # of the times, one of source.UNITS; None: as --time-unit says
    ops: Mapping[str, int] = WORDS  # word in lower case -> number
    required: int | None = None  # the least number of fields in a line; None: all
    sector: int = 1  # bytes per unit of an offset
    size_unit: int = 1  # bytes per unit of a size
    ttl_ticks: int = 1  # units of a ttl per second
    names: tuple[str, ...] = ()  # of the columns, for messages


class Table:
    """Reads a table. A row becomes one request, or more if it has a count or is split into blocks."""

    def __init__(self, source: Source, layout: Layout) -> None:
        self.source, self.layout = source, layout
        self.block = source.how.block
        if layout.unit and source.how.time_unit is None:
            source.unit = layout.unit
        self.places = {
            name: [n for n, field in enumerate(layout.fields) if field == name]
            for name in ("key", "op", "size", "time", "ttl", "count", "offset", "device")
        }
        self.maybe = [n for n, field in enumerate(layout.fields) if field == "maybe-op"]
        self.given: dict[str, bool] = {}  # whether the first request has a size, a time

    def rows(self, lines: Iterator[str]) -> Iterator[Row]:
        """Yield the requests."""
        is_first = True
        for fields in self._records(lines):
            self._check_count(fields)
            if is_first and self._is_header(fields):
                continue
            if is_first:
                self._settle(fields)
                is_first = False
            yield from self._requests(fields)

    def _records(self, lines: Iterator[str]) -> Iterator[list[str]]:
        delimiter, fields = self.layout.delimiter, len(self.layout.fields)
        skipped = 0
        for line in lines:
            if not line.strip(" \t"):
                continue
            found = split(line, delimiter, lines, self.source)
            if line[0] == "#" and (line[1:2] in ("", " ", "\t", "#", "!") or len(found) != fields):
                skipped += 1
                continue
            yield found
        if skipped:
            self.source.note(f"lines that begin with # are comments: {skipped} skipped")

    def _check_count(self, fields: list[str]) -> None:
        most = len(self.layout.fields)
        least = self.layout.required or most
        if not least <= len(fields) <= most:
            wanted = f"{most} fields" if least == most else f"{least} to {most} fields"
            raise self.source.wrong((self.layout.delimiter or " ").join(fields), wanted)

    def _is_header(self, fields: list[str]) -> bool:
        """Whether names stand in the place of numbers; the header of a csv was read before."""
        numbers = [
            fields[n]
            for name in ("time", "size", "offset", "ttl")
            for n in self.places[name]
            if n < len(fields)
        ]
        return not self.layout.names and bool(numbers) and all(n[:1].isalpha() for n in numbers)

    def _settle(self, fields: list[str]) -> None:
        """Find the columns that the first request uses, and name the others in a note."""
        if self.maybe and not self.places["op"]:
            self.places["op"] = [n for n in self.maybe if fields[n].lower() in self.layout.ops]
            if len(self.places["op"]) > 1:
                two = " and ".join(f'"{self._names[n]}"' for n in self.places["op"])
                raise BadInput(
                    f'the trace "{self.source.name}": {two} may both be the operation; say --columns op=NAME'
                )
        for name in ("size", "time"):
            self.given[name] = bool(self._text(fields, name))
        used = {n for places in self.places.values() for n in places}
        there = self._names[: len(fields)]
        if unused := [shown(name) for n, name in enumerate(there) if n not in used]:
            self.source.note(f"columns that are not used: {', '.join(unused)}")

    @property
    def _names(self) -> tuple[str, ...]:
        return self.layout.names or tuple(name.lstrip("-") for name in self.layout.fields)

    def _text(self, fields: list[str], name: str) -> str:
        places = self.places[name]
        return fields[places[0]] if places and places[0] < len(fields) else ""

    def _requests(self, fields: list[str]) -> Iterator[Row]:
        op = self._op(fields)
        if op == PASS:
            return
        size = self._size(fields, op)
        time = self._time(fields)
        text = self._text(fields, "ttl")
        ttl = self.source.seconds(text, self.layout.ttl_ticks) if text else None
        if self.block:
            for key in self._blocks(fields, size):
                yield key, op, self.block, time, ttl
        elif self.places["count"]:
            yield from repeat((self._key(fields), op, size, time, ttl), self._repeats(fields))
        else:
            yield self._key(fields), op, size, time, ttl

    def _op(self, fields: list[str]) -> int:
        if not self.places["op"]:
            return READ
        word = self._text(fields, "op").lower()
        op = self.layout.ops.get(word)
        if op == PASS:
            self.source.passed[f"operation {word}"] += 1
        if op is not None:
            return op
        words = " ".join(self.layout.ops)
        then = f'if the column "{self._names[self.places["op"][0]]}" is none, add --columns op='
        raise self.source.wrong(
            word, f"an operation ({words})", then if self.layout.names else "check the format"
        )

    def _key(self, fields: list[str]) -> str:
        text = self._text(fields, "key")
        if self.places["offset"] and not text:
            return self._at(fields, self._offset(fields))
        if not text:
            raise self.source.wrong((self.layout.delimiter or " ").join(fields), "a key")
        return text

    def _at(self, fields: list[str], number: int) -> str:
        device = ".".join(fields[n] for n in self.places["device"])
        return f"{device}:{number}" if device else str(number)

    def _offset(self, fields: list[str]) -> int:
        text = self._text(fields, "offset")
        if re.fullmatch("0[xX][0-9a-fA-F]{1,16}", text):
            return int(text, 16)
        return self.source.whole(text, "an offset >= 0")

    def _blocks(self, fields: list[str], size: int | None) -> Iterator[str]:
        block = self.block or 1
        start = self._offset(fields) * self.layout.sector
        first, last = start // block, (start + max(size or 1, 1) - 1) // block
        self._check_length(last - first + 1)
        return (self._at(fields, number) for number in range(first, last + 1))

    def _repeats(self, fields: list[str]) -> int:
        text = self._text(fields, "count")
        count = self.source.whole(text, "a count >= 1") if text else 1
        if not count:
            raise self.source.wrong(text, "a count >= 1")
        self._check_length(count)
        return count

    def _check_length(self, requests: int) -> None:
        check_length(self.source, requests)

    def _size(self, fields: list[str], op: int) -> int | None:
        text = self._text(fields, "size")
        if not text and op == DELETE and self.given["size"]:
            return 0  # a delete stores nothing
        if not self._has("size", text):
            return None
        return self.source.size(text) * self.layout.size_unit

    def _time(self, fields: list[str]) -> float | None:
        text = self._text(fields, "time")
        return self.source.moment(text) if self._has("time", text) else None

    def _has(self, name: str, text: str) -> bool:
        """Whether there is a value. All requests must have one, or none: nothing is invented."""
        if bool(text) != self.given[name]:
            has = "have none" if text else "have one"
            raise self.source.wrong(
                text, f"{'no' if text else 'a'} {name}, for the lines above {has}",
                f"give every request a {name}, or leave the column out",
            )  # fmt: skip
        return bool(text)


def check_length(source: Source, requests: int) -> None:
    """Refuse a line with too many requests."""
    if requests > LONGEST:
        raise BadInput(
            f'the trace "{source.name}", line {source.line}: more than {LONGEST:,} requests; '
            "check its count, or split the trace"
        )


def split(line: str, delimiter: str | None, lines: Iterator[str], source: Source) -> list[str]:
    """Split a record into fields; it takes more lines if a quoted field contains a line end.

    Outer blanks of a field are removed, unless they are quoted. A quote inside quotes is written twice.
    """
    if delimiter is None and '"' not in line:
        return line.split()
    if '"' not in line:
        return [field.strip(" \t") for field in line.split(delimiter)]
    while (fields := _quoted(line, delimiter or " ", source)) is None:
        more = next(lines, None)
        while more is not None and '"' not in more and len(line) < LONGEST_LINE:
            line, more = f"{line}\n{more}", next(lines, None)
        if more is None:
            raise source.wrong(line, 'a " that ends the quoted field', "check the format")
        line = f"{line}\n{more}"
        if len(line) > LONGEST_LINE:
            raise source.too_long()
    return fields if delimiter else [field for field in fields if field]


_QUOTED = re.compile(r'"((?:[^"]|"")*)"')


def _quoted(record: str, delimiter: str, source: Source) -> list[str] | None:
    """Split a record with quotes into fields; None if its last quote is open."""
    blanks = " \t".replace(delimiter, "")
    fields, at = [], 0
    while at <= len(record):
        at += len(record[at:]) - len(record[at:].lstrip(blanks))
        found = _QUOTED.match(record, at)
        if not found and record.startswith('"', at):
            return None
        end = record.find(delimiter, found.end() if found else at)
        end = len(record) if end < 0 else end
        if found and record[found.end() : end].strip(blanks):
            raise source.wrong(record[at:], "a delimiter after a quoted field")
        fields.append(found[1].replace('""', '"') if found else record[at:end].strip(" \t"))
        at = end + 1
    return fields
