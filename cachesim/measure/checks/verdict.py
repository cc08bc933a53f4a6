"""The answer of a check: ok, not ok or unknown, the reason, and the smallest part of the history that shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cachesim.units import visible

if TYPE_CHECKING:
    import pandas as pd


class Verdict(NamedTuple):
    """The answer of a check; if the history says nothing about the rule, it is `unknown`, never `ok`.

    >>> print(Verdict("read your writes", None, "no client read a key after it had written it"))
    read your writes: unknown (no client read a key after it had written it)
    """

    rule: str
    ok: bool | None  # None: unknown
    why: str
    example: pd.DataFrame | None = None  # rows of the history that break the rule by themselves
    violations: int = 0  # number of requests that break the rule

    def __str__(self) -> str:
        return f"{self.rule}: {self.word} ({visible(self.why)})"

    @property
    def word(self) -> str:
        """The verdict in words: "ok", "not ok" or "unknown"."""
        return {True: "ok", False: "not ok", None: "unknown"}[self.ok]


def requests_of(history: pd.DataFrame) -> pd.DataFrame:
    """Return the requests that succeeded, in the order in which they began; rows keep their labels."""
    rows = history[(history["op"] != "sample") & history["error"].isna()]
    return rows.sort_values("begin", kind="stable")


def judged(
    rule: str, checked: int, bad: pd.DataFrame, nothing: str, sentence: str, example: pd.DataFrame
) -> Verdict:
    """Return the verdict on `checked` requests; the rows `bad` break the rule.

    Parameters
    ----------
    nothing : str
        The reason for "unknown", if `checked` is 0.
    sentence : str
        A description of the first violation.
    """
    if not checked:
        return Verdict(rule, None, nothing)
    if bad.empty:
        return Verdict(rule, True, f"{checked:,} requests checked")
    return Verdict(
        rule,
        False,
        f"{len(bad):,} of {checked:,} requests; the first: {sentence}",
        example,
        len(bad),
    )
