"""By how much two cases differ in each metric, in the units of the tables."""

from __future__ import annotations

import math
from typing import NamedTuple

from cachesim.measure.statistics import Interval
from cachesim.measure.tables import html_table, in_unit, show_interval, text_table, title, unit

HEADER = ["difference", "95 % interval", "saved by pairing"]


class Difference(NamedTuple):
    """By how much two cases differ in one metric, from paired replications.

    It prints in the metric's unit, as `in_units` is. `interval` is in seconds, or a share, as all metrics are.

    >>> found = Difference("read_p99", "a", "b", Interval(0.002, 0.001, 0.003))
    >>> found, found.in_units.high
    (read p99 (ms), a minus b: 2.00 ±1.00, 3.0)
    """

    metric: str
    first: str
    second: str
    interval: Interval
    variance_reduction: float = math.nan  # factor by which pairing reduces the variance

    @property
    def unit(self) -> str:
        """The unit in which tables show the metric; "" for a count."""
        return unit(self.metric)

    @property
    def in_units(self) -> Interval:
        """The interval in the unit in which tables show the metric."""
        return Interval(*(in_unit(self.metric, value) for value in self.interval))

    @property
    def says(self) -> str:
        """In words, whether the interval shows a difference."""
        if math.isnan(self.interval.low):
            return "-"
        return "on one side of 0" if self.interval.shows_difference else "spans 0"

    @property
    def cells(self) -> list[str]:
        """The row of a table: metric and unit, difference, whether it is shown, factor saved by pairing."""
        factor = self.variance_reduction
        saved = f"{factor:,.3g}x" if factor < 1e6 else "-"
        return [title(self.metric), show_interval(self.metric, self.interval), self.says, saved]

    def __repr__(self) -> str:
        metric, difference, *_ = self.cells
        return f"{metric}, {self.first} minus {self.second}: {difference}"


class Differences(list[Difference]):
    """The differences of two cases; as text and in a notebook, a table with one row per defined metric."""

    def _table(self) -> tuple[str, list[list[str]]]:
        first, second = self[0].first, self[0].second
        rows = [found.cells for found in self if not math.isnan(found.interval.mean)]
        return f"{first} minus {second}, paired", rows

    def __repr__(self) -> str:
        if not self:
            return "no differences: there is no second case"
        about, rows = self._table()
        return text_table([about, *HEADER], rows)

    def _repr_html_(self) -> str:
        if not self:
            return ""
        about, rows = self._table()
        return html_table(about, ["metric", *HEADER], rows)
