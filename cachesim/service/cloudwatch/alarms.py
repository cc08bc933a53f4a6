"""The operations on alarms: they tell a topic when their state changes, and keep a history."""

import json
from typing import Any

from cachesim.service.account import Account
from cachesim.service.cloudwatch.alarm import ACTIONS, TRIGGER, Alarm, check
from cachesim.service.cloudwatch.queries import Queries
from cachesim.service.cloudwatch.series import MINUTE
from cachesim.service.faults import ServiceFault
from cachesim.service.pages import next_page


class CloudWatch(Queries):
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
        old = self.alarms.get(request["AlarmName"])
        made = self.alarms[request["AlarmName"]] = Alarm(request)
        if old is not None:  # an alarm that is changed keeps its state
            made.state, made.reason, made.changed = old.state, old.reason, old.changed
        what = "created" if old is None else "updated"
        text = f'Alarm "{request["AlarmName"]}" {what}'
        self._note(made, "ConfigurationUpdate", text, self.account.calendar.now)
        return {}

    def DescribeAlarms(self, request: dict[str, Any]) -> dict[str, Any]:
        """List the alarms with their states."""
        self.catch_up()
        wanted = request.get("AlarmNames", list(self.alarms))
        state, prefix = request.get("StateValue"), request.get("AlarmNamePrefix", "")
        found = [
            self._shown(self.alarms[name])
            for name in wanted
            if name in self.alarms and name.startswith(prefix)
        ]
        chosen = [each for each in found if state in (None, each["StateValue"])]
        return next_page(chosen, request, "MetricAlarms", request.get("MaxRecords", 50))

    def DescribeAlarmsForMetric(self, request: dict[str, Any]) -> dict[str, Any]:
        """List the alarms on one metric."""
        self.catch_up()
        wanted = Alarm(request).name
        found = [alarm for alarm in self.alarms.values() if alarm.name == wanted]
        return {"MetricAlarms": [self._shown(alarm) for alarm in found]}

    def DescribeAlarmHistory(self, request: dict[str, Any]) -> dict[str, Any]:
        """List what happened to the alarms, the newest first."""
        self.catch_up()
        kind, name = request.get("HistoryItemType"), request.get("AlarmName")
        begin, end = (
            self._seconds(request[key]) if key in request else usual
            for key, usual in (("StartDate", 0.0), ("EndDate", float("inf")))
        )
        found = [
            item
            for item in sorted(self.history, key=lambda item: item["Timestamp"])
            if kind in (None, item["HistoryItemType"])
            and name in (None, item["AlarmName"])
            and begin <= self._seconds(item["Timestamp"]) <= end
        ]
        if request.get("ScanBy") != "TimestampAscending":
            found.reverse()
        return next_page(found, request, "AlarmHistoryItems", request.get("MaxRecords", 50))

    def EnableAlarmActions(self, request: dict[str, Any]) -> dict[str, Any]:
        """Let alarms tell their topics."""
        return self._enable(request, True)

    def DisableAlarmActions(self, request: dict[str, Any]) -> dict[str, Any]:
        """Let alarms change their states and tell nobody."""
        return self._enable(request, False)

    def _enable(self, request: dict[str, Any], enabled: bool) -> dict[str, Any]:
        self.catch_up()
        for name in request["AlarmNames"]:
            if name in self.alarms:
                self.alarms[name].request["ActionsEnabled"] = enabled
        return {}

    def DeleteAlarms(self, request: dict[str, Any]) -> dict[str, Any]:
        """Remove alarms."""
        self.catch_up()
        for name in request["AlarmNames"]:
            self._known(name)
        for name in request["AlarmNames"]:
            self.alarms.pop(name, None)
        return {}

    def SetAlarmState(self, request: dict[str, Any]) -> dict[str, Any]:
        """Set the state of an alarm until it is judged again."""
        self.catch_up()
        alarm = self._known(request["AlarmName"])
        self._change(
            alarm, request["StateValue"], self.account.calendar.now, request["StateReason"]
        )
        return {}

    def _known(self, name: str) -> Alarm:
        if name not in self.alarms:
            raise ServiceFault("ResourceNotFound", f"The alarm {name} does not exist.")
        return self.alarms[name]

    def catch_up(self) -> None:
        """Judge the alarms at every full minute that has passed since the last time."""
        now = int(self.account.calendar.now // MINUTE * MINUTE)
        minutes = range(self._judged + MINUTE, now + 1, MINUTE) if self.alarms else ()
        for minute in minutes:
            for alarm in self.alarms.values():
                state = alarm.judge(self.find(alarm.name), minute)
                if state != alarm.state:
                    self._change(alarm, state, minute, alarm.why(self.find(alarm.name), minute))
        self._judged = now

    def _change(self, alarm: Alarm, state: str, now: float, reason: str) -> None:
        """Change a state, and tell the topics of the new one, once."""
        old, alarm.state, alarm.changed, alarm.reason = alarm.state, state, now, reason
        self._note(alarm, "StateUpdate", f"Alarm updated from {old} to {state}", now)
        if not alarm.request.get("ActionsEnabled", True):
            return
        text = json.dumps(
            {
                "AlarmName": alarm.request["AlarmName"],
                "AlarmDescription": alarm.request.get("AlarmDescription"),
                "NewStateValue": state,
                "NewStateReason": reason,
                "OldStateValue": old,
                "StateChangeTime": str(self.account.calendar.date_at(now)),
                "Trigger": {
                    name: alarm.request[name] for name in TRIGGER.split() if name in alarm.request
                },
            }
        )
        for topic in alarm.request.get(ACTIONS[state], []):
            heard = self.account.desk("sns").hear("cloudwatch", topic, text, now)
            outcome = "Successfully executed" if heard else "Failed to execute"
            self._note(alarm, "Action", f"{outcome} action {topic}", now)

    def _note(self, alarm: Alarm, kind: str, summary: str, now: float) -> None:
        self.history.append(
            {
                "AlarmName": alarm.request["AlarmName"],
                "AlarmType": "MetricAlarm",
                "Timestamp": self.account.calendar.date_at(now),
                "HistoryItemType": kind,
                "HistorySummary": summary,
                "HistoryData": json.dumps({"state": alarm.state, "reason": alarm.reason}),
            }
        )

    def _shown(self, alarm: Alarm) -> dict[str, Any]:
        return {
            "ActionsEnabled": True,
            **alarm.request,
            "AlarmArn": self.account.arn("cloudwatch", f"alarm:{alarm.request['AlarmName']}"),
            "StateValue": alarm.state,
            "StateReason": alarm.reason,
            "StateUpdatedTimestamp": self.account.calendar.date_at(alarm.changed),
        }
