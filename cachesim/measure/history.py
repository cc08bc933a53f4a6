"""A history: one pandas row a record, from a run, a CSV of last year or a real server.

Two kinds of rows share the frame. A row whose `op` is "read" or "write" is a request that ended; a row
whose `op` is "sample" is a look at the tiers, with their counters so far. Columns that do not belong to
a kind are empty (NaN, NA or None). Every measure is a pure function of such a frame, or of any part of it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cachesim.errors import BadInput
from cachesim.measure.late import with_late_versions
from cachesim.measure.staleness import ages
from cachesim.records import REQUEST, SAMPLE, Record

if TYPE_CHECKING:
    import pandas as pd

COUNTERS = SAMPLE[1:]
RECORDED = REQUEST + COUNTERS
AGE = "age"  # seconds that a stale read's copy had been outdated; NaN: not stale, or unknown
COLUMNS = (*RECORDED, AGE)  # of every history
WHOLE = ("client", "write", "version", "acknowledged", "committed")
TEXT = ("op", "key", "lookup", "error")
REQUIRED = ("op", "begin", "end")


class Recorder:
    """Collects records cheaply and turns them into columns at every sample, so that memory stays flat.

    >>> recorder = Recorder()
    >>> recorder.request((0, "read", "k", 0.0, 0.5, "hit", 0, 0, 0, 0, None))
    >>> len(recorder.history())
    1
    """

    def __init__(self) -> None:
        self._fields: list[Any] = []  # of all records since the last flush, one after the other
        self._samples: list[Record] = []
        self._chunks: list[list[np.ndarray]] = []
        self.request = self._fields.extend  # the sink of a system: nothing is cheaper than a list

    def sample(self, sample: Record) -> None:
        """Take one look at the tiers, and flush when enough records have come."""
        self._samples.append(sample)
        if len(self._fields) >= 16_384 * len(REQUEST):
            self._flush()

    def history(self, versions: Mapping[int, int] | None = None) -> pd.DataFrame:
        """Return everything recorded so far, by time.

        `versions` says which version each committed write made, for those that were committed only after
        they had been acknowledged, or read.
        """
        self._flush()
        columns = [np.concatenate(parts) for parts in zip(*self._chunks, strict=True)]
        samples = _arrays(SAMPLE, [field for sample in self._samples for field in sample])
        looks = {"op": np.full(len(self._samples), "sample", dtype=object), "end": samples[0]}
        looks |= dict(zip(SAMPLE, samples, strict=True))
        frame = _stacked(dict(zip(REQUEST, columns, strict=True)), looks)
        return _with_ages(with_late_versions(frame, versions or {}))

    def _flush(self) -> None:
        if self._fields or not self._chunks:
            self._chunks.append(_arrays(REQUEST, self._fields))
            self._fields.clear()


def _arrays(names: tuple[str, ...], fields: list[Any]) -> list[np.ndarray]:
    """Return the columns of records whose fields follow each other in one list."""
    table = np.fromiter(fields, dtype=object, count=len(fields)).reshape(-1, len(names))
    kinds = [object if name in TEXT else float for name in names]
    return [table[:, place].astype(kind) for place, kind in enumerate(kinds)]


def _stacked(requests: dict[str, np.ndarray], samples: dict[str, np.ndarray]) -> pd.DataFrame:
    """Return both kinds of rows in one frame, by time; a sample comes after the requests of its moment."""
    import pandas as pd

    if np.any(np.diff(requests["end"]) < 0):  # a system's records come in order; others may not
        order = np.argsort(requests["end"], kind="stable")
        requests = {name: column[order] for name, column in requests.items()}
    before = np.searchsorted(requests["end"], samples["end"], side="right")
    looks = before + np.arange(len(before))  # rows of the samples
    rest = np.ones(len(requests["end"]) + len(looks), dtype=bool)
    rest[looks] = False
    columns = {}
    for name in RECORDED:
        column = np.full(
            len(rest), None if name in TEXT else np.nan, dtype=object if name in TEXT else float
        )
        if name in requests:
            column[rest] = requests[name]
        if name in samples:
            column[looks] = samples[name]
        columns[name] = _column(name, column)
    return pd.DataFrame(columns)


def _with_ages(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with the one column that is found by looking at the whole history."""
    return frame.assign(**{AGE: ages(frame)})


