"""Events of RDS: a list for DescribeEvents, and messages with their ids to topics that are subscribed."""

import json
from dataclasses import dataclass
from typing import Any

from cachesim.service.checks import identifier
from cachesim.service.events import EventLog
from cachesim.service.faults import refuse_if
from cachesim.service.register import Register
from cachesim.service.tables import in_shape

ARNS = {"db-instance": "db", "db-snapshot": "snapshot"}  # source type -> word of the ARN
PAGE = "http://docs.amazonwebservices.com/AmazonRDS/latest/UserGuide/USER_Events.html#RDS-EVENT-"


@dataclass
class EventSubscription:
    """A topic that hears of events: of a source type, of categories, of sources; of all if it names none."""

    id: str
    asked: dict[str, Any]
    arn: str
    status: str = "active"

    @property
    def topic(self) -> str:
        """The ARN of the topic."""
        return str(self.asked["SnsTopicArn"])

    def shown(self) -> dict[str, Any]:
        """Return it in AWS's shape."""
        more = {"SourceType": self.asked.get("SourceType"), "Enabled": True}
        lists = {f"{n}List": self.asked.get(n, []) for n in ("SourceIds", "EventCategories")}
        return in_shape("event subscription", self, **more, **lists)

    def hears(self, kind: dict[str, str], source: str) -> bool:
        """Whether it hears of an event."""
        asked = self.asked
        return (
            asked.get("SourceType", kind["source_type"]) == kind["source_type"]
            and kind["category"] in asked.get("EventCategories", [kind["category"]])
            and source in asked.get("SourceIds", [source])
        )


class DbEvents(EventLog):
    """The part of the desk that tells what happened, and to whom.

    Ids and categories in data/rds_events.csv are AWS's (RDS User Guide); texts are as the service sends them.
    """

    service, texts = "rds", "rds_events"

    def __init__(self, account: Any) -> None:
        super().__init__(account)
        self.subscriptions: Register[EventSubscription] = Register("event subscription")

    def tell(self, event: str, source: str, *values: str, topic: str = "") -> None:
        """Note an event, and send it to the topics that hear of it."""
        super().tell(event, source, *values)
        kind, noted = self._texts[event], self.events[-1]
        origin, text = noted["SourceType"], noted["Message"]
        noted["EventCategories"] = [kind["category"]]
        noted["SourceArn"] = self.arn(f"{ARNS[origin]}:{source}")
        message = {
            "Event Source": origin,
            "Event Time": f"{self.date:%Y-%m-%d %H:%M:%S}",
            "Source ID": source,
            "Event ID": f"{PAGE}{kind['id']}",
            "Event Message": text,
        }
        for each in self.subscriptions:
            if each.hears(kind, source):
                self.account.desk("sns").hear("rds", each.topic, json.dumps(message))

    def CreateEventSubscription(self, request: dict[str, Any]) -> dict[str, Any]:
        """Let a topic hear of events."""
        name, topic = request["SubscriptionName"], request["SnsTopicArn"]
        refuse_if(topic not in self.account.desk("sns").topics, "db topic", topic)
        arn = self.arn(f"es:{identifier(name, 'SubscriptionName', 255)}")
        made = self.subscriptions.add(EventSubscription(name, request, arn))
        return {"EventSubscription": made.shown()}

    def DeleteEventSubscription(self, request: dict[str, Any]) -> dict[str, Any]:
        """Let a topic hear no more."""
        found = self.subscriptions.find(request["SubscriptionName"])
        self.subscriptions.remove(found)
        return {"EventSubscription": found.shown()}
