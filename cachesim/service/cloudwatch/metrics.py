"""The operations on metrics: put them, list them, ask for their statistics, and compute with them."""

import re
from functools import partial
from typing import Any

from cachesim.service.account import Account
from cachesim.service.cloudwatch.arithmetic import Points, evaluate
from cachesim.service.cloudwatch.series import MINUTE, Name, Series, dimensions_of, statistic
from cachesim.service.cloudwatch.standing import SPACE, Standing
from cachesim.service.desks import ServiceDesk
from cachesim.service.faults import refuse_if
from cachesim.service.pages import next_page

PERCENTILE = re.compile(r"p\d{1,2}(\.\d+)?|p100")
STATISTICS = ("Average", "Sum", "Minimum", "Maximum", "SampleCount")
METRICS = 500  # of one page of ListMetrics
MOST_POINTS = 1440  # of one GetMetricStatistics
MOST_QUERIES = 500  # of one GetMetricData


class Metrics(ServiceDesk):
    """Every series of an account."""

    service = "cloudwatch"

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self.series: dict[Name, Series] = {}
        self.standing = Standing(account)

    def find(self, name: Name) -> Series:
        """Return a series; an empty one if nothing was ever sent."""
        if name not in self.series and (unit := self.standing.unit(name)):
            self.series[name] = Series(unit, partial(self.standing.at, name))
        return self.series.get(name, Series())

    def put(self, name: Name, unit: str, seconds: float, values: list[float]) -> None:
        """Add values of a metric; `seconds` is the calendar's time at which they were measured."""
        if name not in self.series:
            behind = partial(self.standing.at, name) if name.namespace == SPACE else None
            self.series[name] = Series(unit, behind)
        self.series[name].put(seconds, values)

    def PutMetricData(self, request: dict[str, Any]) -> dict[str, Any]:
        """Take metrics that a client measured."""
        for datum in request.get("MetricData", []):
            name = Name.of({**datum, "Namespace": request["Namespace"]})
            values = datum.get("Values") or [datum["Value"]]
            when = self.account.calendar.seconds(datum.get("Timestamp", self.date))
            self.put(name, datum.get("Unit", "None"), when, values)
        return {}

    def ListMetrics(self, request: dict[str, Any]) -> dict[str, Any]:
        """List the metrics that were ever sent."""
        wanted = dimensions_of({"Value": "", **each} for each in request.get("Dimensions", []))
        found = [
            name.shown()
            for name in dict.fromkeys((*self.series, *self.standing.names()))
            if request.get("Namespace", name.namespace) == name.namespace
            and request.get("MetricName", name.metric) == name.metric
            and all(name.has(key, value) for key, value in wanted)
        ]
        return next_page(found, request, "Metrics", METRICS, METRICS)

    def GetMetricStatistics(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return statistics of a metric, one datapoint for each period that has values."""
        names = [*request.get("Statistics", []), *request.get("ExtendedStatistics", [])]
        series = self.find(Name.of(request))
        points = [
            {
                "Timestamp": self.account.calendar.date_at(when),
                "Unit": series.unit,
                **_figures(values, names),
            }
            for when, values in self._asked(request, series, request["Period"], names, MOST_POINTS)
        ]
        return {"Label": request["MetricName"], "Datapoints": points}

    def GetMetricData(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return the values of metrics and expressions, the newest first."""
        queries = {each["Id"]: each for each in request["MetricDataQueries"]}
        given = len(request["MetricDataQueries"])
        refuse_if(given > MOST_QUERIES or len(queries) < given, "queries", MOST_QUERIES)
        known: dict[str, Points] = {}
        for each in sorted(queries.values(), key=lambda each: "Expression" in each):
            refuse_if(
                ("MetricStat" in each) == ("Expression" in each), "metric or expression", each["Id"]
            )
            if "MetricStat" in each:
                known[each["Id"]] = self._points(each["MetricStat"], request)
            else:  # an expression sees those before it
                known[each["Id"]] = evaluate(each["Expression"], known, each.get("Period", MINUTE))
        is_newest_first = request.get("ScanBy") != "TimestampAscending"
        shown = [
            self._result(each, known[name], is_newest_first)
            for name, each in queries.items()
            if each.get("ReturnData", True)
        ]
        return {"MetricDataResults": shown, "Messages": []}

    def _points(self, asked: dict[str, Any], request: dict[str, Any]) -> Points:
        """Return one statistic of a metric by the begin of its periods."""
        series, name = self.find(Name.of(asked["Metric"])), asked["Stat"]
        found = self._asked(request, series, asked["Period"], [name])
        return {when: statistic(name, values) for when, values in found}

    def _result(
        self, asked: dict[str, Any], points: Points, is_newest_first: bool
    ) -> dict[str, Any]:
        moments = sorted(points, reverse=is_newest_first)
        own = asked.get("MetricStat", {}).get("Metric", {}).get("MetricName")
        return {
            "Id": asked["Id"],
            "Label": asked.get("Label") or own or asked.get("Expression") or asked["Id"],
            "Timestamps": [self.account.calendar.date_at(when) for when in moments],
            "Values": [points[when] for when in moments],
            "StatusCode": "Complete",
        }

    def _asked(
        self,
        request: dict[str, Any],
        series: Series,
        period: int,
        names: list[str],
        most: float = float("inf"),
    ) -> list[tuple[int, list[float]]]:
        """Return the values of the periods that a request asks for, or refuse it."""
        begin, end = (
            self.account.calendar.seconds(request[name]) for name in ("StartTime", "EndTime")
        )
        refuse_if(period <= 0 or period % MINUTE, "period", period)
        refuse_if(begin >= end, "start after end")
        refuse_if((end - begin) / period > most, "datapoints", most)
        for name in names:
            is_known = name in STATISTICS or PERCENTILE.fullmatch(name)
            refuse_if(not is_known, "statistic", name, ", ".join(STATISTICS))
        return series.statistics(int(begin // MINUTE * MINUTE), int(end), period)


def _figures(values: list[float], names: list[str]) -> dict[str, Any]:
    """Return the statistics of some values; percentiles stand apart."""
    found = {name: statistic(name, values) for name in names}
    extended = {name: value for name, value in found.items() if name not in STATISTICS}
    if not extended:
        return found
    plain = {name: value for name, value in found.items() if name in STATISTICS}
    return {**plain, "ExtendedStatistics": extended}
