"""The desk of SNS: topics, who listens to them, and the messages that came."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from cachesim.service.account import NUMBER, Account
from cachesim.service.desks import Answer, ServiceDesk
from cachesim.service.faults import needed, refuse_if
from cachesim.service.pages import next_page
from cachesim.service.tables import in_shape

NEAR = "must be an address of this machine, such as http://127.0.0.1:8000/"
PAGE = 100  # topics or subscriptions
LONGEST = 262_144  # bytes of a message
LOOPBACK = re.compile(r"http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(/.*)?")
SETTABLE = ("DisplayName", "Policy", "KmsMasterKeyId")  # attributes of a topic
OWN_KEY = "alias/aws/sns"  # the key of SNS itself, which other services may not use

Post = Callable[[str, dict[str, Any]], None]  # sends a JSON body to an address


class Notice(NamedTuple):
    """A message that a topic delivered."""

    topic: str
    endpoint: str
    text: str
    seconds: float  # of the calendar


@dataclass
class TopicSubscription:
    """One who listens to a topic; an address of HTTP must confirm it first."""

    arn: str
    topic: str
    protocol: str  # inbox or http
    endpoint: str
    token: str = ""  # that it must send back; empty: it is confirmed

    @property
    def told(self) -> str:
        """Its ARN, as far as it is told."""
        return "PendingConfirmation" if self.token else self.arn


@dataclass
class Topic:
    """A topic."""

    arn: str
    attributes: dict[str, str]
    subscriptions: list[TopicSubscription] = field(default_factory=list)
    deleted: int = 0  # subscriptions that are no more

    @property
    def policy(self) -> str:
        """Its policy; the usual one lets the services of its owner publish.

        SIMPLIFIED: that is the older one, with AWS:SourceOwner; the console makes the newer one now.
        """
        usual = {
            "Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["SNS:Publish"],
            "Resource": self.arn, "Condition": {"StringEquals": {"AWS:SourceOwner": NUMBER}},
        }  # fmt: skip
        text = json.dumps({"Version": "2008-10-17", "Statement": [usual]})
        return self.attributes.get("Policy") or text

    def hears(self, service: str) -> bool:
        """Whether a service can publish to it.

        ElastiCache cannot if the topic is encrypted, or if its policy names aws:SourceAccount where
        ElastiCache fills in aws:SourceOwner (ElastiCache User Guide, events and SNS). CloudWatch
        cannot use SNS's own key. SIMPLIFIED: the policy of a key of your own allows it.

        >>> Topic("arn", {"KmsMasterKeyId": "alias/mine"}).hears("elasticache")
        False
        """
        key = self.attributes.get("KmsMasterKeyId", "")
        if service == "cloudwatch":
            return key != OWN_KEY
        return not key and "aws:sourceaccount" not in self.policy.lower()


class Sns(ServiceDesk):
    """Topics and their subscriptions. Every message to an endpoint `inbox` is kept in a list.

    Messages to addresses of HTTP go through `post`. Without a server that is a list, too: `posted`.
    """

    service = "sns"

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self.topics: dict[str, Topic] = {}  # by ARN
        self.inbox: list[Notice] = []
        self.posted: list[tuple[str, dict[str, Any]]] = []
        self.post: Post = lambda address, body: self.posted.append((address, body))

    # Topics

    def CreateTopic(self, request: Answer) -> Answer:
        """Make a topic; the same name again gives the same topic."""
        arn, wanted = self.arn(request["Name"]), request.get("Attributes", {})
        for name, value in wanted.items():
            check_attribute(name, value)
        topic = self.topics.setdefault(arn, Topic(arn, dict(wanted)))
        differs = any(topic.attributes.get(name) != value for name, value in wanted.items())
        bad_if(differs, "Topic already exists with different attributes")
        return {"TopicArn": arn}

    def GetTopicAttributes(self, request: Answer) -> Answer:
        """Return the attributes of a topic, and how many listen."""
        topic = self._topic(request)
        pending = sum(bool(each.token) for each in topic.subscriptions)
        counts = (len(topic.subscriptions) - pending, pending, topic.deleted)
        names = ("SubscriptionsConfirmed", "SubscriptionsPending", "SubscriptionsDeleted")
        told = dict(zip(names, map(str, counts), strict=True))
        own = {"TopicArn": topic.arn, "Owner": NUMBER, "Policy": topic.policy}
        return {"Attributes": {"DisplayName": "", **topic.attributes, **own, **told}}

    def SetTopicAttributes(self, request: Answer) -> None:
        """Change one attribute of a topic."""
        name, value = request["AttributeName"], request.get("AttributeValue", "")
        topic = self._topic(request)
        check_attribute(name, value)
        topic.attributes[name] = value

    def ListTopics(self, request: Answer) -> Answer:
        """List the topics."""
        return next_page([{"TopicArn": arn} for arn in self.topics], request, "Topics", PAGE)

    def DeleteTopic(self, request: Answer) -> None:
        """Remove a topic, if it is there."""
        self.topics.pop(request["TopicArn"], None)

    # Subscriptions

    def Subscribe(self, request: Answer) -> Answer:
        """Let an endpoint hear what is published to a topic; an address of HTTP confirms it first."""
        topic, place = self._topic(request), (request["Protocol"], request.get("Endpoint", "inbox"))
        is_known, is_near = place[0] in ("inbox", "http"), LOOPBACK.fullmatch(place[1])
        bad_if(not is_known, f"the protocol {place[0]} is not simulated; use inbox or http.")
        bad_if(place[0] == "http" and not is_near, f"Endpoint {NEAR}, got {place[1]}")
        for each in topic.subscriptions:
            if (each.protocol, each.endpoint) == place:
                return {"SubscriptionArn": each.told}
        made = TopicSubscription(f"{topic.arn}:{self.account.request_id()}", topic.arn, *place)
        topic.subscriptions.append(made)
        if made.protocol == "http":
            made.token = self.account.request_id().replace("-", "")
            text = f"You have chosen to subscribe to the topic {topic.arn}."
            body = self._body(
                "SubscriptionConfirmation", topic.arn, text, self.now, Token=made.token
            )
            self.post(made.endpoint, body)
        is_secret = made.token and not request.get("ReturnSubscriptionArn")
        return {"SubscriptionArn": "pending confirmation" if is_secret else made.arn}

    def ConfirmSubscription(self, request: Answer) -> Answer:
        """Take the token that an address of HTTP was sent."""
        found = {each.token: each for each in self._topic(request).subscriptions if each.token}
        bad_if(request["Token"] not in found, "Token")
        found[request["Token"]].token = ""
        return {"SubscriptionArn": found[request["Token"]].arn}

    def Unsubscribe(self, request: Answer) -> None:
        """Let an endpoint hear no more."""
        found = {each.arn: each for each in self._everyone()}
        gone = needed(found.get(request["SubscriptionArn"]), "no subscription")
        topic = self.topics[gone.topic]
        topic.subscriptions.remove(gone)
        topic.deleted += 1

    def _everyone(self) -> list[TopicSubscription]:
        return [each for topic in self.topics.values() for each in topic.subscriptions]

    def ListSubscriptions(self, request: Answer) -> Answer:
        """List who listens to any topic, or to one."""
        found = self._topic(request).subscriptions if "TopicArn" in request else self._everyone()
        shown = [in_shape("subscription", each, Owner=NUMBER) for each in found]
        return next_page(shown, request, "Subscriptions", PAGE)

    ListSubscriptionsByTopic = ListSubscriptions

    # Messages

    def Publish(self, request: Answer) -> Answer:
        """Send a message to everybody who listens."""
        arn, text = request.get("TopicArn") or request.get("TargetArn", ""), request["Message"]
        self._topic({"TopicArn": arn})
        bad_if(not text, "Empty message")
        bad_if(len(text.encode()) > LONGEST, "Message too long")
        if request.get("MessageStructure") == "json":
            found = json_of(text)
            lacks = not isinstance(found, dict) or "default" not in found
            bad_if(lacks, "Message Structure - No default entry in JSON message body")
            text = str(found["default"])
        more = {"Subject": request["Subject"]} if request.get("Subject") else {}
        return {"MessageId": self.deliver(arn, text, **more)}

    def hears(self, service: str, arn: str) -> bool:
        """Whether a service can publish to a topic."""
        return arn in self.topics and self.topics[arn].hears(service)

    def hear(self, service: str, arn: str, text: str, when: float | None = None) -> bool:
        """Take a message of a service for a topic; False: the topic does not let it publish."""
        heard = self.hears(service, arn)
        if heard:
            self.deliver(arn, text, when)
        return heard

    def deliver(self, arn: str, text: str, when: float | None = None, **more: str) -> str:
        """Send a message to everybody who listens, and return its id.

        `when` is its second of the calendar, if it is not now: alarms are judged after a run.
        """
        seconds = self.now if when is None else when
        body = self._body("Notification", arn, text, seconds, **more)
        for each in self.topics[arn].subscriptions:
            if each.protocol == "inbox":
                self.inbox.append(Notice(arn, each.endpoint, text, seconds))
            elif not each.token:
                self.post(each.endpoint, body)
        return body["MessageId"]

    def _body(self, kind: str, arn: str, text: str, when: float, **more: str) -> dict[str, str]:
        """Return the body that an address of HTTP gets. It is not signed."""
        date = self.account.calendar.date_at(when).isoformat(timespec="milliseconds")
        ids = {"MessageId": self.account.request_id(), "TopicArn": arn}
        told = {"Message": text, "Timestamp": date.replace("+00:00", "Z")}
        return {"Type": kind, **ids, **told, **more}

    def _topic(self, request: Answer) -> Topic:
        return needed(self.topics.get(request["TopicArn"]), "no topic")


def bad_if(broken: object, text: str) -> None:
    """Refuse a parameter."""
    refuse_if(broken, "sns parameter", text)


def json_of(text: str) -> Any:
    """Return the value of a JSON text; None if it is no JSON."""
    try:
        return json.loads(text)
    except ValueError:
        return None


def check_attribute(name: str, value: str) -> None:
    """Refuse an attribute that is not simulated, and a policy that is no JSON."""
    refuse_if(name not in SETTABLE, "not simulated", f"The attribute {name}")
    is_bad = name == "Policy" and json_of(value) is None
    bad_if(is_bad, "Policy Error: null, the policy is no JSON")
