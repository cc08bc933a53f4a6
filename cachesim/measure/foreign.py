"""A history from elsewhere: cells become operations, seconds and versions; a wrong cell is refused with its place."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from cachesim.errors import BadInput
from cachesim.measure import synonyms
from cachesim.measure.columns import NUMBERS, RECORDED, TEXT, column_of, whole_of
from cachesim.measure.reading import HistoryTable
from cachesim.records import FLEET_REQUEST

if TYPE_CHECKING:
    import pandas as pd

Columns = dict[str, list[Any]]  # column -> the meaning of each cell; None: empty
REQUIRED = ("op", "begin", "end")
KEPT = (*RECORDED, *FLEET_REQUEST)  # columns that are read if the file has them
NO_ANSWER = "no answer"  # the error of a request without an end
LARGE = 1e11  # seconds: later than the year 5000
UNNAMED = ("", "Unnamed: 0")  # the row numbers that pandas writes before the columns
MOST = 2**63 - 1

OPERATION = "must be an operation (read or write; GET, SET and other usual words are understood)"
LOOKUP = 'must be "hit", or the kind of miss'
SECONDS = "must be seconds, >= 0 and finite"
WHOLE_NUMBER = f"must be a whole number from 0 to {MOST:,}"
CLIENT = "must be a whole number, the number of the client"


def columns_of(table: HistoryTable) -> tuple[Columns, list[str]]:
    """Return every recorded column of the table, and notes on how it was read.

    Raises
    ------
    BadInput
        A required column is missing, a cell breaks its column's rule, or two cells contradict each other.
    """
    names, notes = _named(table)
    given = {name: _read(table, name, header) for name, header in names.items()}
    _check_times(table, given, names)
    notes += _with_open(given)
    _check_unique(table, given, names)
    if not any(x is not None for x in given.get("write", ())) and "version" in given:
        given["write"] = given["version"]  # within a key, a version names its write
    return given, notes + _doubts(given)


def _named(table: HistoryTable) -> tuple[dict[str, str], list[str]]:
    """Return column -> the header that names it, and notes on renamed and ignored columns."""
    names: dict[str, str] = {name: name for name in KEPT if name in table.columns}
    for header in table.columns:
        column = synonyms.column_named(header)
        if not column or names.get(column) == column or header == column:
            continue
        if column in names:
            raise BadInput(
                f'the history "{table.path}" has two columns for {column}, "{names[column]}" and "{header}"; '
                f'name the right one "{column}"'
            )
        names[column] = header
    for column in REQUIRED:
        if column not in names:
            has = ", ".join(header for header in table.columns if header) or "none"
            raise BadInput(
                f'the history "{table.path}" has the columns {has}, but no column "{column}"; '
                f"it must have {', '.join(REQUIRED)}"
            )
    left = [h for h in table.columns if h not in names.values() and h not in UNNAMED]
    renamed = [f'"{header}" was read as {name}' for name, header in names.items() if name != header]
    return names, renamed + ([f"columns left out: {', '.join(left)}"] if left else [])


def _read(table: HistoryTable, name: str, header: str) -> list[Any]:
    meaning, rule = _MEANINGS.get(name, (_number, "must be a number"))
    cells = table.columns[header]
    if name not in REQUIRED and cells.count("") == len(
        cells
    ):  # as most counters are: return at once
        return [None] * len(cells)
    return table.read(header, meaning, rule)


def _text(cell: Any) -> str | None:
    return None if cell is None or cell == "" else str(cell)


def _number(cell: Any) -> float | None:
    if synonyms.is_nothing(cell):
        return None
    if isinstance(cell, bool) or not math.isfinite(number := float(cell)):
        raise ValueError
    return number


def _seconds(cell: Any) -> float | None:
    seconds = _number(cell)
    if seconds is not None and seconds < 0:
        raise ValueError
    return seconds


def _whole(cell: Any) -> int | None:
    """Return a whole number, exact to its last digit; "10.0" and "1e3" are whole numbers too."""
    number = _number(cell)
    if number is None:
        return None
    is_exact = isinstance(cell, int) or (isinstance(cell, str) and cell.strip().isdecimal())
    exact = int(cell) if is_exact else int(number)
    if number % 1 or abs(exact) > MOST:
        raise ValueError
    return exact


def _count(cell: Any) -> int | None:
    count = _whole(cell)
    if count is not None and count < 0:
        raise ValueError
    return count


_MEANINGS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "op": (synonyms.operation, OPERATION),
    "begin": (_seconds, SECONDS),
    "end": (_seconds, f"{SECONDS}, or empty where no answer came"),
    "lookup": (synonyms.lookup, LOOKUP),
    "error": (synonyms.error, "must be a text"),
    "key": (_text, "must be a text"),
    "node": (_text, "must be a text"),
    "client": (_whole, CLIENT),
    **dict.fromkeys(
        ("write", "version", "acknowledged", "committed", "hops"), (_count, WHOLE_NUMBER)
    ),
}


def _check_times(table: HistoryTable, given: Columns, names: dict[str, str]) -> None:
    """Refuse a row without a begin, or with an end before its begin."""
    for row, (begin, end) in enumerate(zip(given["begin"], given["end"], strict=True)):
        if begin is None:
            raise table.at(row, names["begin"], "is empty; every row needs the second it began")
        if end is not None and end < begin:
            problem = f"the end, {end:.12g}, is before the begin, {begin:.12g}; correct one of them"
            raise table.at(row, names["end"], problem)


def _with_open(given: Columns) -> list[str]:
    """Mark requests without an end as failed; such a write may still have taken effect."""
    errors = given.setdefault("error", [None] * len(given["op"]))
    missing = [row for row, end in enumerate(given["end"]) if end is None]
    for row in missing:
        if given["op"][row] == "sample":
            given["end"][row] = given["begin"][row]
        else:
            errors[row] = errors[row] or NO_ANSWER
    notes = []
    for op, fate in (
        ("write", "it may or may not have taken effect"),
        ("read", "it counts as failed"),
    ):
        count = sum(given["op"][row] == op for row in missing)
        if count:
            notes.append(f"{op}s without an end: {count:,}; no answer came, so {fate}")
    return notes


def _check_unique(table: HistoryTable, given: Columns, names: dict[str, str]) -> None:
    """Refuse two writes of a key with the same id or the same version."""
    keys = given.get("key", [])
    for name in ("write", "version"):
        seen: dict[tuple[str, int], int] = {}
        for row, (op, key, value) in enumerate(
            zip(given["op"], keys, given.get(name, ()), strict=False)
        ):
            if op != "write" or key is None or value is None:
                continue
            first = seen.setdefault((key, value), row)
            if first != row:
                problem = (
                    f'{value} is that of the write in row {first + 1}, of the same key "{key}"'
                )
                raise table.at(row, names[name], f"{problem}; every write makes its own")


def _doubts(given: Columns) -> list[str]:
    """Return notes on cells that may have another meaning."""
    notes = []
    own = sorted({x for x in given.get("lookup", ()) if x and x not in synonyms.LOOKUPS.values()})
    if own:
        notes.append(f"lookups taken as kinds of misses: {', '.join(own[:10])}")
    latest = max(given["begin"], default=0.0)
    if latest > LARGE:
        notes.append(
            f"times are taken as seconds, and {latest:.6g} is one; if they are ms, divide by 1,000"
        )
    return notes


def in_order(columns: Columns) -> pd.DataFrame:
    """Return the history in the order of the ends, open requests last, as in the history of a run."""
    import pandas as pd

    rows = len(columns["op"])
    names = (*RECORDED, *(name for name in FLEET_REQUEST if name in columns))
    made = {name: _as_kept(name, columns.get(name) or [None] * rows) for name in names}
    frame = pd.DataFrame(made)
    if frame["end"].is_monotonic_increasing:
        return frame
    return frame.sort_values("end", kind="stable", ignore_index=True)


def _as_kept(name: str, values: list[Any]) -> Any:
    if name in TEXT:
        return column_of(name, values)
    if name not in NUMBERS:
        return column_of(name, np.array(values, dtype=float))
    unknown = np.array([value is None for value in values], dtype=bool)
    return whole_of(np.array([value or 0 for value in values], dtype="int64"), unknown)
