"""Whether the cache spares the database: rules about repeated loads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cachesim.measure.checks.verdict import Verdict, judged, requests_of

if TYPE_CHECKING:
    import pandas as pd

SPREAD = 0.2  # if queries exceed herds by more than this share, some herd loaded more than once
PULSE = 3.0  # times the median rate: more is a pulse


def missed(history: pd.DataFrame) -> pd.DataFrame:
    """Return the reads that asked the cache and did not find their key, by begin."""
    rows = requests_of(history)
    return rows[(rows["op"] == "read") & rows["lookup"].notna() & (rows["lookup"] != "hit")]


def herds(history: pd.DataFrame) -> pd.Series:
    """Return the number of each missed read's herd; misses of a key that overlap in time are one herd."""
    misses = missed(history)
    latest = misses.groupby("key")["end"].cummax().groupby(misses["key"]).shift()
    begins = latest.isna() | (misses["begin"] > latest)
    by_key = misses.assign(begins=begins).sort_values(["key", "begin"], kind="stable")
    return by_key["begins"].cumsum().reindex(misses.index)


def one_load_a_herd(history: pd.DataFrame) -> Verdict:
    """Check that the database gets about one query per herd, by the counters of the samples.

    Other queries count too, so it is for histories with reads only.
    """
    rule, herd = "one load a herd", herds(history)
    count = int(herd.nunique())
    queries = history["db_queries"].dropna()
    if not count or len(queries) < 2:
        return Verdict(rule, None, "no read missed between two samples")
    asked = float(queries.iloc[-1] - queries.iloc[0])
    why = f"{asked:,.0f} queries for {count:,} herds"
    if asked <= (1 + SPREAD) * count + 1:
        return Verdict(rule, True, why)
    largest = herd[herd == herd.value_counts().index[0]].index
    return Verdict(rule, False, why, history.loc[largest], count)


def no_pulse(history: pd.DataFrame) -> Verdict:
    """Check that the database never gets more than three times the median rate of queries."""
    looks = history[history["op"] == "sample"]
    spans, counts = np.diff(looks["begin"]), np.diff(looks["db_queries"])
    rates = counts[spans > 0] / spans[spans > 0]
    if len(rates) < 3:
        return Verdict("no pulse", None, "fewer than four samples")
    usual, most = float(np.median(rates)), float(rates.max())
    why = f"at most {most:,.0f} queries/s, {usual:,.0f} in the median"
    if most <= PULSE * max(usual, 1.0):
        return Verdict("no pulse", True, why)
    number = int(np.flatnonzero(spans > 0)[rates.argmax()])
    since, until = looks["begin"].iloc[number], looks["begin"].iloc[number + 1]
    misses = missed(history)
    example = misses[(misses["begin"] >= since) & (misses["begin"] < until)]
    return Verdict("no pulse", False, why, example, 1)


def absent_keys_are_known(history: pd.DataFrame) -> Verdict:
    """Check that no key without a row misses twice within a second.

    >>> from cachesim.measure.history import Recorder
    >>> recorder = Recorder()
    >>> for begin in (0.0, 0.5):
    ...     recorder.request((0, "read", "k", begin, begin + 0.1, "cold", None, None, 0, 0, None))
    >>> absent_keys_are_known(recorder.history()).word
    'not ok'
    """
    misses = missed(history)
    vain = misses[misses["write"].isna()]
    before = vain.groupby("key")["begin"].shift()
    bad = vain[vain["begin"] - before < 1.0]
    nothing, example = "no read was in vain", bad[:0]
    sentence = ""
    if len(bad):
        first = bad.iloc[0]
        same = vain[vain["key"] == first["key"]]
        example = history.loc[same.index[:3]]
        ago = first["begin"] - before[bad.index[0]]
        sentence = f'read of "{first["key"]}" at t={first["begin"]:.6g} s, {ago:.3g} s after the last in vain'
    return judged("absent keys are known", len(vain), bad, nothing, sentence, example)


def cache_is_of_use(history: pd.DataFrame, share: float = 0.1) -> Verdict:
    """Check that at least this share of the reads hits; a read without an answer from the cache is no hit.

    >>> from cachesim.measure.history import Recorder
    >>> recorder = Recorder()
    >>> recorder.request((0, "read", "k", 0.0, 0.5, None, 0, 0, 0, 0, None))
    >>> print(cache_is_of_use(recorder.history()))
    cache is of use: not ok (0.0 % of 1 reads hit)
    """
    rows = requests_of(history)
    reads = rows[rows["op"] == "read"]
    if reads.empty:
        return Verdict("cache is of use", None, "no read was answered")
    hits = float((reads["lookup"] == "hit").mean())
    bad = reads[reads["lookup"] != "hit"]
    why = f"{100 * hits:.1f} % of {len(reads):,} reads hit"
    enough = hits >= share
    return Verdict("cache is of use", enough, why, None if enough else bad[:3], 0 if enough else 1)


def even_load(history: pd.DataFrame, most: float = 2.0) -> Verdict:
    """Check that no node of a fleet answers more than `most` times its even share of the requests.

    The example holds reads of one key that were at the busiest node at the same time. A node that answered
    nothing is not seen, so it does not count.

    >>> from cachesim.measure.history import Recorder
    >>> recorder = Recorder(fleet=True)
    >>> for place in "aaaaaabc":
    ...     recorder.request(
    ...         (0, "read", "k", 0.0, 0.5, "hit", 0, 0, 0, 0, None, f"node-{place}", 0)
    ...     )
    >>> print(even_load(recorder.history()))
    even load: not ok (node-a answered 75% of 8 requests, an even share is 33%)
    """
    rule = "even load"
    if "node" not in history:
        return Verdict(rule, None, "the cache is no fleet")
    rows = requests_of(history)
    rows = rows[rows["node"].notna()]
    if rows.empty:
        return Verdict(rule, None, "no node answered a request")
    counts = rows["node"].value_counts()
    share, even = counts.iloc[0] / len(rows), 1 / len(counts)
    why = (
        f"{counts.index[0]} answered {share:.0%} of {len(rows):,} requests, "
        f"an even share is {even:.0%}"
    )
    if share <= most * even:
        return Verdict(rule, True, why)
    hot = rows[rows["node"] == counts.index[0]]
    return Verdict(rule, False, why, _at_once(hot), len(hot))


def _at_once(rows: pd.DataFrame) -> pd.DataFrame:
    """Choose the request of the most popular key that took longest, after two that were in progress with it."""
    rows = rows[rows["key"] == rows["key"].value_counts().index[0]]
    took = rows["end"] - rows["begin"]
    slow = rows[took == took.max()].iloc[0]
    beside = rows[(rows["begin"] < slow["begin"]) & (rows["end"] > slow["begin"])]
    return rows.loc[[*beside.index[-2:], slow.name]]
