"""Events of RDS: a list for DescribeEvents, and messages with their ids to topics that are subscribed."""

import json
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from cachesim.service.elasticache.checks import identifier, only
from cachesim.service.elasticache.events import Events
from cachesim.service.faults import refuse_if
from cachesim.service.register import Register
from cachesim.service.tables import table

ARNS = {"db-instance": "db", "db-snapshot": "snapshot"}  # source type -> word of the ARN
PAGE = "http://docs.amazonwebservices.com/AmazonRDS/latest/UserGuide/USER_Events.html#RDS-EVENT-"
ASKED = ("SubscriptionName", "SnsTopicArn", "SourceType", "EventCategories", "SourceIds")


class DbEventText(NamedTuple):
    """One kind of event: ids and categories are AWS's (RDS User Guide); texts are as the service sends them."""

    event: str
    id: str
    source_type: str
    category: str
    text: str


@cache
def db_event_texts() -> dict[str, DbEventText]:
    """Return the events (data/rds_events.csv) by our names for them.

    >>> db_event_texts()["failover began"].id
    '0013'
    """
    return {row["event"]: DbEventText(**row) for row in table("rds_events")}


@dataclass
class EventSubscription:
    """A topic that hears of events: of a source type, of categories, of sources; of all if it names none."""

    id: str
    asked: dict[str, Any]
    arn: str
    status: str = "active"

    def shown(self) -> dict[str, Any]:
        """Return it in AWS's shape."""
        return {
            "CustSubscriptionId": self.id,
            "SnsTopicArn": self.asked["SnsTopicArn"],
            "Status": self.status,
            "SourceType": self.asked.get("SourceType"),
            "SourceIdsList": self.asked.get("SourceIds", []),
            "EventCategoriesList": self.asked.get("EventCategories", []),
            "Enabled": True,
            "EventSubscriptionArn": self.arn,
        }

    def hears(self, kind: DbEventText, source: str) -> bool:
        """Whether it hears of an event."""
        asked = self.asked
        return (
            asked.get("SourceType", kind.source_type) == kind.source_type
            and kind.category in asked.get("EventCategories", [kind.category])
            and source in asked.get("SourceIds", [source])
        )


class DbEvents(Events):
    """The part of the desk that tells what happened, and to whom."""

    service = "rds"

    def __init__(self, account: Any) -> None:
        super().__init__(account)
        self.subscriptions: Register[EventSubscription] = Register("event subscription")

    def tell(self, event: str, source: str, *values: str, topic: str = "") -> None:
        """Note an event, and send it to the topics that hear of it."""
        kind, date = db_event_texts()[event], self.account.calendar.date
        text, sns = kind.text.format(*values), self.account.desk("sns")
        arn = self.account.arn("rds", f"{ARNS[kind.source_type]}:{source}")
        noted = {"SourceIdentifier": source, "SourceType": kind.source_type, "Message": text}
        more = {"EventCategories": [kind.category], "Date": date, "SourceArn": arn}
        self.events.append(noted | more)
        message = {
            "Event Source": kind.source_type,
            "Event Time": f"{date:%Y-%m-%d %H:%M:%S}",
            "Source ID": source,
            "Event ID": f"{PAGE}{kind.id}",
            "Event Message": text,
        }
        for each in self.subscriptions:
            if each.hears(kind, source):
                sns.hear("rds", each.asked["SnsTopicArn"], json.dumps(message))

    def CreateEventSubscription(self, request: dict[str, Any]) -> dict[str, Any]:
        """Let a topic hear of events."""
        only(request, ASKED)
        name, topic = request["SubscriptionName"], request["SnsTopicArn"]
        refuse_if(topic not in self.account.desk("sns").topics, "db topic", topic)
        arn = self.account.arn("rds", f"es:{identifier(name, 'SubscriptionName', 255)}")
        made = self.subscriptions.add(EventSubscription(name, request, arn))
        return {"EventSubscription": made.shown()}

    def DescribeEventSubscriptions(self, request: dict[str, Any]) -> dict[str, Any]:
        """List who hears."""
        return self.subscriptions.described(request)

    def DeleteEventSubscription(self, request: dict[str, Any]) -> dict[str, Any]:
        """Let a topic hear no more."""
        found = self.subscriptions.find(request["SubscriptionName"])
        self.subscriptions.remove(found)
        return {"EventSubscription": found.shown()}
