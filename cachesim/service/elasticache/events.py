"""Events: what the service tells of itself, in a list and to a topic of SNS."""

import csv
import json
from datetime import timedelta
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from cachesim.service.account import Account
from cachesim.service.pages import page

KEPT = timedelta(days=14)
USUAL = 60  # minutes that DescribeEvents looks back


class EventText(NamedTuple):
    """One kind of event: whose it is, its text, and the name of the notice that SNS sends."""

    source_type: str
    text: str
    notice: str


@cache
def event_texts() -> dict[str, EventText]:
    """Return the published texts (data/event_texts.csv) by our names for them.

    >>> event_texts()["node restarted"].text.format("0001")
    'Cache node 0001 restarted'
    """
    text = files("cachesim.service").joinpath("data/event_texts.csv").read_text()
    rows = csv.DictReader(text.splitlines())
    return {row["event"]: EventText(row["source_type"], row["text"], row["notice"]) for row in rows}


class Events:
    """The part of the desk that tells what happened."""

    account: Account

    def __init__(self, account: Account) -> None:
        self.account = account
        self.events: list[dict[str, Any]] = []

    def tell(self, event: str, source: str, *values: str, topic: str = "") -> None:
        """Note an event, and send its notice to the topic, if there are both."""
        kind = event_texts()[event]
        self.events.append(
            {
                "SourceIdentifier": source,
                "SourceType": kind.source_type,
                "Message": kind.text.format(*values),
                "Date": self.account.calendar.date,
            }
        )
        if topic and kind.notice:
            self.account.desk("sns").hear("elasticache", topic, json.dumps({kind.notice: source}))

    def notification(self, topic: str) -> dict[str, Any]:
        """Return the part of a cluster about its topic; nothing if it has none."""
        if not topic:
            return {}
        status = "active" if self.account.desk("sns").hears("elasticache", topic) else "inactive"
        return {"NotificationConfiguration": {"TopicArn": topic, "TopicStatus": status}}

    def DescribeEvents(self, request: dict[str, Any]) -> dict[str, Any]:
        """List events, the newest first; the last hour's unless the request says more."""
        now = self.account.calendar.date
        since = request.get("StartTime") or now - timedelta(minutes=request.get("Duration", USUAL))
        since, until = max(since, now - KEPT), request.get("EndTime", now)
        found = [
            event
            for event in reversed(self.events)
            if since <= event["Date"] <= until
            and request.get("SourceType", event["SourceType"]) == event["SourceType"]
            and request.get("SourceIdentifier", event["SourceIdentifier"])
            == event["SourceIdentifier"]
            and {*request.get("EventCategories", [None])}
            & {None, *event.get("EventCategories", [])}
        ]
        return page(found, request, "Events")
