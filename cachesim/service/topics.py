"""Topics of SNS: what they are set to, who listens, and which services may publish to them."""

import json
import re
from dataclasses import dataclass, field

from cachesim.service.faults import ServiceFault

PENDING = "PendingConfirmation"
LOOPBACK = re.compile(r"http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(/.*)?")
SETTABLE = ("DisplayName", "Policy", "KmsMasterKeyId")  # attributes of a topic
OWN_KEY = "alias/aws/sns"  # the key of SNS itself, which other services may not use


def bad_parameter(text: str) -> ServiceFault:
    """Return SNS's error for a parameter that is not allowed."""
    return ServiceFault("InvalidParameterException", f"Invalid parameter: {text}")


@dataclass
class TopicSubscription:
    """One who listens to a topic; an address of HTTP must confirm it first."""

    arn: str
    topic: str
    protocol: str  # inbox or http
    endpoint: str
    owner: str
    token: str = ""  # that it must send back; empty: it is confirmed

    def shown(self) -> dict[str, str]:
        """Return it in AWS's shape."""
        return {
            "SubscriptionArn": PENDING if self.token else self.arn,
            "Owner": self.owner,
            "Protocol": self.protocol,
            "Endpoint": self.endpoint,
            "TopicArn": self.topic,
        }


@dataclass
class Topic:
    """A topic."""

    arn: str
    owner: str
    attributes: dict[str, str] = field(default_factory=dict)
    subscriptions: list[TopicSubscription] = field(default_factory=list)
    deleted: int = 0  # subscriptions that are no more

    @property
    def policy(self) -> str:
        """Its policy; the usual one lets the services of its owner publish.

        SIMPLIFIED: that is the older one, with AWS:SourceOwner; the console makes the newer one now.
        """
        usual = {
            "Version": "2008-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": "*"},
                    "Action": ["SNS:Publish"],
                    "Resource": self.arn,
                    "Condition": {"StringEquals": {"AWS:SourceOwner": self.owner}},
                }
            ],
        }
        return self.attributes.get("Policy") or json.dumps(usual)

    def shown(self) -> dict[str, str]:
        """Return its attributes as GetTopicAttributes does."""
        pending = sum(1 for each in self.subscriptions if each.token)
        return {
            "DisplayName": "",
            **self.attributes,
            "TopicArn": self.arn,
            "Owner": self.owner,
            "Policy": self.policy,
            "SubscriptionsConfirmed": str(len(self.subscriptions) - pending),
            "SubscriptionsPending": str(pending),
            "SubscriptionsDeleted": str(self.deleted),
        }

    def hears(self, service: str) -> bool:
        """Whether a service can publish to it.

        ElastiCache cannot if the topic is encrypted, or if its policy names aws:SourceAccount where
        ElastiCache fills in aws:SourceOwner (ElastiCache User Guide, events and SNS). CloudWatch
        cannot use SNS's own key. SIMPLIFIED: the policy of a key of your own allows it.

        >>> Topic("arn", "1", {"KmsMasterKeyId": "alias/mine"}).hears("elasticache")
        False
        """
        key = self.attributes.get("KmsMasterKeyId", "")
        if service == "cloudwatch":
            return key != OWN_KEY
        return not key and "aws:sourceaccount" not in self.policy.lower()


def check_attribute(name: str, value: str) -> None:
    """Refuse an attribute that is not simulated, and a policy that is no JSON."""
    if name not in SETTABLE:
        raise ServiceFault("NotImplemented", f"The attribute {name} is not simulated.")
    if name == "Policy":
        try:
            json.loads(value)
        except ValueError:
            raise bad_parameter("Policy Error: null, the policy is no JSON") from None


def check_endpoint(protocol: str, endpoint: str) -> None:
    """Refuse a protocol that is not simulated, and an address outside this machine."""
    if protocol not in ("inbox", "http"):
        raise bad_parameter(f"the protocol {protocol} is not simulated; use inbox or http.")
    if protocol == "inbox":
        return
    if not LOOPBACK.fullmatch(endpoint):
        raise bad_parameter(
            f"Endpoint must be an address of this machine, such as http://127.0.0.1:8000/, got {endpoint}"
        )
