"""The events of ElastiCache, and the topic that a cluster or a group names for them."""

from typing import Any

from cachesim.service.events import EventLog


class Events(EventLog):
    """The same for ElastiCache, whose clusters and groups name the topic that hears of them."""

    service = "elasticache"

    def notification(self, topic: str) -> dict[str, Any]:
        """Return the part of a cluster about its topic; nothing if it has none."""
        if not topic:
            return {}
        status = "active" if self.account.desk("sns").hears("elasticache", topic) else "inactive"
        return {"NotificationConfiguration": {"TopicArn": topic, "TopicStatus": status}}
