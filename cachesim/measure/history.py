"""A history: a pandas frame with one row per record, from a run, an old CSV file or a real server.

Two kinds of rows share the frame. A row whose `op` is "read" or "write" is a request that ended. A row whose
`op` is "sample" holds the tiers' counters at one moment. Columns that do not belong to a kind are empty (NaN,
NA or None). Every metric is a pure function of such a frame, or of any part of it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cachesim.errors import BadInput
from cachesim.measure.columns import AGE, COUNTERS, Kept, stacked
from cachesim.measure.columns import COLUMNS as COLUMNS  # others import it from here
from cachesim.measure.columns import WHOLE as WHOLE
from cachesim.measure.foreign import columns_of, in_order
from cachesim.measure.late_versions import with_late_versions
from cachesim.measure.reading import read_table
from cachesim.measure.staleness import ages
from cachesim.records import NODE_SAMPLE, Record

if TYPE_CHECKING:
    import pandas as pd

FLUSH = 1024  # records put into columns at once: few enough to fit into the processor's cache


class Recorder:
    """Collects records cheaply; at every sample it packs them into columns, so that they need little memory.

    >>> recorder = Recorder()
    >>> recorder.request((0, "read", "k", 0.0, 0.5, "hit", 0, 0, 0, 0, None))
    >>> len(recorder.history())
    1
    """

    def __init__(self, *, fleet: bool = False) -> None:
        self._fields: list[Any] = []  # all records since the last flush, one after the other
        self._samples: list[Record] = []
        self._nodes: list[Record] = []
        self._fleet = fleet
        self._kept = Kept(fleet=fleet)
        self._full = FLUSH * len(self._kept.fields)
        self.request = self._fields.extend  # the sink of a system: nothing is cheaper than a list

    def sample(self, sample: Record, *nodes: Record) -> None:
        """Keep one sample of the counters, and those of each node; flush if enough records have come."""
        self._samples.append(sample)
        self._nodes.extend(nodes)
        if len(self._fields) >= self._full:
            self._flush()

    def nodes(self) -> pd.DataFrame:
        """Make the frame of the nodes' samples: columns NODE_SAMPLE, one row per node and sample."""
        import pandas as pd

        return pd.DataFrame(self._nodes, columns=pd.Index(NODE_SAMPLE))

    def history(self, versions: Mapping[int, int] | None = None) -> pd.DataFrame:
        """Return everything recorded so far, in the order of time.

        `versions` maps the id of each committed write to its version. It is needed for writes that were
        committed after they had been acknowledged or read.
        """
        self._flush()
        return self._made(self._kept.copy(), versions)

    def hand_over(self, versions: Mapping[int, int] | None = None) -> pd.DataFrame:
        """Return the history and release the records: a long run cannot hold them twice."""
        self._flush()
        kept, self._kept = self._kept.copy(), Kept(fleet=self._fleet)
        return self._made(kept, versions)

    def _made(self, kept: Kept, versions: Mapping[int, int] | None) -> pd.DataFrame:
        return _with_ages(with_late_versions(stacked(kept, self._samples), versions or {}))

    def _flush(self) -> None:
        self._kept.add(self._fields)
        self._fields.clear()


def _with_ages(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with the column `age`, which depends on the whole history."""
    import pandas as pd

    frame[AGE] = pd.arrays.SparseArray(ages(frame), fill_value=np.nan)  # few reads are stale
    return frame


def save(history: pd.DataFrame, path: str | os.PathLike[str]) -> None:
    """Write a history to a .csv or .parquet file; the file appears whole or not at all.

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
    """Return the history with its counters as plain columns: Parquet knows no sparse ones."""
    return history.astype({name: float for name in (*COUNTERS, AGE) if name in history})


class Loaded(NamedTuple):
    """A history from a file, and notes on how the file was read."""

    history: pd.DataFrame
    notes: list[str]


def load(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read a history from a file. Only op, begin and end are required; other missing columns are empty.

    Raises
    ------
    BadInput
        The file cannot be read, lacks a required column, or has a cell that breaks a rule.
    """
    return load_with_notes(path).history


def load_with_notes(path: str | os.PathLike[str]) -> Loaded:
    """Read a history from a file, with notes on ignored columns and on requests without an end.

    docs/howto/bring_your_own_history.md defines every column.

    Raises
    ------
    BadInput
        As `load`; the sentence names the row and the column of a wrong cell.
    """
    columns, notes = columns_of(read_table(path))
    return Loaded(_with_ages(in_order(columns)), notes)


def select_requests(history: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of requests, numbered from 0 in the order in which they ended."""
    return history[history["op"] != "sample"].reset_index(drop=True)


def since(history: pd.DataFrame, warmup: float) -> pd.DataFrame:
    """Return the part of a history that began at `warmup` seconds or later."""
    return history[history["begin"] >= warmup]
