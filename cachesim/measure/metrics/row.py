"""One metric as a row: its function, its unit, which direction is better, and the tables that show it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any

from cachesim.errors import BadInput

if TYPE_CHECKING:
    import pandas as pd

MetricFunction = Callable[["pd.DataFrame"], float]

UP, DOWN = BETTER = ("up", "down")  # which direction is better
COUNT = "count"  # the unit of a plain number
SCALE = {"%": 100.0, "ms": 1000.0}  # units that differ from the unit of the function's value
TABLES = (
    "comparison",  # one row per case: what `compare` prints
    "differences",  # what `cachesim compare` prints below it
    "report",  # a ranking and a picture in the report page
)  # the table of one run shows every metric


@dataclass(frozen=True)
class Metric:
    """One row of the list of metrics.

    Parameters
    ----------
    function : callable
        Takes a history and returns a number, NaN where it is undefined: seconds for "s" and "ms", a share
        for "%". Its name is the metric's name.
    unit : str
        The unit in which people read the metric, such as "%", "ms", "requests/s" or "count".
    better : {"up", "down"}
        Whether a greater or a smaller value is better.
    tables : str
        Names from TABLES, with blanks between them.
    words : (str, str)
        The clauses of a verdict, if the first case has more of it and if it has less; empty: no verdict.

    Raises
    ------
    BadInput
        A part is missing or unknown.

    Examples
    --------
    >>> def reads(history):
    ...     return (history["op"] == "read").sum()
    >>> Metric(reads, "count", UP).name
    'reads'
    >>> Metric(reads, better=UP)
    Traceback (most recent call last):
    cachesim.errors.BadInput: the metric "reads" has no unit; give one, such as "%", "ms", "requests/s" or "count"
    """

    function: MetricFunction
    unit: str = ""
    better: str = ""
    tables: str = ""
    words: tuple[str, str] = ("", "")

    def __post_init__(self) -> None:
        if not self.name.isidentifier():
            raise BadInput(
                f"a metric is a function with a name, got {self.function!r}; write it with def"
            )
        if not self.unit:
            raise BadInput(
                f'the metric "{self.name}" has no unit; give one, such as "%", "ms", "requests/s" or "count"'
            )
        if self.better not in BETTER:
            raise BadInput(
                f'the metric "{self.name}": better must be "up" or "down", got "{self.better}"'
            )
        for table in self.tables.split():
            if table not in TABLES:
                raise BadInput(
                    f'the metric "{self.name}": table "{table}" is unknown; choose from {", ".join(TABLES)}'
                )

    @property
    def name(self) -> str:
        """The name in tables, frames and files."""
        return getattr(self.function, "__name__", "")

    @property
    def scale(self) -> float:
        """The factor from the function's value to the unit: 100 for "%", 1000 for "ms", else 1."""
        return SCALE.get(self.unit, 1.0)

    def of(self, history: pd.DataFrame) -> float:
        """Measure a history.

        Raises
        ------
        BadInput
            The function returns no number.
        """
        value: Any = self.function(history)
        if not isinstance(value, Real):
            raise BadInput(
                f'the metric "{self.name}" must return a number, NaN where it is undefined, got {value!r}'
            )
        return float(value)
