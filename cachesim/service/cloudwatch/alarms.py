"""Alarms: M of the last N periods beyond a threshold. They tell a topic, and keep a history.

Periods without values: an alarm looks a little further back first. Only if it still has fewer than N
periods with values, TreatMissingData decides (CloudWatch User Guide, alarms and missing data).
"""

import json
import operator
from collections.abc import Callable
from typing import Any

from cachesim.service.account import Account
from cachesim.service.cloudwatch.metrics import Metrics
from cachesim.service.cloudwatch.series import MINUTE, Name, Series, statistic
from cachesim.service.faults import refuse_if
from cachesim.service.pages import next_page
from cachesim.service.tables import in_shape

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
TRIGGER = (  # of a request, in the message of a topic
    "MetricName Namespace Statistic Dimensions Period EvaluationPeriods Threshold "
    "ComparisonOperator TreatMissingData"
)


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


class CloudWatch(Metrics):
    """The desk of CloudWatch."""

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self.alarms: dict[str, Alarm] = {}
        self.history: list[dict[str, Any]] = []
        self._judged = 0  # seconds: the last full minute at which the alarms were judged

    def PutMetricAlarm(self, request: dict[str, Any]) -> dict[str, Any]:
        """Make or replace an alarm."""
        self.catch_up()
        check(request)
        name = request["AlarmName"]
        old = self.alarms.get(name)
        made = self.alarms[name] = Alarm(request)
        if old is not None:  # an alarm that is changed keeps its state
            made.state, made.reason, made.changed = old.state, old.reason, old.changed
        what = "created" if old is None else "updated"
        self._note(made, "ConfigurationUpdate", f'Alarm "{name}" {what}', self.now)
        return {}

    def DescribeAlarms(self, request: dict[str, Any]) -> dict[str, Any]:
        """List the alarms with their states."""
        self.catch_up()
        state, prefix = request.get("StateValue"), request.get("AlarmNamePrefix", "")
        named = [self.alarms.get(name) for name in request.get("AlarmNames", self.alarms)]
        found = [
            self._shown(alarm)
            for alarm in named
            if alarm and alarm.of.startswith(prefix) and state in (None, alarm.state)
        ]
        return next_page(found, request, "MetricAlarms", request.get("MaxRecords", 50))

    def DescribeAlarmsForMetric(self, request: dict[str, Any]) -> dict[str, Any]:
        """List the alarms on one metric."""
        self.catch_up()
        found = [each for each in self.alarms.values() if each.name == Alarm(request).name]
        return {"MetricAlarms": [self._shown(alarm) for alarm in found]}

    def DescribeAlarmHistory(self, request: dict[str, Any]) -> dict[str, Any]:
        """List what happened to the alarms, the newest first."""
        self.catch_up()
        seconds, kind = self.account.calendar.seconds, request.get("HistoryItemType")
        begin, end = (
            seconds(request[key]) if key in request else usual
            for key, usual in (("StartDate", 0.0), ("EndDate", float("inf")))
        )
        is_newest_first = request.get("ScanBy") != "TimestampAscending"
        found = [
            item
            for item in sorted(self.history, key=lambda item: item["Timestamp"])
            if kind in (None, item["HistoryItemType"])
            and request.get("AlarmName") in (None, item["AlarmName"])
            and begin <= seconds(item["Timestamp"]) <= end
        ][:: -1 if is_newest_first else 1]
        return next_page(found, request, "AlarmHistoryItems", request.get("MaxRecords", 50))

    def EnableAlarmActions(self, request: dict[str, Any]) -> dict[str, Any]:
        """Let alarms tell their topics."""
        return self._enable(request, True)

    def DisableAlarmActions(self, request: dict[str, Any]) -> dict[str, Any]:
        """Let alarms change their states and tell nobody."""
        return self._enable(request, False)

    def _enable(self, request: dict[str, Any], enabled: bool) -> dict[str, Any]:
        self.catch_up()
        for name in self.alarms.keys() & set(request["AlarmNames"]):
            self.alarms[name].request["ActionsEnabled"] = enabled
        return {}

    def DeleteAlarms(self, request: dict[str, Any]) -> dict[str, Any]:
        """Remove alarms."""
        self.catch_up()
        for alarm in [self._known(name) for name in request["AlarmNames"]]:
            self.alarms.pop(alarm.of, None)
        return {}

    def SetAlarmState(self, request: dict[str, Any]) -> dict[str, Any]:
        """Set the state of an alarm until it is judged again."""
        self.catch_up()
        alarm = self._known(request["AlarmName"])
        self._change(alarm, request["StateValue"], self.now, request["StateReason"])
        return {}

    def _known(self, name: str) -> Alarm:
        refuse_if(name not in self.alarms, "no alarm", name)
        return self.alarms[name]

    def catch_up(self) -> None:
        """Judge the alarms at every full minute that has passed since the last time."""
        now = int(self.now // MINUTE * MINUTE)
        minutes = range(self._judged + MINUTE, now + 1, MINUTE) if self.alarms else ()
        for minute in minutes:
            for alarm in self.alarms.values():
                series = self.find(alarm.name)
                state = alarm.judge(series, minute)
                if state != alarm.state:
                    self._change(alarm, state, minute, alarm.why(series, minute))
        self._judged = now

    def _change(self, alarm: Alarm, state: str, now: float, reason: str) -> None:
        """Change a state, and tell the topics of the new one, once."""
        old, alarm.state, alarm.changed, alarm.reason = alarm.state, state, now, reason
        self._note(alarm, "StateUpdate", f"Alarm updated from {old} to {state}", now)
        if not alarm.request.get("ActionsEnabled", True):
            return
        own, date = alarm.request, str(self.account.calendar.date_at(now))
        trigger = {name: own[name] for name in TRIGGER.split() if name in own}
        told = in_shape("alarm message", alarm, OldStateValue=old, StateChangeTime=date)
        text = json.dumps({**told, "Trigger": trigger})
        for topic in own.get(ACTIONS[state], []):
            heard = self.account.desk("sns").hear("cloudwatch", topic, text, now)
            outcome = "Successfully executed" if heard else "Failed to execute"
            self._note(alarm, "Action", f"{outcome} action {topic}", now)

    def _note(self, alarm: Alarm, kind: str, summary: str, now: float) -> None:
        more = {"HistoryItemType": kind, "HistorySummary": summary}
        more["HistoryData"] = json.dumps({"state": alarm.state, "reason": alarm.reason})
        date = self.account.calendar.date_at(now)
        self.history.append(in_shape("alarm history", alarm, Timestamp=date, **more))

    def _shown(self, alarm: Alarm) -> dict[str, Any]:
        more = {"AlarmArn": self.arn(f"alarm:{alarm.of}")}
        date = self.account.calendar.date_at(alarm.changed)
        told = in_shape("alarm", alarm, StateUpdatedTimestamp=date, **more)
        return {"ActionsEnabled": True, **alarm.request, **told}
