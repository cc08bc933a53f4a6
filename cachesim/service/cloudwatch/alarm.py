"""One alarm: M of the last N periods beyond a threshold.

Periods without values: an alarm looks a little further back first. Only if it still has fewer than N
periods with values, TreatMissingData decides (CloudWatch User Guide, alarms and missing data).
"""

import operator
from collections.abc import Callable
from typing import Any

from cachesim.service.cloudwatch.series import MINUTE, Name, Series, statistic
from cachesim.service.faults import refuse_if

MORE = 2  # periods that it looks further back, if some have no values: an assumption
OK, ALARM, UNKNOWN = "OK", "ALARM", "INSUFFICIENT_DATA"
ACTIONS = {OK: "OKActions", ALARM: "AlarmActions", UNKNOWN: "InsufficientDataActions"}
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}

TREATMENTS = ("missing", "breaching", "notBreaching", "ignore")


class Alarm:
    """One alarm on one metric."""

    def __init__(self, request: dict[str, Any]) -> None:
        self.request = request
        self.of = request.get("AlarmName", "")  # what it is called
        self.about = request.get("AlarmDescription")
        self.state = UNKNOWN
        self.reason = "Unchecked: Initial alarm creation"
        self.changed = 0.0  # seconds of the calendar

    @property
    def name(self) -> Name:
        """The metric that it looks at."""
        return Name.of(self.request)

    @property
    def statistic(self) -> str:
        """The name of the statistic that it looks at."""
        found: str = self.request.get("Statistic") or self.request["ExtendedStatistic"]
        return found

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
        needed, lacking = self.request.get("DatapointsToAlarm", count), count - len(there)
        treated = self.request.get("TreatMissingData", "missing")
        beyond = there.count(True) + (lacking if treated == "breaching" else 0)
        if beyond < needed and lacking and treated in ("missing", "ignore"):
            return self._in_doubt(verdicts, needed, treated)
        return ALARM if beyond >= needed else OK

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
        found = series.statistics(now - period * count, now, period)
        shown = ", ".join(f"{statistic(self.statistic, each):g}" for _, each in reversed(found))
        return (
            f"{len(found)} of the last {count} datapoints have values [{shown or 'none'}]; "
            f"{self.request['ComparisonOperator']} {self.request['Threshold']:g}."
        )

    def _verdict(self, series: Series, begin: int, period: int) -> bool | None:
        """Whether a period is beyond the threshold; None if it has no values."""
        minutes = range(begin, begin + period, MINUTE)
        values = [value for minute in minutes for value in series.at(minute)]
        compare = COMPARISONS[self.request["ComparisonOperator"]]
        is_beyond = values and compare(statistic(self.statistic, values), self.request["Threshold"])
        return bool(is_beyond) if values else None


def check(request: dict[str, Any]) -> None:
    """Refuse an alarm that CloudWatch does not take."""
    is_known = request["ComparisonOperator"] in COMPARISONS and "Threshold" in request
    refuse_if(not is_known, "alarm threshold", request["AlarmName"], ", ".join(COMPARISONS))
    treated = request.get("TreatMissingData", "missing")
    refuse_if(treated not in TREATMENTS, "alarm treatment", ", ".join(TREATMENTS))
    looks = {"MetricName", "Namespace", "Period"} <= set(request)
    looks = looks and bool({"Statistic", "ExtendedStatistic"} & set(request))
    refuse_if(not looks, "alarm metric")
    period, counted = request["Period"], request.get("DatapointsToAlarm", 1)
    refuse_if(period <= 0 or period % MINUTE, "alarm period", period)
    refuse_if(not 1 <= counted <= request["EvaluationPeriods"], "alarm datapoints")
