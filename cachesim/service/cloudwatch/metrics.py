"""The operations on metrics: put them, list them, ask for their statistics."""

import re
from datetime import datetime
from functools import partial
from typing import Any

from cachesim.service.account import Account
from cachesim.service.cloudwatch.series import MINUTE, Name, Series, dimensions_of, statistic
from cachesim.service.cloudwatch.standing import SPACE, Standing
from cachesim.service.faults import ServiceFault, bad_value
from cachesim.service.pages import next_page

PERCENTILE = re.compile(r"p\d{1,2}(\.\d+)?|p100")
STATISTICS = ("Average", "Sum", "Minimum", "Maximum", "SampleCount")
METRICS = 500  # of one page of ListMetrics
MOST_POINTS = 1440  # of one GetMetricStatistics


class Metrics:
    """Every series of an account."""

    service = "cloudwatch"

    def __init__(self, account: Account) -> None:
        self.account = account
        self.series: dict[Name, Series] = {}
        self.standing = Standing(account)

    def find(self, name: Name) -> Series:
        """Return a series; an empty one if nothing was ever sent."""
        if name not in self.series and (unit := self.standing.unit(name)):
            self.series[name] = Series(unit, partial(self.standing.at, name))
        return self.series.get(name, Series())

    def put(self, name: Name, unit: str, seconds: float, values: list[float]) -> None:
        """Add values of a metric; `seconds` is the calendar's time at which they were measured."""
        behind = partial(self.standing.at, name) if name.namespace == SPACE else None
        self.series.setdefault(name, Series(unit, behind)).put(seconds, values)

    def PutMetricData(self, request: dict[str, Any]) -> dict[str, Any]:
        """Take metrics that a client measured."""
        for datum in request.get("MetricData", []):
            name = Name(
                request["Namespace"],
                datum["MetricName"],
                dimensions_of(datum.get("Dimensions", [])),
            )
            values = datum.get("Values") or [datum["Value"]]
            when = datum.get("Timestamp", self.account.calendar.date)
            self.put(name, datum.get("Unit", "None"), self._seconds(when), values)
        return {}

    def ListMetrics(self, request: dict[str, Any]) -> dict[str, Any]:
        """List the metrics that were ever sent."""
        wanted = dimensions_of({"Value": "", **each} for each in request.get("Dimensions", []))
        found = [
            {
                "Namespace": name.namespace,
                "MetricName": name.metric,
                "Dimensions": [{"Name": key, "Value": value} for key, value in name.dimensions],
            }
            for name in dict.fromkeys((*self.series, *self.standing.names()))
            if request.get("Namespace", name.namespace) == name.namespace
            and request.get("MetricName", name.metric) == name.metric
            and all(_has(name, key, value) for key, value in wanted)
        ]
        return next_page(found, request, "Metrics", METRICS, METRICS)

    def GetMetricStatistics(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return statistics of a metric, one datapoint per period that has values."""
        period = request["Period"]
        begin, end = (self._seconds(request[name]) for name in ("StartTime", "EndTime"))
        self._check(period, begin, end)
        names = [*request.get("Statistics", []), *request.get("ExtendedStatistics", [])]
        check_statistics(names)
        name = Name(
            request["Namespace"],
            request["MetricName"],
            dimensions_of(request.get("Dimensions", [])),
        )
        series = self.find(name)
        points = [
            self._point(series.unit, when, values, names)
            for when, values in series.statistics(int(begin // MINUTE * MINUTE), int(end), period)
        ]
        return {"Label": request["MetricName"], "Datapoints": points}

    def _point(self, unit: str, when: int, values: list[float], names: list[str]) -> dict[str, Any]:
        found: dict[str, Any] = {"Timestamp": self.account.calendar.date_at(when), "Unit": unit}
        extended = {name: statistic(name, values) for name in names if PERCENTILE.fullmatch(name)}
        if extended:
            found["ExtendedStatistics"] = extended
        plain = [name for name in names if name not in extended]
        return {**found, **{name: statistic(name, values) for name in plain}}

    def _check(self, period: int, begin: float, end: float, most: int | None = MOST_POINTS) -> None:
        if period <= 0 or period % MINUTE:
            raise ServiceFault(
                "InvalidParameterValueException",
                f"The parameter Period must be a multiple of 60, got {period}.",
            )
        if begin >= end:
            raise ServiceFault(
                "InvalidParameterValueException",
                "The parameter StartTime must be less than the parameter EndTime.",
            )
        if most is not None and (end - begin) / period > most:
            raise ServiceFault(
                "InvalidParameterCombinationException",
                f"You have requested more than {most} datapoints; choose a longer Period.",
            )

    def _seconds(self, date: datetime) -> float:
        """Return the calendar's seconds of a date; one without a zone is in UTC."""
        start = self.account.calendar.start
        return (date.replace(tzinfo=date.tzinfo or start.tzinfo) - start).total_seconds()


def check_statistics(names: list[str]) -> None:
    """Refuse the name of a statistic that is not simulated.

    >>> check_statistics(["Average", "p99.9"])
    """
    for name in names:
        if name not in STATISTICS and not PERCENTILE.fullmatch(name):
            raise bad_value(
                f"The statistic {name} is not one of {', '.join(STATISTICS)}, p0 to p100."
            )


def _has(name: Name, key: str, value: str) -> bool:
    """Whether a metric has a dimension, of any value if none is asked for."""
    return any(own == key and value in ("", held) for own, held in name.dimensions)