def _column(name: str, values: Any) -> Any:
    """Return the values of one column in the type that its kind has, wherever they come from."""
    import pandas as pd

    if name in TEXT:
        return pd.array(values, dtype=pd.StringDtype("python", na_value=np.nan))
    is_text = getattr(values, "dtype", "O") == "O"
    numbers = np.asarray(values if is_text else pd.to_numeric(values), dtype=float)
    if name not in WHOLE:
        return numbers
    unknown = np.isnan(numbers)
    if np.any(numbers[~unknown] % 1 != 0):
        raise ValueError(f"{name} must be a whole number")
    return pd.arrays.IntegerArray(np.where(unknown, 0, numbers).astype("int64"), unknown)


def save(history: pd.DataFrame, path: str | os.PathLike[str]) -> None:
    """Write a history to a .csv or .parquet file; it appears whole or not at all.

    Raises
    ------
    BadInput
        Another ending, a folder that cannot be written, or .parquet without pyarrow.
    """
    path = Path(path)
    unfinished = path.with_name(f".{path.name}.part")
    try:
        if path.suffix == ".csv":
            history.to_csv(unfinished, index=False)
        elif path.suffix == ".parquet":
            history.to_parquet(unfinished, index=False)
        else:
            raise BadInput(f'a history is saved as .csv or .parquet, got "{path}"')
        unfinished.replace(path)
    except ImportError:
        raise BadInput(f'"{path}" needs pyarrow: pip install pyarrow, or save as .csv') from None
    except OSError as error:
        raise BadInput(
            f'"{path}" cannot be written ({error.strerror or error}); choose another folder'
        ) from None
    finally:
        unfinished.unlink(missing_ok=True)


def load(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read a history back; columns it lacks are empty, only op, begin and end are required.

    Raises
    ------
    BadInput
        The file cannot be read, or lacks a required column.
    """
    import pandas as pd

    path = Path(path)
    try:
        frame = pd.read_parquet(path) if path.suffix == ".parquet" else _read_csv(path)
    except ImportError:
        raise BadInput(f'"{path}" needs pyarrow: pip install pyarrow, or use .csv') from None
    except OSError as error:
        raise BadInput(
            f'the history "{path}" cannot be read ({error.strerror}); check the path'
        ) from None
    except (ValueError, UnicodeDecodeError) as error:
        raise BadInput(
            f'the history "{path}" is no table ({str(error).splitlines()[0]}); give a CSV'
        ) from None
    if path.suffix != ".parquet" and not isinstance(frame.index, pd.RangeIndex):
        # pandas takes the fields beyond the header for names of rows, and shifts all columns
        raise BadInput(
            f'the history "{path}" has more fields in a row than columns; correct the header'
        )
    return _checked(frame, str(path))


def _read_csv(path: Path) -> pd.DataFrame:
    """Return the cells as texts: a key "007" or "NA" stays what it is, a number is read to its last bit."""
    import pandas as pd

    absent = {c: [""] if c in TEXT else ["", "NaN", "nan", "NA", "null", "None"] for c in RECORDED}
    return pd.read_csv(path, dtype=object, keep_default_na=False, na_values=absent)


def _checked(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    import pandas as pd

    for column in REQUIRED:
        if column not in frame:
            raise BadInput(
                f'the history "{name}" has no column "{column}"; it must have {", ".join(REQUIRED)}'
            )
    try:
        columns = {
            c: _column(c, frame[c]) if c in frame else _column(c, [None] * len(frame))
            for c in RECORDED
        }
    except (ValueError, TypeError) as error:
        raise BadInput(
            f'the history "{name}" has a column with a value of the wrong kind ({error})'
        ) from None
    return _with_ages(pd.DataFrame(columns))


def select_requests(history: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that are requests, numbered from 0 in the order in which they ended."""
    return history[history["op"] != "sample"].reset_index(drop=True)


def since(history: pd.DataFrame, warmup: float) -> pd.DataFrame:
    """Return the part of a history that began at `warmup` seconds or later."""
    return history[history["begin"] >= warmup]
