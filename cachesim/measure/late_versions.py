"""Versions that were unknown when the record was written: write-behind commits after it acknowledges."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def with_late_versions(history: pd.DataFrame, versions: Mapping[int, int]) -> pd.DataFrame:
    """Return the history with the versions of writes that were committed after they were acknowledged or read.

    `acknowledged` then counts such a write from its acknowledgement on: later reads of an older version are
    stale. A write that was never committed has no version: it is lost.

    Parameters
    ----------
    versions : mapping
        Write id -> version.
    """
    import pandas as pd

    unknown = history["version"].isna() & history["write"].notna() & history["error"].isna()
    if not unknown.any():
        return history
    history = history.copy()
    found = [versions.get(int(write)) for write in history.loc[unknown, "write"]]
    history.loc[unknown, "version"] = pd.array(found, dtype="Int64")
    history["acknowledged"] = _acknowledged(history)
    return history


def _acknowledged(history: pd.DataFrame) -> pd.Series:
    """Return, for each request, the newest recorded version of its key that was acknowledged when it began."""
    import pandas as pd

    done = history[
        (history["op"] == "write") & history["version"].notna() & history["error"].isna()
    ]
    done = done[["key", "end", "version"]].sort_values("end", kind="stable")
    done["newest"] = done.groupby("key")["version"].cummax()
    asked = (
        history.loc[history["op"] != "sample", ["key", "begin"]].rename_axis("row").reset_index()
    )
    seen = pd.merge_asof(
        asked.sort_values("begin", kind="stable"), done, left_on="begin", right_on="end", by="key"
    )
    newest = seen.set_index("row")["newest"].reindex(history.index)
    later = (newest > history["acknowledged"]).fillna(value=False)
    return history["acknowledged"].mask(later, newest)
