"""The age of every stale read's staleness, found once from the writes of the whole history."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


def ages(history: pd.DataFrame) -> np.ndarray:
    """Return, for each row, the seconds since a version newer than the returned one was first acknowledged.

    NaN for a row that is no stale read, and if the history has no such write.

    References
    ----------
    Bailis et al., "Probabilistically bounded staleness", PVLDB 5(8), 2012: t-visibility.
    """
    import pandas as pd

    behind = (history["acknowledged"] > history["version"]).fillna(False).to_numpy(dtype=bool)
    stale = np.flatnonzero(behind & (history["op"] == "read").to_numpy(dtype=bool))
    writes = history[
        (history["op"] == "write") & history["version"].notna() & history["error"].isna()
    ]
    del behind
    if not len(stale) or not len(writes):
        return np.full(len(history), np.nan)
    reads = history.iloc[stale]
    codes, _ = pd.factorize(pd.concat([writes["key"], reads["key"]]))
    versions = np.concatenate([writes["version"], reads["version"]]).astype("int64")
    places = codes * (versions.max() + 2) + versions  # by key, then by version
    acknowledged, since = _earliest(
        places[: len(writes)], codes[: len(writes)], writes["end"].to_numpy()
    )
    next_one = np.searchsorted(acknowledged, places[len(writes) :], side="right")
    same_key = _at(acknowledged, next_one) // (versions.max() + 2) == codes[len(writes) :]
    age = reads["begin"].to_numpy() - _at(since, next_one)
    found = np.full(len(history), np.nan)  # made last: the masks of a long history are gone by now
    found[stale] = np.where(same_key & (next_one < len(since)), age, np.nan)
    return found


def _earliest(
    places: np.ndarray, codes: np.ndarray, ends: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the writes' places in order, and the first moment in which each one, or a newer one, was acknowledged."""
    import pandas as pd

    order = np.argsort(places, kind="stable")
    newest_first = pd.Series(ends[order][::-1]).groupby(codes[order][::-1]).cummin()
    return places[order], newest_first.to_numpy()[::-1]


def _at(values: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Return the values at these places; the last value for places beyond the end."""
    return np.asarray(values[np.minimum(places, len(values) - 1)])
