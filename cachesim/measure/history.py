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
from cachesim.measure.columns import (
    AGE,
    COUNTERS,
    RECORDED,
    TEXT,
    Kept,
    column_of,
    stacked,
)
from cachesim.measure.columns import COLUMNS as COLUMNS  # part of this room's words
from cachesim.measure.columns import WHOLE as WHOLE
from cachesim.measure.late import with_late_versions
from cachesim.measure.staleness import ages
from cachesim.records import REQUEST, Record

if TYPE_CHECKING:
    import pandas as pd

REQUIRED = ("op", "begin", "end")
FLUSH = 1024  # records that are put into columns at once: few enough to be still in the processor's cache


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
        self._kept = Kept()
        self.request = self._fields.extend  # the sink of a system: nothing is cheaper than a list

    def sample(self, sample: Record) -> None:
        """Take one look at the tiers, and flush when enough records have come."""
        self._samples.append(sample)
        if len(self._fields) >= FLUSH * len(REQUEST):
            self._flush()

    def history(self, versions: Mapping[int, int] | None = None) -> pd.DataFrame:
        """Return everything recorded so far, by time.

        `versions` says which version each committed write made, for those that were committed only after
        they had been acknowledged, or read.
        """
        self._flush()
        return self._made(self._kept.copy(), versions)

    def hand_over(self, versions: Mapping[int, int] | None = None) -> pd.DataFrame:
        """Return the history and let go of its records: a long run need not hold them twice."""
        self._flush()
        kept, self._kept = self._kept.copy(), Kept()
        return self._made(kept, versions)

    def _made(self, kept: Kept, versions: Mapping[int, int] | None) -> pd.DataFrame:
        return _with_ages(with_late_versions(stacked(kept, self._samples), versions or {}))

    def _flush(self) -> None:
        self._kept.add(self._fields)
        self._fields.clear()


def _with_ages(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with the one column that is found by looking at the whole history."""
    import pandas as pd

    frame[AGE] = pd.arrays.SparseArray(ages(frame), fill_value=np.nan)  # few reads are stale
    return frame


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
            _dense(history).to_parquet(unfinished, index=False)
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


def _dense(history: pd.DataFrame) -> pd.DataFrame:
    """Return a history whose counters are plain columns, as Parquet wants them."""
    return history.astype({name: float for name in (*COUNTERS, AGE) if name in history})


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
            c: column_of(c, frame[c]) if c in frame else column_of(c, [None] * len(frame))
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
