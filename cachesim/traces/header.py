"""A csv, whose first line names the columns in the words of many tools. An unclear name is refused, not guessed."""

import re
from collections.abc import Iterator
from itertools import chain

from cachesim.errors import BadInput
from cachesim.traces.chunks import Row
from cachesim.traces.source import NAMES, UNITS, Source, shown
from cachesim.traces.table import Layout, Table, split

MEANINGS = ("key", "op", "size", "time", "ttl", "count", "offset", "device")
# Clear names, in lower case without blanks and signs.
CLEAR = {
    "key": "key keyid keyname cachekey anonymizedkey objectid objid object obj itemid url uri blockid pageid hashedkey",
    "op": "op operation",
    "size": "size valuesize valsize vsize objectsize objsize itemsize bytes length len contentlength "
    "valuelength valuelen valuebytes objectbytes sizebytes sizeinbytes",
    "time": "time timestamp ts optime clocktime requesttime arrivaltime unixtime epoch datetime date",
    "ttl": "ttl exptime maxage timetolive lifetime expiresin",
    "count": "count opcount",
}
MEANING = {name: meaning for meaning, names in CLEAR.items() for name in names.split()}
# Names that may have a meaning. If no other column has it, the file is refused: nothing is guessed.
UNCLEAR = {
    "size": re.compile(r"size|bytes?$|^kb$|^mb$|length|len$|weight"),
    "time": re.compile(r"time|date|clock|^when|seconds$|\bts\b"),
    "ttl": re.compile(r"ttl|expir|lifetime"),
}
OTHER = re.compile(
    r"keysize|keylen|header|response(time|header)|latency|service|elapsed|duration|next|last|first|stay"
)
EXCEL = re.compile(r"sep=(.)")  # the first line of a csv for Excel may name the delimiter
MAYBE_OP = re.compile(
    r"\b(op|type|optype|optypes|iotype|operation|cmd|command|verb|method|action|rw|request)\b"
)
UNIT_WORDS = {
    "ms": "ms milli millis millisecond milliseconds msec",
    "us": "us micro micros microsecond microseconds usec",
    "ns": "ns nano nanos nanosecond nanoseconds nsec",
    "s": "s sec secs second seconds",
}
TICKS = {word: unit for unit, words in UNIT_WORDS.items() for word in words.split()}
DELIMITERS = {
    "comma": ",",
    "semicolon": ";",
    "tab": "\t",
    "\\t": "\t",
    "pipe": "|",
    "space": " ",
    "blank": " ",
}


def csv_table(source: Source) -> Iterator[Row]:
    """Read lines of fields under a header; only the column `key` is required."""
    lines = source.lines()
    if not source.how.header:
        first = next((line for line in lines if line.strip()), "")
        return _headless(source, first).rows(chain([first], lines))
    comment = ""
    for line in lines:
        if line.startswith("#"):
            comment = line.lstrip("#! \t")
        elif found := EXCEL.fullmatch(line):
            source.how = source.how._replace(delimiter=source.how.delimiter or found[1])
        elif line.strip(" \t"):
            break
    else:
        return iter(())
    layout = _layout(line, lines, source)
    if (
        "key" not in layout.fields
        and comment
        and "key" in _layout(comment, iter(()), source).fields
    ):
        return _checked(source, _layout(comment, iter(()), source), comment).rows(
            chain([line], lines)
        )
    return _checked(source, layout, line).rows(lines)


def _checked(source: Source, layout: Layout, line: str) -> Table:
    """Check that each meaning has one column, and that no other column may have it; then make the table."""
    head, fields = f'the trace "{source.name}"', layout.fields
    named = ", ".join(map(shown, layout.names))
    if "key" not in fields and "offset" not in fields:
        raise BadInput(
            f'{head} has no column "key" in its header ({named}); say which one it is: --columns key=NAME, '
            "or --no-header if this line is a request"
        )
    for name in MEANINGS[:-1]:
        if fields.count(name) > 1:
            raise BadInput(
                f'{head} has more than one column for "{name}" in its header ({named}); keep one: --columns {name}=NAME'
            )
    _near(source, layout)
    _tell_units(source, layout)
    return Table(source, layout)


def _near(source: Source, layout: Layout) -> None:
    """Refuse a column that may have a meaning which no column has."""
    for meaning, pattern in UNCLEAR.items():
        if meaning in layout.fields or meaning in (source.how.columns or {}):
            continue
        for name, field in zip(layout.names, layout.fields, strict=True):
            word = f"{''.join(words(name))} {' '.join(words(name))}"
            if not field and pattern.search(word) and not OTHER.search(word):
                raise BadInput(
                    f'the trace "{source.name}": the column "{shown(name)}" may be the {meaning}; say so with '
                    f'--columns "{meaning}={shown(name)}", or --columns {meaning}= if it is not'
                )


