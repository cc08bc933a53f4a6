"""Metrics by the minute: what was counted in each, so that every statistic of every period is right."""

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from cachesim.service.faults import refuse_if

MINUTE = 60  # seconds
SIMPLE: dict[str, Callable[[list[float]], float]] = {
    "Sum": sum, "Minimum": min, "Maximum": max, "SampleCount": len,
}  # fmt: skip

Behind = Callable[[int], list[float]]
Dimensions = tuple[tuple[str, str], ...]  # names and values, sorted by name


class Name(NamedTuple):
    """What a series measures, and of what."""

    namespace: str
    metric: str
    dimensions: Dimensions = ()

    @classmethod
    def of(cls, request: Mapping[str, Any]) -> "Name":
        """Return the name that a request gives. Raises ServiceFault."""
        refuse_if(not {"Namespace", "MetricName"} <= set(request), "no name of a metric")
        own = dimensions_of(request.get("Dimensions", []))
        return cls(request["Namespace"], request["MetricName"], own)

    def shown(self) -> dict[str, Any]:
        """Return the name in AWS's shape."""
        own = [{"Name": key, "Value": value} for key, value in self.dimensions]
        return {"Namespace": self.namespace, "MetricName": self.metric, "Dimensions": own}

    def has(self, key: str, value: str) -> bool:
        """Whether it has a dimension, of any value if none is given."""
        return any(own == key and value in ("", held) for own, held in self.dimensions)


class Series:
    """The values of a metric by minute.

    >>> series = Series("Percent")
    >>> series.put(0, [10.0, 30.0])
    >>> series.put(60, [50.0])
    >>> series.statistics(0, 120, 120)
    [(0, [10.0, 30.0, 50.0])]
    """

    def __init__(self, unit: str = "None", behind: Behind | None = None) -> None:
        self.unit = unit
        self.behind = behind  # gives the values of a minute in which nothing was put
        self._minutes: dict[int, list[float]] = {}  # second of the calendar -> values

    def put(self, seconds: float, values: Iterable[float]) -> None:
        """Add values to the minute in which they were measured."""
        self._minutes.setdefault(int(seconds // MINUTE * MINUTE), []).extend(values)

    def at(self, minute: int) -> list[float]:
        """Return the values of one minute; none if nothing was sent."""
        own = self._minutes.get(minute)
        return own or (self.behind(minute) if self.behind else [])

    def statistics(self, begin: int, end: int, period: int) -> list[tuple[int, list[float]]]:
        """Return the values of every period that has some: (begin of the period, values)."""
        found: dict[int, list[float]] = {}
        for minute in self._between(begin, end):
            if values := self.at(minute):
                first = begin + (minute - begin) // period * period
                found.setdefault(first, []).extend(values)
        return sorted(found.items())

    def _between(self, begin: int, end: int) -> Sequence[int]:
        """Return the minutes that may have values."""
        if self.behind:
            first = max(-(-begin // MINUTE) * MINUTE, min([0, *self._minutes]))
            return range(first, end, MINUTE)
        minutes = sorted(self._minutes)
        return minutes[bisect_left(minutes, begin) : bisect_left(minutes, end)]


def statistic(name: str, values: list[float]) -> float:
    """Return a statistic of values that are there: Average, Sum, Minimum, Maximum, SampleCount or p99.

    >>> statistic("Average", [1.0, 3.0]), statistic("p50", [1.0, 2.0, 9.0])
    (2.0, 2.0)
    """
    if name == "Average":
        return math.fsum(values) / len(values)
    if name in SIMPLE:
        return float(SIMPLE[name](values))
    place = max(0, math.ceil(float(name[1:]) / 100 * len(values)) - 1)
    return sorted(values)[place]


def dimensions_of(given: Iterable[Mapping[str, str]]) -> Dimensions:
    """Return AWS's list of dimensions as a key, whatever its order."""
    return tuple(sorted((each["Name"], each["Value"]) for each in given))
