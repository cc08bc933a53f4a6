"""One alarm: M of the last N periods beyond a threshold.

Periods without values: an alarm looks a little further back first. Only if it still has fewer than N
periods with values, TreatMissingData decides (CloudWatch User Guide, alarms and missing data).
"""

import operator
from collections.abc import Callable
from typing import Any

from cachesim.service.cloudwatch.series import MINUTE, Name, Series, dimensions_of, statistic
from cachesim.service.faults import ServiceFault, bad_value

MORE = 2  # periods that it looks further back, if some have no values: an assumption
OK, ALARM, UNKNOWN = "OK", "ALARM", "INSUFFICIENT_DATA"
ACTIONS = {OK: "OKActions", ALARM: "AlarmActions", UNKNOWN: "InsufficientDataActions"}
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


TRIGGER = (  # of a request, in the message of a topic
    "MetricName Namespace Statistic Dimensions Period EvaluationPeriods Threshold "
    "ComparisonOperator TreatMissingData"
)
SIMULATED = (
    "AlarmName AlarmDescription ActionsEnabled OKActions AlarmActions InsufficientDataActions "
    "MetricName Namespace Statistic ExtendedStatistic Dimensions Period Unit EvaluationPeriods "
    "DatapointsToAlarm Threshold ComparisonOperator TreatMissingData"
)
TREATMENTS = ("missing", "breaching", "notBreaching", "ignore")


class Alarm:
    """One alarm on one metric."""

    def __init__(self, request: dict[str, Any]) -> None:
        self.request = request
        self.state = UNKNOWN
        self.reason = "Unchecked: Initial alarm creation"
        self.changed = 0.0  # seconds of the calendar

    @property
    def name(self) -> Name:
        """The metric that it looks at."""
        own = self.request
        return Name(own["Namespace"], own["MetricName"], dimensions_of(own.get("Dimensions", [])))

    def judge(self, series: Series, now: int) -> str:
        """Return the state at a full minute, from the periods that ended before it.

        >>> series = Series()
        >>> for minute in (0, 60, 120):
        ...     series.put(minute, [90.0])
        >>> alarm = Alarm(
        ...     {
        ...         "Period": 60,
        ...         "EvaluationPeriods": 3,
        ...         "Threshold": 80.0,
        ...         "Statistic": "Average",
        ...         "ComparisonOperator": "GreaterThanThreshold",
        ...     }
        ... )
        >>> alarm.judge(series, 180), alarm.judge(series, 6000)
        ('ALARM', 'INSUFFICIENT_DATA')
        """
        period, count = self.request["Period"], self.request["EvaluationPeriods"]
        begins = [now - period * (number + 1) for number in range(count + MORE)]
        verdicts = [self._verdict(series, begin, period) for begin in begins]
        there = [each for each in verdicts if each is not None][:count]
        needed = self.request.get("DatapointsToAlarm", count)
        lacking = count - len(there)
        treated = self.request.get("TreatMissingData", "missing")
        if treated == "breaching" and there.count(True) + lacking >= needed:
            return ALARM
        if there.count(True) >= needed:
            return ALARM
        if lacking and treated in ("missing", "ignore"):
            return self._in_doubt(verdicts, needed, treated)
        return OK

    def _in_doubt(self, verdicts: list[bool | None], needed: int, treated: str) -> str:
        """Return the state when too few periods have values, the newest one first."""
        if False in verdicts:
            return OK
        if treated == "ignore":
            return self.state
        if True not in verdicts:
            return UNKNOWN
        oldest = max(place for place, each in enumerate(verdicts, 1) if each)
        return ALARM if oldest >= needed else OK  # it has been so for long enough

    def why(self, series: Series, now: int) -> str:
        """Return the values on which a judgement rests, the newest first, as a sentence."""
        period, count = self.request["Period"], self.request["EvaluationPeriods"]
        name = self.request.get("Statistic") or self.request["ExtendedStatistic"]
        found = series.statistics(now - period * count, now, period)
        shown = ", ".join(f"{statistic(name, values):g}" for _, values in reversed(found))
        return (
            f"{len(found)} of the last {count} datapoints have values [{shown or 'none'}]; "
            f"{self.request['ComparisonOperator']} {self.request['Threshold']:g}."
        )

    def _verdict(self, series: Series, begin: int, period: int) -> bool | None:
        """Whether a period is beyond the threshold; None if it has no values."""
        values = [
            value for minute in range(begin, begin + period, MINUTE) for value in series.at(minute)
        ]
        if not values:
            return None
        name = self.request.get("Statistic") or self.request["ExtendedStatistic"]
        compare = COMPARISONS[self.request["ComparisonOperator"]]
        return compare(statistic(name, values), self.request["Threshold"])


def check(request: dict[str, Any]) -> None:
    """Refuse an alarm that CloudWatch does not take, and one that would look at something else."""
    for name in request:
        if name not in SIMULATED.split():
            raise ServiceFault("NotImplemented", f"{name} is not simulated; leave it out.")
    if request["ComparisonOperator"] not in COMPARISONS or "Threshold" not in request:
        raise bad_value(
            f"The alarm {request['AlarmName']} needs a Threshold, and a ComparisonOperator of "
            f"{', '.join(COMPARISONS)}."
        )
    if request.get("TreatMissingData", "missing") not in TREATMENTS:
        raise bad_value(f"TreatMissingData must be one of {', '.join(TREATMENTS)}.")
    if not {"MetricName", "Namespace", "Period"} <= set(request) or not (
        {"Statistic", "ExtendedStatistic"} & set(request)
    ):
        raise bad_value("An alarm needs a Namespace, a MetricName, a Period and a Statistic.")
    if request["Period"] <= 0 or request["Period"] % MINUTE:
        raise bad_value(f"Period must be a multiple of 60, got {request['Period']}.")
    if not 1 <= request.get("DatapointsToAlarm", 1) <= request["EvaluationPeriods"]:
        raise ServiceFault(
            "ValidationError", "DatapointsToAlarm must be from 1 to EvaluationPeriods."
        )