def _tell_units(source: Source, layout: Layout) -> None:
    if layout.unit and source.how.time_unit is None:
        source.note(f"times are {NAMES.get(layout.unit, 'seconds')}, as the column's name says")
    if layout.ttl_ticks > 1:
        source.note("ttls are not in seconds, as the column's name says")


def _headless(source: Source, first: str) -> Table:
    """Make the table of a file without a header; its columns are named by number."""
    delimiter = _delimiter(first, source)
    count = len(split(first, delimiter, iter(()), source))
    given = source.how.columns or ({"key": "1"} if count == 1 else {})
    fields = [""] * count
    for meaning, number in given.items():
        if number and not (number.isdecimal() and 1 <= int(number) <= count):
            raise BadInput(
                f"--columns {meaning}={number}: without a header a column is named by its number, from 1 to {count}"
            )
        if number:
            fields[int(number) - 1] = meaning
    names = tuple(str(number) for number in range(1, count + 1))
    if "key" not in fields and "offset" not in fields:
        raise BadInput(
            f'the trace "{source.name}" has {count} columns and no header; name them by number, '
            "such as --columns key=1,size=2"
        )
    return Table(source, Layout(tuple(fields), delimiter, names=names))


def _layout(line: str, lines: Iterator[str], source: Source) -> Layout:
    """Find the meanings of the columns under a header."""
    delimiter = _delimiter(line, source)
    names = split(line, delimiter, lines, source)
    given = {name.lower(): meaning for meaning, name in (source.how.columns or {}).items()}
    _check_names(given, names, source)
    fields, unit, ticks = [], None, 1
    for number, name in enumerate(names, 1):
        meaning, in_unit = _meaning(name)
        if meaning.removeprefix("maybe-") in (source.how.columns or {}):
            meaning = ""  # it was given to another column
        meaning = given.get(name.lower(), given.get(str(number), meaning))
        fields.append(meaning)
        unit = in_unit if meaning == "time" else unit
        ticks = UNITS[in_unit or "s"] if meaning == "ttl" else ticks
    return Layout(tuple(fields), delimiter, unit, ttl_ticks=ticks, names=tuple(names))


def _check_names(given: dict[str, str], names: list[str], source: Source) -> None:
    there = {name.lower() for name in names} | {str(n) for n in range(1, len(names) + 1)} | {""}
    for name, meaning in given.items():
        if name not in there:
            raise BadInput(
                f'--columns {meaning}={name}: the trace "{source.name}" has no column of this name; '
                f"it has {', '.join(map(shown, names))}"
            )


def words(name: str) -> list[str]:
    """Split a column's name into words.

    >>> words("objectSize (byte)"), words("Op_Type"), words("TTL")
    (['object', 'size', 'byte'], ['op', 'type'], ['ttl'])
    """
    return re.findall(r"[a-z0-9]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower())


def _meaning(name: str) -> tuple[str, str | None]:
    """Find the meaning of a column ("" if it has none), and the unit in its name.

    >>> (
    ...     _meaning("object size (byte)"),
    ...     _meaning("timestamp_ms"),
    ...     _meaning("OpType"),
    ...     _meaning("client_id"),
    ... )
    (('size', None), ('time', 'ms'), ('maybe-op', None), ('', None))
    """
    found = words(re.sub(r"\[.*?\]", "", name))
    joined = "".join(found)
    if joined in MEANING:
        return MEANING[joined], None
    stem, last = "".join(found[:-1]), found[-1] if found else ""
    if last in TICKS and MEANING.get(stem) in ("time", "ttl"):
        return MEANING[stem], TICKS[last]
    if last in ("b", "byte", "bytes") and MEANING.get(stem) == "size":
        return "size", None
    return ("maybe-op" if MAYBE_OP.search(" ".join(found)) else ""), None


def delimiter_from_text(text: str) -> str | None:
    r"""Parse --delimiter into one sign; None for blanks.

    >>> delimiter_from_text("semicolon"), delimiter_from_text("\\t"), delimiter_from_text("space")
    (';', '\t', None)
    """
    delimiter = DELIMITERS.get(text.lower(), text)
    if len(delimiter) != 1 or delimiter.isalnum() or delimiter in '"\r\n':
        raise BadInput(
            f'--delimiter takes one sign, or one of {", ".join(DELIMITERS)}, got "{shown(text)}"'
        )
    return None if delimiter == " " else delimiter


def _delimiter(line: str, source: Source) -> str | None:
    """Find the sign between the columns; None for blanks."""
    if source.how.delimiter is not None:
        return delimiter_from_text(source.how.delimiter)
    bare = re.sub(r'"[^"]*"|\[.*?\]', "", line)
    found = [sign for sign in ",;\t|" if sign in bare]
    if len(found) > 1:
        raise BadInput(
            f'the trace "{source.name}": its first line has {len(found)} signs that may stand between columns '
            f"({shown(line)}); say which with --delimiter comma, semicolon, tab or pipe"
        )
    if found:
        return found[0]
    is_one = len(bare.split()) < 2 or _meaning(bare)[0] in CLEAR
    return "," if is_one else None
