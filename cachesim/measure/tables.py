"""Numbers for people: each metric in its unit, with its interval; tables as text and as HTML."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cachesim.measure.metrics import known
from cachesim.measure.metrics.row import COUNT

if TYPE_CHECKING:
    from cachesim.measure.statistics import Interval


def in_unit(metric: str, value: float) -> float:
    """Return a metric's value in the unit in which people read it: ratios in %, latencies in ms.

    A value of no metric ("") stays as it is.
    """
    return value * known(metric).scale if metric else value


def unit(metric: str) -> str:
    """Return the unit in which people read a metric; "" for a count, and for no metric.

    >>> unit("read_p99"), unit("evictions")
    ('ms', '')
    """
    found = known(metric).unit if metric else COUNT
    return "" if found == COUNT else found


def show(metric: str, value: float) -> str:
    """Return a value as text in its unit; "-" if undefined.

    >>> show("hit_ratio", 0.81234), show("read_p99", 0.0123)
    ('81.23 %', '12.30 ms')
    """
    if math.isnan(value):
        return "-"
    return f"{_number(in_unit(metric, value))} {unit(metric)}".strip()


def show_interval(metric: str, interval: Interval) -> str:
    """Return a mean ± half its interval, without the unit.

    >>> from cachesim.measure.statistics import Interval
    >>> show_interval("hit_ratio", Interval(0.8, 0.79, 0.81))
    '80.00 ±1.00'
    """
    if math.isnan(interval.mean):
        return "-"
    mean = _number(in_unit(metric, interval.mean))
    if math.isnan(interval.half_width):
        return mean
    return f"{mean} ±{_number(in_unit(metric, interval.half_width))}"


def show_bounds(metric: str, interval: Interval) -> str:
    """Return the bounds of an interval of differences, with their signs and without the unit.

    >>> from cachesim.measure.statistics import Interval
    >>> show_bounds("hit_ratio", Interval(0.0, -0.02, 0.0))
    '-2.00 to 0'
    """
    if math.isnan(interval.low):
        return "-"
    low, high = (in_unit(metric, bound) for bound in (interval.low, interval.high))
    return " to ".join(f"{'+' if bound > 0 else ''}{_number(bound)}" for bound in (low, high))


def title(metric: str) -> str:
    """Return a metric's name for people, with its unit.

    >>> title("read_p99")
    'read p99 (ms)'
    """
    words = metric.removesuffix("_per_s").replace("_", " ")
    return f"{words} ({unit(metric)})" if unit(metric) else words


def units(metrics: Sequence[str]) -> str:
    """Return a line that names the units of these metrics, for a table whose header has none.

    >>> units(["hit_ratio", "read_p50", "read_p99", "evictions"])
    'hit_ratio in %; read_p50, read_p99 in ms'
    """
    by_unit: dict[str, list[str]] = {}
    for metric in metrics:
        by_unit.setdefault(unit(metric), []).append(metric)
    by_unit.pop("", None)
    return "; ".join(f"{', '.join(names)} in {name}" for name, names in by_unit.items())


def text_table(header: Sequence[str], rows: Sequence[Sequence[str]], *, left: bool = False) -> str:
    """Return a table in plain text: the first column aligned left, the others right unless `left`.

    >>> print(text_table(["name", "n"], [["a", "10"], ["bc", "2"]]))
    name   n
    ----  --
    a     10
    bc     2
    """
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    lines = [header, ["-" * width for width in widths], *rows]
    return "\n".join(_line(cells, widths, left=left) for cells in lines)


def _line(cells: Sequence[str], widths: Sequence[int], *, left: bool) -> str:
    first = cells[0].ljust(widths[0])
    pad = str.ljust if left else str.rjust
    rest = (pad(cell, width) for cell, width in zip(cells[1:], widths[1:], strict=True))
    return "  ".join([first, *rest]).rstrip()


TABLE = "overflow-x:auto;max-width:100%"  # a wide table scrolls in its place and is not cut off
CELL = "text-align:left;vertical-align:top;white-space:normal;max-width:24em;padding:.25em .4em"


def html_table(
    above: str, header: Sequence[str], rows: Sequence[Sequence[str]], below: Sequence[str] = ()
) -> str:
    """Return a table for a notebook, with code above it and paragraphs below; all texts are escaped.

    >>> html_table("run", ["a < b"], [["1"]]).count("&lt;")
    1
    """
    lines = [_html_line("th", header), *(_html_line("td", row) for row in rows)]
    notes = "".join(f"<p>{html.escape(note)}</p>" for note in below)
    table = f'<div style="{TABLE}"><table>{"".join(lines)}</table></div>'
    return f'<p><code style="white-space:pre-wrap">{html.escape(above)}</code></p>{table}{notes}'


def _html_line(tag: str, cells: Sequence[str]) -> str:
    texts = (f'<{tag} style="{CELL}">{html.escape(cell)}</{tag}>' for cell in cells)
    return f"<tr>{''.join(texts)}</tr>"


def _number(value: float) -> str:
    """Return about three significant digits, without an exponent for any number that a run can give."""
    if value == 0 or abs(value) >= 1000:
        return f"{value:,.0f}"
    if abs(value) >= 100:
        return f"{value:.1f}"
    return f"{value:.2f}" if abs(value) >= 0.995 else f"{value:.3g}"
