"""The columns of a history: their form during a run, and their form in the frame.

A run of many millions of requests must fit into memory: see docs/background/performance.md.
"""

from __future__ import annotations

import struct
from collections import defaultdict
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from cachesim.records import FLEET_REQUEST, REQUEST, SAMPLE

if TYPE_CHECKING:
    import pandas as pd

COUNTERS = SAMPLE[1:]
RECORDED = REQUEST + COUNTERS
AGE = "age"  # seconds that a stale read's copy had been outdated; NaN: not stale, or unknown
COLUMNS = (*RECORDED, AGE)  # of every history
WHOLE = ("client", "write", "version", "acknowledged", "committed")
NUMBERS = (*WHOLE, "hops")  # whole numbers; hops only with a fleet
TEXT = ("op", "key", "lookup", "error", "node")
FEW = (
    "op",
    "lookup",
    "error",
    "node",
)  # columns with few different texts: a category takes one byte per row
UNKNOWN = -1  # stands for None among whole numbers during a run: no real one is below 0


class Kept:
    """The columns of a run's requests while it runs, in a compact form: 47 bytes per row.

    Texts that come again and again (the columns FEW) are small numbers here; `names` maps a text to its number.
    """

    def __init__(self, *, fleet: bool = False) -> None:
        self.fields = (*REQUEST, *FLEET_REQUEST) if fleet else REQUEST  # of each record
        self.rows = 0
        self.names = {name: _numbering() for name in FEW}
        self.columns = {name: self._compact(name, []).copy() for name in self.fields}  # can grow

    def add(self, fields: list[Any]) -> None:
        """Append records; their fields follow each other in one list."""
        width = len(self.fields)
        for place, name in enumerate(self.fields):
            new = self._compact(name, fields[place::width])
            self.columns[name] = filled(self.columns[name], self.rows, new)
        self.rows += len(fields) // width

    def copy(self) -> Kept:
        """Return a copy whose columns can be taken away one by one; it shares the arrays."""
        other = Kept()
        other.fields, other.rows, other.names = self.fields, self.rows, self.names
        other.columns = {name: column[: self.rows] for name, column in self.columns.items()}
        return other

    def _compact(self, name: str, values: list[Any]) -> np.ndarray:
        # Straight from the list: a table of objects in between took three times as long.
        if name in FEW:
            return _codes(values, self.names[name])
        if name in TEXT:
            return np.fromiter(values, dtype=object, count=len(values))
        return _whole_numbers(values) if name in NUMBERS else _packed("d", values)


def _numbering() -> defaultdict[Any, int]:
    """Return a table that gives each new text the next number, and None -1."""
    numbers: defaultdict[Any, int] = defaultdict(count().__next__)
    numbers[None] = UNKNOWN
    return numbers


def _codes(texts: list[Any], numbers: defaultdict[Any, int]) -> np.ndarray:
    if texts.count(None) == len(texts):  # as the errors of most runs: ten times as fast
        return np.full(len(texts), UNKNOWN, "int8")
    codes = list(map(numbers.__getitem__, texts))
    try:
        return _packed("b", codes)
    except struct.error:  # 128 texts or more: a strategy can note any outcome
        return _packed("i", codes)


def _packed(kind: str, values: list[Any]) -> np.ndarray:
    """Return numbers of one kind as an array; `struct` takes half as long as numpy.

    Raises
    ------
    struct.error
        A value is not of this kind, or is too large.
    """
    return np.frombuffer(struct.pack(f"{len(values)}{kind}", *values), kind)


def _whole_numbers(values: list[Any]) -> np.ndarray:
    try:
        return _packed("i", values)
    except struct.error:  # a value is None, or is large
        numbers = np.array(values, dtype=float)
    known = np.where(np.isnan(numbers), UNKNOWN, numbers)
    fit = np.abs(known).max() < 2**31
    return known.astype("int32" if fit else "int64")


