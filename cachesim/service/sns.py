"""The desk of SNS: topics, who listens to them, and the messages that came."""

import uuid
from typing import Any, NamedTuple

from cachesim.service.account import Account
from cachesim.service.faults import ServiceFault

PROTOCOLS = ("inbox",)  # shown to the notebook


class Notice(NamedTuple):
    """A message that a topic delivered."""

    topic: str
    endpoint: str
    text: str
    seconds: float  # of the calendar


class Sns:
    """Topics and their subscriptions. Every message to an endpoint `inbox` is kept in a list."""

    service = "sns"

    def __init__(self, account: Account) -> None:
        self.account = account
        self.topics: dict[str, list[dict[str, str]]] = {}  # by ARN: the subscriptions
        self.inbox: list[Notice] = []

    def CreateTopic(self, request: dict[str, Any]) -> dict[str, Any]:
        """Make a topic; the same name again gives the same topic."""
        arn = self.account.arn("sns", request["Name"])
        self.topics.setdefault(arn, [])
        return {"TopicArn": arn}

    def Subscribe(self, request: dict[str, Any]) -> dict[str, Any]:
        """Let an endpoint hear what is published to a topic."""
        topic = self._topic(request["TopicArn"])
        if request["Protocol"] not in PROTOCOLS:
            raise ServiceFault(
                "InvalidParameterException",
                f"Invalid parameter: the protocol {request['Protocol']} is not simulated; use inbox.",
            )
        arn = f"{request['TopicArn']}:{uuid.UUID(self.account.request_id())}"
        topic.append(
            {
                "SubscriptionArn": arn,
                "Protocol": request["Protocol"],
                "Endpoint": request.get("Endpoint", "inbox"),
                "TopicArn": request["TopicArn"],
            }
        )
        return {"SubscriptionArn": arn}

    def Publish(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send a message to everybody who listens."""
        self._topic(request["TopicArn"])
        self.deliver(request["TopicArn"], request["Notice"])
        return {"MessageId": self.account.request_id()}

    def ListTopics(self, request: dict[str, Any]) -> dict[str, Any]:
        """List the topics."""
        return {"Topics": [{"TopicArn": arn} for arn in self.topics]}

    def ListSubscriptionsByTopic(self, request: dict[str, Any]) -> dict[str, Any]:
        """List who listens to a topic."""
        return {"Subscriptions": list(self._topic(request["TopicArn"]))}

    def DeleteTopic(self, request: dict[str, Any]) -> dict[str, Any]:
        """Remove a topic, if it is there."""
        self.topics.pop(request["TopicArn"], None)
        return {}

    def deliver(self, topic: str, text: str, when: float | None = None) -> None:
        """Put a message into the inbox of everybody who listens; nobody hears a topic that is gone.

        `when` is its second of the calendar, if it is not now: alarms are judged after a run.
        """
        seconds = self.account.calendar.now if when is None else when
        for each in self.topics.get(topic, []):
            self.inbox.append(Notice(topic, each["Endpoint"], text, seconds))

    def _topic(self, arn: str) -> list[dict[str, str]]:
        if arn not in self.topics:
            raise ServiceFault("NotFoundException", "Topic does not exist")
        return self.topics[arn]
