"""The operations on alarms: they tell a topic when their state changes, and keep a history."""

import json
from typing import Any

from cachesim.service.account import Account
from cachesim.service.cloudwatch.alarm import ACTIONS, Alarm, check
from cachesim.service.cloudwatch.metrics import Metrics
from cachesim.service.cloudwatch.series import MINUTE
from cachesim.service.faults import refuse_if
from cachesim.service.pages import next_page
from cachesim.service.tables import in_shape

TRIGGER = (  # of a request, in the message of a topic
    "MetricName Namespace Statistic Dimensions Period EvaluationPeriods Threshold "
    "ComparisonOperator TreatMissingData"
)


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