def filled(column: np.ndarray, rows: int, new: np.ndarray) -> np.ndarray:
    """Return the column with new values after its first `rows`; a full column grows by an eighth.

    The C library can move a large array without copying it. Doubling would take twice the memory, because numpy
    fills the new part with zeros.
    """
    column = column.astype(np.promote_types(column.dtype, new.dtype), copy=False)
    needed = rows + len(new)
    if needed > len(column):
        column.resize(needed * 9 // 8, refcheck=False)
    column[rows:needed] = new
    return column


def stacked(kept: Kept, looks: list[Any]) -> pd.DataFrame:
    """Return both kinds of rows in one frame, by time; a sample comes after the requests of its moment.

    It takes the columns of the requests one by one, so that no column exists in two forms for long.
    """
    import pandas as pd

    requests, samples = kept.columns, _samples(looks, kept.names["op"])
    order: Any = slice(None)
    ends = requests["end"]
    if np.any(ends[1:] < ends[:-1]):  # a system records them in order; others may not
        order = np.argsort(requests["end"], kind="stable")
    before = np.searchsorted(requests["end"][order], samples["end"], side="right")
    places = before + np.arange(len(before))  # rows of the samples
    rest = np.ones(len(requests["end"]) + len(before), dtype=bool)
    rest[places] = False
    columns, names = {}, (*kept.fields, *COUNTERS)
    for name in sorted(names, key=_turn):
        given = requests.pop(name, None)
        kind = float if given is None else given.dtype
        column = np.full(len(rest), _absent(name), dtype=kind)
        if given is not None:
            column[rest] = given[order]
            del given
        if name in samples:
            column[places] = samples[name]
        columns[name] = _made_of(name, column, kept.names)
        del column
    return pd.DataFrame({name: columns.pop(name) for name in names}, copy=False)


def _samples(looks: list[Any], ops: defaultdict[Any, int]) -> dict[str, np.ndarray]:
    """Return the columns of the samples."""
    table = np.array(looks, dtype=float).reshape(-1, len(SAMPLE))
    columns = dict(zip(SAMPLE, table.T, strict=True))
    return columns | {"op": _codes(["sample"] * len(table), ops), "end": columns["begin"]}


def _made_of(name: str, column: np.ndarray, names: dict[str, defaultdict[Any, int]]) -> Any:
    """Return a column of records in pandas' form, without large copies on the way."""
    if name in FEW:
        return _category(column, names[name])
    return whole_of(column, column == UNKNOWN) if name in NUMBERS else column_of(name, column)


def _category(codes: np.ndarray, numbers: defaultdict[Any, int]) -> Any:
    """Return the texts as a category; pandas itself would need 40 bytes per row to find the few texts."""
    import pandas as pd

    texts = [text for text in numbers if text is not None]  # by their number
    names = sorted(texts)
    place = np.array([names.index(text) for text in texts] + [UNKNOWN], dtype=codes.dtype)
    return pd.Categorical.from_codes(place[codes], categories=_texts(names))


def _turn(name: str) -> int:
    """Return a column's turn: columns that shrink are made first, columns that grow last."""
    return [name in FEW, name in COUNTERS, name not in NUMBERS, True].index(True)


def _absent(name: str) -> Any:
    """Return the value of an empty cell in a column."""
    return UNKNOWN if name in FEW or name in NUMBERS else None if name in TEXT else np.nan


def whole_of(numbers: np.ndarray, unknown: np.ndarray) -> Any:
    """Return whole numbers, some of them unknown, in pandas' form."""
    import pandas as pd

    known = numbers.astype("int64", copy=False)
    known[unknown] = 0
    return pd.arrays.IntegerArray(known, unknown)


def _texts(values: Any) -> Any:
    """Return texts in a form that does not depend on pyarrow; NaN for None."""
    import pandas as pd

    return pd.array(values, dtype=pd.StringDtype("python", na_value=np.nan), copy=False)


def column_of(name: str, values: Any) -> Any:
    """Return the texts, seconds or counters of a column in the type of its kind."""
    import pandas as pd

    if name in FEW:
        return pd.Categorical(_texts(values))
    if name in TEXT:
        return _texts(values)
    numbers = np.asarray(values, dtype=float)
    if name in COUNTERS:  # only samples have them: this saves 64 bytes per request
        return pd.arrays.SparseArray(numbers, fill_value=np.nan)
    return numbers
