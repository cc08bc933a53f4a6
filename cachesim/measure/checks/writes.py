"""Whether the database kept every acknowledged write, and readers saw only committed values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachesim.measure.checks.verdict import Verdict, judged, requests_of

if TYPE_CHECKING:
    import pandas as pd


def lost_writes(history: pd.DataFrame) -> Verdict:
    """Check that every acknowledged write was committed; a write without a version was not.

    >>> from cachesim.measure.history import Recorder
    >>> recorder = Recorder()
    >>> recorder.request((0, "write", "k", 0.0, 1.0, None, 1, None, 0, 0, None))
    >>> lost_writes(recorder.history()).word
    'not ok'
    """
    writes = requests_of(history)
    writes = writes[writes["op"] == "write"]
    bad = writes[writes["version"].isna()]
    sentence = _first(
        bad,
        'the write of "{key}" acknowledged at t={end:.6g} s (write {write}) never reached the database',
    )
    return judged("no lost write", len(writes), bad, "nobody wrote", sentence, bad[:1])


def values_never_written(history: pd.DataFrame) -> Verdict:
    """Check that no read returned a value whose write the database never committed.

    >>> from cachesim.measure.history import Recorder
    >>> recorder = Recorder()
    >>> recorder.request((0, "read", "k", 0.0, 1.0, "hit", 9, None, 0, 0, None))
    >>> values_never_written(recorder.history()).word
    'not ok'
    """
    reads = requests_of(history)
    reads = reads[(reads["op"] == "read") & reads["write"].notna()]
    bad = reads[reads["version"].isna()]
    sentence = _first(
        bad,
        'read of "{key}" at t={begin:.6g} s returned the value of write {write}, which was never committed',
    )
    return judged(
        "no value that was never written",
        len(reads),
        bad,
        "no read returned a row",
        sentence,
        bad[:1],
    )


def _first(rows: pd.DataFrame, sentence: str) -> str:
    return (
        ""
        if rows.empty
        else sentence.format_map({str(name): value for name, value in rows.iloc[0].items()})
    )
