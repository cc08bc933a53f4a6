"""The columns of a history: in what form each is kept during a run, and in the frame made of it.

A run of many millions of requests must fit into memory: see docs/background/performance.md.
"""

from __future__ import annotations

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
FEW = ("op", "error")  # texts of which there are only a few: one byte a row, as a pandas category
UNKNOWN = -1  # stands for None among whole numbers during a run; none of them is below 0


def longer(column: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Return a column with more at its end; the C library moves large ones without copying."""
    before = len(column)
    column = column.astype(np.promote_types(column.dtype, new.dtype), copy=False)
    column.resize(before + len(new), refcheck=False)
    column[before:] = new
    return column


def arrays(names: tuple[str, ...], fields: list[Any]) -> list[np.ndarray]:
    """Return the columns of records whose fields follow each other in one list."""
    table = np.fromiter(fields, dtype=object, count=len(fields)).reshape(-1, len(names))
    return [_compact(name, table[:, place]) for place, name in enumerate(names)]


def _compact(name: str, column: np.ndarray) -> np.ndarray:
    """Return a column of objects in the form in which it is kept during a run."""
    if name in TEXT:
        return column.copy()  # of pointers: most texts are the same few objects
    numbers = column.astype(float)
    if name not in WHOLE:
        return numbers
    known = np.where(np.isnan(numbers), UNKNOWN, numbers)
    fit = not len(known) or np.abs(known).max() < 2**31
    return known.astype("int32" if fit else "int64")


def stacked(requests: dict[str, np.ndarray], samples: dict[str, np.ndarray]) -> pd.DataFrame:
    """Return both kinds of rows in one frame, by time; a sample comes after the requests of its moment.

    The requests' columns are taken out one by one, so that no column is held in two forms for long.
    """
    import pandas as pd

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
        column = np.full(len(rest), _absent(name), dtype=object if name in TEXT else None)
        if name in requests:
            column = column.astype(np.promote_types(column.dtype, requests[name].dtype), copy=False)
            column[rest] = requests.pop(name)[order]
        if name in samples:
            column[places] = samples[name]
        columns[name] = _made_of(name, column)
    return pd.DataFrame({name: columns.pop(name) for name in RECORDED}, copy=False)


def _made_of(name: str, column: np.ndarray) -> Any:
    """Return a column of records as pandas keeps it, without large copies on the way."""
    if name in FEW:
        return _category(column)
    return _whole(column, column == UNKNOWN) if name in WHOLE else column_of(name, column)


def _category(texts: np.ndarray) -> Any:
    """Return the texts as a category; pandas would make a table of 40 bytes a row to find the few."""
    import pandas as pd

    numbers: defaultdict[Any, int] = defaultdict(count().__next__)
    numbers[None] = -1
    codes = np.fromiter(map(numbers.__getitem__, texts), dtype="int8", count=len(texts))
    del numbers[None]
    names = sorted(numbers)
    place = np.array([names.index(name) for name in numbers] + [-1], dtype="int8")
    return pd.Categorical.from_codes(place[codes], categories=_texts(names))


def _turn(name: str) -> int:
    """Return when a column is made: those that shrink come first, those that grow last."""
    return [name in FEW, name in COUNTERS, name not in WHOLE, True].index(True)


def _absent(name: str) -> Any:
    """Return what stands for nothing in a column."""
    return None if name in TEXT else np.int64(UNKNOWN) if name in WHOLE else np.nan


def _whole(numbers: np.ndarray, unknown: np.ndarray) -> Any:
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
    """Return the values of one column in the type that its kind has, wherever they come from."""
    import pandas as pd

    if name in FEW:
        return pd.Categorical(_texts(values))
    if name in TEXT:
        return _texts(values)
    is_text = getattr(values, "dtype", "O") == "O"
    numbers = np.asarray(values if is_text else pd.to_numeric(values), dtype=float)
    if name in COUNTERS:  # only samples have them: 64 bytes a request less
        return pd.arrays.SparseArray(numbers, fill_value=np.nan)
    if name not in WHOLE:
        return numbers
    unknown = np.isnan(numbers)
    if np.any(numbers[~unknown] % 1 != 0):
        raise ValueError(f"{name} must be a whole number")
    return _whole(np.where(unknown, 0, numbers), unknown)
