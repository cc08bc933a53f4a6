"""The columns of a history: in what form each is kept during a run, and in the frame made of it.

A run of many millions of requests must fit into memory: see docs/background/performance.md.
"""

from __future__ import annotations

import struct
from collections import defaultdict
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from cachesim.records import REQUEST, SAMPLE

if TYPE_CHECKING:
    import pandas as pd

COUNTERS = SAMPLE[1:]
RECORDED = REQUEST + COUNTERS
AGE = "age"  # seconds that a stale read's copy had been outdated; NaN: not stale, or unknown
COLUMNS = (*RECORDED, AGE)  # of every history
WHOLE = ("client", "write", "version", "acknowledged", "committed")
TEXT = ("op", "key", "lookup", "error")
FEW = ("op", "lookup", "error")  # texts of which there are only a few: a byte a row, as a category
UNKNOWN = -1  # stands for None among whole numbers during a run; none of them is below 0


class Kept:
    """The columns of the requests of a run, in the form in which they are kept meanwhile: 47 bytes a row.

    A few texts that come again and again (`FEW`) are small numbers here; `names` has the text -> its number.
    """

    def __init__(self) -> None:
        self.rows = 0
        self.names = {name: _numbering() for name in FEW}
        self.columns = {name: self._compact(name, []).copy() for name in REQUEST}  # can grow

    def add(self, fields: list[Any]) -> None:
        """Take records whose fields follow each other in one list."""
        for place, name in enumerate(REQUEST):
            new = self._compact(name, fields[place :: len(REQUEST)])
            self.columns[name] = filled(self.columns[name], self.rows, new)
        self.rows += len(fields) // len(REQUEST)

    def copy(self) -> Kept:
        """Return what can be used up in this one's place; the columns themselves are shared."""
        other = Kept()
        other.rows, other.names = self.rows, self.names
        other.columns = {name: column[: self.rows] for name, column in self.columns.items()}
        return other

    def _compact(self, name: str, values: list[Any]) -> np.ndarray:
        # Straight from the list: a third of what a table of objects on the way cost.
        if name in FEW:
            return _codes(values, self.names[name])
        if name in TEXT:
            return np.fromiter(values, dtype=object, count=len(values))
        return _whole_numbers(values) if name in WHOLE else _packed("d", values)


def _numbering() -> defaultdict[Any, int]:
    """Return a table that gives each new text the next number, and None the -1."""
    numbers: defaultdict[Any, int] = defaultdict(count().__next__)
    numbers[None] = UNKNOWN
    return numbers


def _codes(texts: list[Any], numbers: defaultdict[Any, int]) -> np.ndarray:
    if texts.count(None) == len(texts):  # as errors are in most runs: a tenth of the time
        return np.full(len(texts), UNKNOWN, "int8")
    codes = list(map(numbers.__getitem__, texts))
    try:
        return _packed("b", codes)
    except struct.error:  # 128 outcomes or more: a strategy may note any
        return _packed("i", codes)


def _packed(kind: str, values: list[Any]) -> np.ndarray:
    """Return numbers of one kind as an array: `struct` takes half as long as numpy does.

    Raises
    ------
    struct.error
        One of them is no such number, or is too large.
    """
    return np.frombuffer(struct.pack(f"{len(values)}{kind}", *values), kind)


def _whole_numbers(values: list[Any]) -> np.ndarray:
    try:
        return _packed("i", values)
    except struct.error:  # one of them is not known, or is large
        numbers = np.array(values, dtype=float)
    known = np.where(np.isnan(numbers), UNKNOWN, numbers)
    fit = np.abs(known).max() < 2**31
    return known.astype("int32" if fit else "int64")


def filled(column: np.ndarray, rows: int, new: np.ndarray) -> np.ndarray:
    """Return a column with more behind its first `rows`, made longer by an eighth where it is full.

    The C library moves large ones without copying; doubling would take twice the memory, for numpy writes zeros.
    """
    column = column.astype(np.promote_types(column.dtype, new.dtype), copy=False)
    needed = rows + len(new)
    if needed > len(column):
        column.resize(needed * 9 // 8, refcheck=False)
    column[rows:needed] = new
    return column


def stacked(kept: Kept, looks: list[Any]) -> pd.DataFrame:
    """Return both kinds of rows in one frame, by time; a sample comes after the requests of its moment.

    The requests' columns are taken out one by one, so that no column is held in two forms for long.
    """
    import pandas as pd

    requests, samples = kept.columns, _samples(looks, kept.names["op"])
    order: Any = slice(None)
    if np.any(
        requests["end"][1:] < requests["end"][:-1]
    ):  # a system's come in order; others may not
        order = np.argsort(requests["end"], kind="stable")
    before = np.searchsorted(requests["end"][order], samples["end"], side="right")
    places = before + np.arange(len(before))  # rows of the samples
    rest = np.ones(len(requests["end"]) + len(before), dtype=bool)
    rest[places] = False
    columns = {}
    for name in sorted(RECORDED, key=_turn):
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
    return pd.DataFrame({name: columns.pop(name) for name in RECORDED}, copy=False)


def _samples(looks: list[Any], ops: defaultdict[Any, int]) -> dict[str, np.ndarray]:
    """Return the columns of the looks at the tiers."""
    table = np.array(looks, dtype=float).reshape(-1, len(SAMPLE))
    columns = dict(zip(SAMPLE, table.T, strict=True))
    return columns | {"op": _codes(["sample"] * len(table), ops), "end": columns["begin"]}


def _made_of(name: str, column: np.ndarray, names: dict[str, defaultdict[Any, int]]) -> Any:
    """Return a column of records as pandas keeps it, without large copies on the way."""
    if name in FEW:
        return _category(column, names[name])
    return whole_of(column, column == UNKNOWN) if name in WHOLE else column_of(name, column)


def _category(codes: np.ndarray, numbers: defaultdict[Any, int]) -> Any:
    """Return the texts as a category; pandas would make a table of 40 bytes a row to find the few."""
    import pandas as pd

    texts = [text for text in numbers if text is not None]  # by their number
    names = sorted(texts)
    place = np.array([names.index(text) for text in texts] + [UNKNOWN], dtype=codes.dtype)
    return pd.Categorical.from_codes(place[codes], categories=_texts(names))


def _turn(name: str) -> int:
    """Return when a column is made: those that shrink come first, those that grow last."""
    return [name in FEW, name in COUNTERS, name not in WHOLE, True].index(True)


def _absent(name: str) -> Any:
    """Return what stands for nothing in a column."""
    return UNKNOWN if name in FEW or name in WHOLE else None if name in TEXT else np.nan


def whole_of(numbers: np.ndarray, unknown: np.ndarray) -> Any:
    """Return whole numbers, and those that are not known, as pandas keeps them."""
    import pandas as pd

    known = numbers.astype("int64", copy=False)
    known[unknown] = 0
    return pd.arrays.IntegerArray(known, unknown)


def _texts(values: Any) -> Any:
    """Return texts as pandas keeps them whether pyarrow is installed or not, NaN for None."""
    import pandas as pd

    return pd.array(values, dtype=pd.StringDtype("python", na_value=np.nan), copy=False)


def column_of(name: str, values: Any) -> Any:
    """Return the texts, the seconds or the counters of a column in the type that its kind has."""
    import pandas as pd

    if name in FEW:
        return pd.Categorical(_texts(values))
    if name in TEXT:
        return _texts(values)
    numbers = np.asarray(values, dtype=float)
    if name in COUNTERS:  # only samples have them: 64 bytes a request less
        return pd.arrays.SparseArray(numbers, fill_value=np.nan)
    return numbers
