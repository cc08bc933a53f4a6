"""Alarms: M of the last N periods beyond a threshold; they tell a topic when their state changes."""

import json
import operator
from collections.abc import Callable
from typing import Any

from cachesim.service.account import Account
from cachesim.service.cloudwatch.metrics import Metrics
from cachesim.service.cloudwatch.series import MINUTE, Name, Series, dimensions_of, statistic
from cachesim.service.faults import ServiceFault

OK, ALARM, UNKNOWN = "OK", "ALARM", "INSUFFICIENT_DATA"
ACTIONS = {OK: "OKActions", ALARM: "AlarmActions", UNKNOWN: "InsufficientDataActions"}
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


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
        begins = [now - period * (number + 1) for number in range(count)]
        verdicts = [self._verdict(series, begin, period) for begin in begins]
        if all(each is None for each in verdicts):
            return self._without_data()
        treated = self.request.get("TreatMissingData", "missing")
        filler = {"breaching": True, "notBreaching": False}.get(treated)
        breaching = [filler if each is None else each for each in verdicts].count(True)
        return ALARM if breaching >= self.request.get("DatapointsToAlarm", count) else OK

    def _without_data(self) -> str:
        treated = self.request.get("TreatMissingData", "missing")
        states = {"missing": UNKNOWN, "breaching": ALARM, "notBreaching": OK, "ignore": self.state}
        return states[treated]

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


class CloudWatch(Metrics):
    """The desk of CloudWatch."""

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self.alarms: dict[str, Alarm] = {}
        self._judged = 0  # seconds: the last full minute at which the alarms were judged

    def PutMetricAlarm(self, request: dict[str, Any]) -> dict[str, Any]:
        """Make or replace an alarm."""
        self.catch_up()
        if request["ComparisonOperator"] not in COMPARISONS or "Threshold" not in request:
            raise ServiceFault(
                "InvalidParameterValueException",
                f"The alarm {request['AlarmName']} needs a Threshold, and a ComparisonOperator of "
                f"{', '.join(COMPARISONS)}.",
            )
        if request.get("DatapointsToAlarm", 1) > request["EvaluationPeriods"]:
            raise ServiceFault(
                "ValidationError", "DatapointsToAlarm must be at most EvaluationPeriods."
            )
        self.alarms[request["AlarmName"]] = Alarm(request)
        return {}

    def DescribeAlarms(self, request: dict[str, Any]) -> dict[str, Any]:
        """List the alarms with their states."""
        self.catch_up()
        wanted = request.get("AlarmNames", list(self.alarms))
        shown = [self._shown(self.alarms[name]) for name in wanted if name in self.alarms]
        state = request.get("StateValue")
        return {"MetricAlarms": [each for each in shown if state in (None, each["StateValue"])]}

    def DeleteAlarms(self, request: dict[str, Any]) -> dict[str, Any]:
        """Remove alarms."""
        self.catch_up()
        for name in request["AlarmNames"]:
            self.alarms.pop(name, None)
        return {}

    def SetAlarmState(self, request: dict[str, Any]) -> dict[str, Any]:
        """Set the state of an alarm until it is judged again."""
        self.catch_up()
        if request["AlarmName"] not in self.alarms:
            raise ServiceFault(
                "ResourceNotFound", f"The alarm {request['AlarmName']} does not exist."
            )
        alarm = self.alarms[request["AlarmName"]]
        self._change(alarm, request["StateValue"], self.account.calendar.now)
        return {}

    def catch_up(self) -> None:
        """Judge the alarms at every full minute that has passed since the last time."""
        now = int(self.account.calendar.now // MINUTE * MINUTE)
        minutes = range(self._judged + MINUTE, now + 1, MINUTE) if self.alarms else ()
        for minute in minutes:
            for alarm in self.alarms.values():
                state = alarm.judge(self.series.get(alarm.name, Series()), minute)
                if state != alarm.state:
                    self._change(alarm, state, minute)
        self._judged = now

    def _change(self, alarm: Alarm, state: str, now: float) -> None:
        """Change a state, and tell the topics of the new one, once."""
        old, alarm.state, alarm.changed = alarm.state, state, now
        alarm.reason = f"The alarm went from {old} to {state}."
        if not alarm.request.get("ActionsEnabled", True):
            return
        text = json.dumps(
            {
                "AlarmName": alarm.request["AlarmName"],
                "NewStateValue": state,
                "NewStateReason": alarm.reason,
                "OldStateValue": old,
                "StateChangeTime": str(self.account.calendar.date_at(now)),
            }
        )
        for topic in alarm.request.get(ACTIONS[state], []):
            self.account.desk("sns").deliver(topic, text, now)

    def _shown(self, alarm: Alarm) -> dict[str, Any]:
        return {
            **alarm.request,
            "AlarmArn": self.account.arn("cloudwatch", f"alarm:{alarm.request['AlarmName']}"),
            "StateValue": alarm.state,
            "StateReason": alarm.reason,
            "StateUpdatedTimestamp": self.account.calendar.date_at(alarm.changed),
        }
