"""Events: what the service tells of itself, in a list and to a topic of SNS."""

import json
from datetime import timedelta
from typing import Any

from cachesim.service.account import Account
from cachesim.service.desks import ServiceDesk
from cachesim.service.pages import page
from cachesim.service.tables import table

KEPT = timedelta(days=14)
USUAL = 60  # minutes that DescribeEvents looks back


class EventLog(ServiceDesk):
    """The part of a desk that tells what happened."""

    texts = "event_texts"  # the table of its events, with the published texts

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self.events: list[dict[str, Any]] = []
        self._texts = {row["event"]: row for row in table(self.texts)}

    def tell(self, event: str, source: str, *values: str, topic: str = "") -> None:
        """Note an event, and send its notice to the topic, if there are both."""
        row = self._texts[event]
        told = {"SourceIdentifier": source, "SourceType": row["source_type"]}
        self.events.append({**told, "Message": row["text"].format(*values), "Date": self.date})
        if topic and row["notice"]:
            self.account.desk("sns").hear("elasticache", topic, json.dumps({row["notice"]: source}))

    def DescribeEvents(self, request: dict[str, Any]) -> dict[str, Any]:
        """List events, the newest first; the last hour's unless the request says more."""
        now = self.date
        since = request.get("StartTime") or now - timedelta(minutes=request.get("Duration", USUAL))
        since, until = max(since, now - KEPT), request.get("EndTime", now)
        asked = {n: request[n] for n in ("SourceType", "SourceIdentifier") if n in request}
        kinds = {*request.get("EventCategories", [None])}
        found = [
            each for each in reversed(self.events)
            if since <= each["Date"] <= until and asked.items() <= each.items()
            and kinds & {None, *each.get("EventCategories", [])}
        ]  # fmt: skip
        return page(found, request, "Events")
