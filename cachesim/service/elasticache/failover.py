"""TestFailover: a replica takes over from a primary that the service stops."""

from typing import Any

from cachesim.service.elasticache.clusters import CacheCluster
from cachesim.service.elasticache.groups import ReplicationGroup, ReplicationGroups, Shard
from cachesim.service.faults import ServiceFault, bad_combination
from cachesim.service.orders import Order

DAY = 86400.0  # seconds
MOST = 15  # node groups that may be failed over in 24 hours


class Failovers(ReplicationGroups):
    """The operation TestFailover."""

    def __init__(self, account: Any) -> None:
        super().__init__(account)
        self._asked: list[float] = []  # seconds

    def TestFailover(self, request: dict[str, Any]) -> dict[str, Any]:
        """Fail the primary of a shard over to a replica."""
        group = self.groups.ready(request["ReplicationGroupId"])
        shard = shard_of(group, request["NodeGroupId"])
        if not group.failover or not shard.replicas():
            raise bad_combination(
                "Automatic failover is not enabled for the specified replication group."
            )
        self._count_call()
        self.tell("failover asked", group.id, shard.id)
        self._stop(group, shard)
        return {"ReplicationGroup": group.shown()}

    def _stop(self, group: ReplicationGroup, shard: Shard) -> None:
        """Stop the primary: a replica leads some seconds later, a new node follows minutes later."""
        draw, calendar = self.account.timings.draw, self.account.calendar
        noticed, promoted = draw("failover detected"), draw("promotion")
        recovered = noticed + promoted + draw("new nodes") + draw("full copy")
        old = shard.primary
        self.account.orders.order(Order(calendar.now, old.id, "kill", recovered, noticed, promoted))
        calendar.at(noticed + promoted, lambda: self._promoted(group, shard))
        self.busy(group, recovered)
        self.busy(old, recovered, self._recovered, old, "0001")

    def _count_call(self) -> None:
        now = self.account.calendar.now
        self._asked = [when for when in self._asked if when > now - DAY]
        if len(self._asked) >= MOST:
            raise ServiceFault(
                "APICallRateForCustomerExceededFault",
                f"At most {MOST} node groups can be failed over in 24 hours.",
            )
        self._asked.append(now)

    def _promoted(self, group: ReplicationGroup, shard: Shard) -> None:
        old = shard.primary
        new = shard.primary = (shard.ready() or shard.replicas())[0]
        self.account.desk("cloudwatch").standing.led(new.id, old.id)
        self.tell("failover ended", old.id, old.id, new.id, topic=group.topic)
        self.tell("group failover ended", group.id, old.id, new.id)
        self.tell("recovery began", old.id, "0001", topic=group.topic)

    def _recovered(self, cluster: CacheCluster, node: str) -> None:
        self.tell("recovery ended", cluster.id, node, topic=cluster.topic)


def shard_of(group: ReplicationGroup, name: str) -> Shard:
    """Return a shard by its name."""
    for shard in group.shards:
        if shard.id == name:
            return shard
    raise ServiceFault("NodeGroupNotFoundFault", f"NodeGroup {name} not found.")
