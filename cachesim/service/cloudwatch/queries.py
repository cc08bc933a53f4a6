"""GetMetricData: many metrics in one call, and arithmetic on them."""

from typing import Any

from cachesim.service.cloudwatch.arithmetic import Points, evaluate
from cachesim.service.cloudwatch.metrics import Metrics, check_statistics
from cachesim.service.cloudwatch.series import MINUTE, Name, dimensions_of, statistic
from cachesim.service.faults import ServiceFault, bad_value

MOST_QUERIES = 500


class Queries(Metrics):
    """The operation GetMetricData."""

    def GetMetricData(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return the values of metrics and expressions, the newest first."""
        queries = request["MetricDataQueries"]
        if len(queries) > MOST_QUERIES or len({each["Id"] for each in queries}) < len(queries):
            raise bad_value(f"A request has at most {MOST_QUERIES} queries, each with its own Id.")
        known: dict[str, Points] = {}
        waiting = {each["Id"]: each for each in queries}
        for each in queries:
            one_of(each)
            if "MetricStat" in each:
                known[each["Id"]] = self._points_of(each["MetricStat"], request)
                del waiting[each["Id"]]
        for name, each in waiting.items():  # an expression sees those before it
            known[name] = evaluate(each["Expression"], known, each.get("Period", MINUTE))
        shown = [
            self._result(each, known[each["Id"]], request)
            for each in queries
            if each.get("ReturnData", True)
        ]
        return {"MetricDataResults": shown, "Messages": []}

    def _points_of(self, asked: dict[str, Any], request: dict[str, Any]) -> Points:
        """Return one statistic of a metric by the begin of its periods."""
        own, period = asked["Metric"], asked["Period"]
        check_statistics([asked["Stat"]])
        begin, end = (self._seconds(request[name]) for name in ("StartTime", "EndTime"))
        self._check(period, begin, end, most=None)
        name = Name(own["Namespace"], own["MetricName"], dimensions_of(own.get("Dimensions", [])))
        found = self.find(name).statistics(int(begin // MINUTE * MINUTE), int(end), period)
        return {when: statistic(asked["Stat"], values) for when, values in found}

    def _result(
        self, asked: dict[str, Any], points: Points, request: dict[str, Any]
    ) -> dict[str, Any]:
        newest_first = request.get("ScanBy", "TimestampDescending") == "TimestampDescending"
        moments = sorted(points, reverse=newest_first)
        own = asked.get("MetricStat", {}).get("Metric", {}).get("MetricName")
        return {
            "Id": asked["Id"],
            "Label": asked.get("Label") or own or asked.get("Expression") or asked["Id"],
            "Timestamps": [self.account.calendar.date_at(when) for when in moments],
            "Values": [points[when] for when in moments],
            "StatusCode": "Complete",
        }


def one_of(asked: dict[str, Any]) -> None:
    """Refuse a query that has both a metric and an expression, or neither."""
    if ("MetricStat" in asked) == ("Expression" in asked):
        raise ServiceFault(
            "InvalidParameterCombinationException",
            f"The query {asked['Id']} needs either a MetricStat or an Expression.",
        )
