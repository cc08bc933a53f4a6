"""The outcome of a request: ok, failed for certain, or unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cachesim.errors import may_have_happened

if TYPE_CHECKING:
    import pandas as pd

OK, FAILED, UNKNOWN = OUTCOMES = (
    "ok",  # answered
    "failed",  # certainly without effect
    "unknown",  # a write without an answer, or with an error, that may have happened all the same
)


def outcome(history: pd.DataFrame) -> pd.Series:
    """Return the outcome of each row's request, one of OUTCOMES; None for a sample.

    A failed read has no effect. A write is unknown after an indefinite error (the client timed out, the
    connection broke). It is unknown too if the row was written before a later step failed: it has a `version`.

    >>> from cachesim.measure.history import Recorder
    >>> recorder = Recorder()
    >>> for n, error in enumerate([None, "ConnectionRefused", "TimedOut"]):
    ...     recorder.request((0, "write", "k", n, n + 0.5, None, n, None, 0, 0, error))
    >>> outcome(recorder.history()).tolist()
    ['ok', 'failed', 'unknown']

    References
    ----------
    Kingsbury, Jepsen: an operation is :ok, :fail or :info.
    """
    import pandas as pd

    error, is_write = history["error"], history["op"] == "write"
    doubtful = (
        error.map(may_have_happened, na_action="ignore").eq(True) | history["version"].notna()
    )
    ended = np.where(is_write & doubtful, UNKNOWN, FAILED).astype(object)
    ended[error.isna().to_numpy()] = OK
    ended[(history["op"] == "sample").to_numpy()] = None
    return pd.Series(ended, index=history.index, dtype=object, name="outcome")
