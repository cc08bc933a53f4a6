"""The desk of SNS: topics, who listens to them, and the messages that came."""

import json
import uuid
from collections.abc import Callable
from typing import Any, NamedTuple

from cachesim.service.account import NUMBER, Account
from cachesim.service.faults import ServiceFault
from cachesim.service.pages import next_page
from cachesim.service.topics import (
    Topic,
    TopicSubscription,
    bad_parameter,
    check_attribute,
    check_endpoint,
)

PAGE = 100  # topics or subscriptions
LONGEST = 262_144  # bytes of a message
PUBLISHED = "TopicArn TargetArn Message Subject MessageStructure"

Post = Callable[[str, dict[str, Any]], None]  # sends a JSON body to an address


class Notice(NamedTuple):
    """A message that a topic delivered."""

    topic: str
    endpoint: str
    text: str
    seconds: float  # of the calendar


class Sns:
    """Topics and their subscriptions. Every message to an endpoint `inbox` is kept in a list.

    Messages to addresses of HTTP go through `post`. Without a server that is a list, too: `posted`.
    """

    service = "sns"

    def __init__(self, account: Account) -> None:
        self.account = account
        self.topics: dict[str, Topic] = {}  # by ARN
        self.inbox: list[Notice] = []
        self.posted: list[tuple[str, dict[str, Any]]] = []
        self.post: Post = lambda address, body: self.posted.append((address, body))

    # Topics

    def CreateTopic(self, request: dict[str, Any]) -> dict[str, Any]:
        """Make a topic; the same name again gives the same topic."""
        arn = self.account.arn("sns", request["Name"])
        wanted = request.get("Attributes", {})
        for name, value in wanted.items():
            check_attribute(name, value)
        topic = self.topics.setdefault(arn, Topic(arn, NUMBER, dict(wanted)))
        if any(topic.attributes.get(name) != value for name, value in wanted.items()):
            raise bad_parameter("Topic already exists with different attributes")
        return {"TopicArn": arn}

    def GetTopicAttributes(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return the attributes of a topic, and how many listen."""
        return {"Attributes": self._topic(request["TopicArn"]).shown()}

    def SetTopicAttributes(self, request: dict[str, Any]) -> dict[str, Any]:
        """Change one attribute of a topic."""
        topic = self._topic(request["TopicArn"])
        name, value = request["AttributeName"], request.get("AttributeValue", "")
        check_attribute(name, value)
        topic.attributes[name] = value
        return {}

    def ListTopics(self, request: dict[str, Any]) -> dict[str, Any]:
        """List the topics."""
        return next_page([{"TopicArn": arn} for arn in self.topics], request, "Topics", PAGE)

    def DeleteTopic(self, request: dict[str, Any]) -> dict[str, Any]:
        """Remove a topic, if it is there."""
        self.topics.pop(request["TopicArn"], None)
        return {}

    # Subscriptions

    def Subscribe(self, request: dict[str, Any]) -> dict[str, Any]:
        """Let an endpoint hear what is published to a topic; an address of HTTP confirms it first."""
        topic = self._topic(request["TopicArn"])
        protocol, endpoint = request["Protocol"], request.get("Endpoint", "inbox")
        check_endpoint(protocol, endpoint)
        for each in topic.subscriptions:
            if (each.protocol, each.endpoint) == (protocol, endpoint):
                return {"SubscriptionArn": each.shown()["SubscriptionArn"]}
        arn = f"{topic.arn}:{uuid.UUID(self.account.request_id())}"
        made = TopicSubscription(arn, topic.arn, protocol, endpoint, NUMBER)
        topic.subscriptions.append(made)
        if protocol == "http":
            made.token = self.account.request_id().replace("-", "")
            text = f"You have chosen to subscribe to the topic {topic.arn}."
            body = self._body("SubscriptionConfirmation", topic.arn, text, Token=made.token)
            self.post(endpoint, body)
        shown = made.arn if request.get("ReturnSubscriptionArn") else None
        return {"SubscriptionArn": shown or ("pending confirmation" if made.token else made.arn)}

    def ConfirmSubscription(self, request: dict[str, Any]) -> dict[str, Any]:
        """Take the token that an address of HTTP was sent."""
        for each in self._topic(request["TopicArn"]).subscriptions:
            if each.token and each.token == request["Token"]:
                each.token = ""
                return {"SubscriptionArn": each.arn}
        raise bad_parameter("Token")

    def Unsubscribe(self, request: dict[str, Any]) -> dict[str, Any]:
        """Let an endpoint hear no more."""
        for topic in self.topics.values():
            for each in topic.subscriptions:
                if each.arn == request["SubscriptionArn"]:
                    topic.subscriptions.remove(each)
                    topic.deleted += 1
                    return {}
        raise ServiceFault("NotFoundException", "Subscription does not exist")

    def ListSubscriptions(self, request: dict[str, Any]) -> dict[str, Any]:
        """List who listens to any topic."""
        every = [each.shown() for topic in self.topics.values() for each in topic.subscriptions]
        return next_page(every, request, "Subscriptions", PAGE)

    def ListSubscriptionsByTopic(self, request: dict[str, Any]) -> dict[str, Any]:
        """List who listens to a topic."""
        found = [each.shown() for each in self._topic(request["TopicArn"]).subscriptions]
        return next_page(found, request, "Subscriptions", PAGE)

    # Messages

    def Publish(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send a message to everybody who listens."""
        for name in request:
            if name not in PUBLISHED.split():
                raise ServiceFault("NotImplemented", f"{name} is not simulated; leave it out.")
        arn, text = request.get("TopicArn") or request.get("TargetArn", ""), request["Message"]
        self._topic(arn)
        if not text:
            raise bad_parameter("Empty message")
        if len(text.encode()) > LONGEST:
            raise bad_parameter("Message too long")
        if request.get("MessageStructure") == "json":
            text = _of_structure(text)
        return {"MessageId": self.deliver(arn, text, subject=request.get("Subject", ""))}

    def hears(self, service: str, arn: str) -> bool:
        """Whether a service can publish to a topic."""
        return arn in self.topics and self.topics[arn].hears(service)

    def hear(self, service: str, arn: str, text: str, when: float | None = None) -> bool:
        """Take a message of a service for a topic; False: the topic does not let it publish."""
        if not self.hears(service, arn):
            return False
        self.deliver(arn, text, when)
        return True

    def deliver(self, arn: str, text: str, when: float | None = None, subject: str = "") -> str:
        """Send a message to everybody who listens; nobody hears a topic that is gone. Return its id.

        `when` is its second of the calendar, if it is not now: alarms are judged after a run.
        """
        seconds = self.account.calendar.now if when is None else when
        body = self._body(
            "Notification", arn, text, seconds, **({"Subject": subject} if subject else {})
        )
        for each in self.topics[arn].subscriptions if arn in self.topics else ():
            if each.protocol == "inbox":
                self.inbox.append(Notice(arn, each.endpoint, text, seconds))
            elif not each.token:
                self.post(each.endpoint, body)
        found: str = body["MessageId"]
        return found

    def _body(
        self, kind: str, arn: str, text: str, seconds: float | None = None, **more: str
    ) -> dict[str, Any]:
        """Return the body that an address of HTTP gets. It is not signed."""
        when = self.account.calendar.now if seconds is None else seconds
        date = self.account.calendar.date_at(when).isoformat(timespec="milliseconds")
        return {
            "Type": kind,
            "MessageId": self.account.request_id(),
            "TopicArn": arn,
            "Message": text,
            "Timestamp": date.replace("+00:00", "Z"),
            **more,
        }

    def _topic(self, arn: str) -> Topic:
        if arn not in self.topics:
            raise ServiceFault("NotFoundException", "Topic does not exist")
        return self.topics[arn]


def _of_structure(text: str) -> str:
    """Return the usual message of a JSON object that has one for each protocol."""
    try:
        found: Any = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict) or "default" not in found:
        raise bad_parameter("Message Structure - No default entry in JSON message body")
    return str(found["default"])
