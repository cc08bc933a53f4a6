"""How many reads returned an old version, and how old it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachesim.measure.metrics.arithmetic import mean, quantile, select

if TYPE_CHECKING:
    import pandas as pd


def stale_ratio(history: pd.DataFrame) -> float:
    """Return the share of the successful reads that returned an older version than they had to.

    A read is stale if the write of a newer version had been acknowledged to its client before the read was
    invoked. No reader or writer can argue with that.

    References
    ----------
    Lamport, "On interprocess communication", Distributed Computing 1 (1986): the regular register.
    """
    return _stale_share(history, "acknowledged")


def stale_ratio_committed(history: pd.DataFrame) -> float:
    """Return the share of the successful reads older than the newest *committed* version.

    The writer of that version may not know yet that it was committed.
    """
    return _stale_share(history, "committed")


def versions_behind_mean(history: pd.DataFrame) -> float:
    """Return the number of acknowledged versions that a read lags behind: the mean over successful reads.

    References
    ----------
    Bailis et al., "Probabilistically bounded staleness", PVLDB 5(8), 2012: k-staleness.
    """
    reads = answered(history)
    return mean((reads["acknowledged"] - reads["version"]).clip(lower=0))


def stale_reads(history: pd.DataFrame) -> pd.DataFrame:
    """Return the stale reads; their column `age` holds the age of their staleness in seconds.

    The age counts from the moment in which a newer version was first acknowledged to the moment in which the
    read was invoked (t-visibility after Bailis et al. 2012). It is a column of the history, because the write
    that outdated a copy may lie before the part that is measured.
    """
    reads = answered(history)
    return reads[reads["acknowledged"] > reads["version"]]


def staleness_age_p95(history: pd.DataFrame) -> float:
    """Return the 95th percentile of the age of the stale reads, in seconds; NaN if none was stale."""
    return quantile(stale_reads(history)["age"].dropna(), 0.95)


def answered(history: pd.DataFrame) -> pd.DataFrame:
    """Return the successful reads of values whose version is known."""
    reads = select(history, "read")
    return reads[reads["version"].notna() & reads["error"].isna()]


def _stale_share(history: pd.DataFrame, against: str) -> float:
    reads = answered(history)
    return mean(reads[against] > reads["version"])
