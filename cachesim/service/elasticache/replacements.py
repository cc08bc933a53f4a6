"""Replacing nodes: those that the service must change, and those whose machine died."""

from datetime import datetime
from typing import Any

from cachesim.service.elasticache.clusters import CacheCluster
from cachesim.service.elasticache.groups import ReplicationGroup, Shard
from cachesim.service.elasticache.windows import Owner, Waiting, Windows
from cachesim.service.faults import refuse_if
from cachesim.service.orders import Order
from cachesim.service.plane import ALL

REPLACE = "replacement of"


class Replacements(Windows):
    """The part of the desk that replaces nodes."""

    def owner_of(self, cluster: CacheCluster) -> Owner:
        """Return the group of a member, or the cluster itself."""
        return self.groups.find(cluster.group) if cluster.group else cluster

    def order(self, node: str, what: str, lasts: float, **more: Any) -> None:
        """Order that something happens to a node now."""
        self.account.orders.order(Order(self.account.calendar.now, node, what, lasts, **more))

    # in the window

    def schedule_replacement(self, name: str, node: str = "0001") -> None:
        """Plan to replace a node in the next window, as the service does when a machine must go."""
        found = self._with_node(name, node)
        owner, what = self.owner_of(found), f"{REPLACE} {found.id} {node}"
        made = self.await_window(owner, what, lambda: self._replace_alone(owner, found, node))
        self.tell("replacement scheduled", found.id, found.id, node, *self._dates(made),
                  topic=found.topic)  # fmt: skip

    def _with_node(self, name: str, node: str) -> CacheCluster:
        """Return an available cluster that has a node."""
        found = self.clusters.ready(name)
        refuse_if(node not in found.nodes, "no node", found.id, node)
        return found

    def cancel_replacement(self, name: str, node: str = "0001") -> None:
        """Take the plan back, if there is one."""
        found = self.clusters.find(name)
        made = self.forget(self.owner_of(found), f"{REPLACE} {found.id} {node}")
        if made is not None:
            self.tell("replacement canceled", found.id, found.id, node, *self._dates(made),
                      topic=found.topic)  # fmt: skip

    def moved(self, what: str, old: Waiting, new: Waiting) -> None:
        """Tell of a replacement that waits for another window."""
        if what.startswith(REPLACE):
            cluster, node = what.removeprefix(REPLACE).split()
            dates = (*self._dates(old), *self._dates(new))
            topic = self.clusters.find(cluster).topic
            self.tell("replacement moved", cluster, cluster, node, *dates, topic=topic)

    def _dates(self, made: Waiting) -> tuple[str, str]:
        dates: list[datetime] = [
            self.account.calendar.date_at(end) for end in (made.begin, made.end)
        ]
        begin, end = (f"{date:%Y-%m-%d %H:%M:%S} UTC" for date in dates)
        return begin, end

    def _replace_alone(self, owner: Owner, cluster: CacheCluster, node: str) -> None:
        self.busy(owner, self.replace(cluster, node))

    # what it takes

    def replace(self, cluster: CacheCluster, node: str = "0001") -> float:
        """Begin to replace a node; return the seconds until the new one is there.

        A primary hands over to a replica first, if its group fails over: writes fail for less than a second.
        A single node copies the old one, which does not serve meanwhile. A node of Memcached begins empty.
        """
        draw = self.account.timings.draw
        lasts = draw("new nodes")
        (name,) = cluster.rented([node])
        self.tell("recovery began", cluster.id, node, topic=cluster.topic)
        if cluster.engine == "memcached":
            self.order(name, "kill", lasts)
        elif not self._leads(cluster):
            lasts += draw("full copy")
            self.order(name, "kill", lasts)
        elif self.hand_over_from(cluster):
            lasts += draw("full copy")
        else:
            lasts = draw("full copy")
            self.order(name, "away", lasts)
        self.account.calendar.at(lasts, lambda: self.tell("recovery ended", cluster.id, node,
                                                          topic=cluster.topic))  # fmt: skip
        return lasts

    def _leads(self, cluster: CacheCluster) -> bool:
        return not cluster.group or self.shard_with(cluster).primary is cluster

    def shard_with(self, cluster: CacheCluster) -> Shard:
        """Return the shard of a member."""
        return next(s for s in self.groups.find(cluster.group).shards if cluster in s.members)

    def hand_over_from(self, cluster: CacheCluster) -> bool:
        """Let a replica lead in the place of this primary, if its group fails over."""
        if not cluster.group:
            return False
        group, shard = self.groups.find(cluster.group), self.shard_with(cluster)
        if not group.failover or not shard.ready():
            return False
        self.hand_over(group, shard, shard.ready()[0])
        return True

    def hand_over(self, group: ReplicationGroup, shard: Shard, new: CacheCluster) -> None:
        """Let a replica lead: nothing is lost, and writes fail for a moment."""
        old, shard.primary = shard.primary, new
        self.order(old.id, "hand over", self.account.timings.draw("write gap"),
                   joins=(new.id,))  # fmt: skip
        self.tell("failover ended", old.id, old.id, new.id, topic=group.topic)
        self.tell("group failover ended", group.id, old.id, new.id)

    # a machine dies

    def kill(self, *names: str) -> None:
        """Let the machines of some nodes die now: members of groups, clusters, or nodes such as "m 0002"."""
        parts = [name.partition(" ") for name in names]
        dead = [(cluster, node or "0001") for cluster, _, node in parts]
        found = [(self._with_node(cluster, node), node) for cluster, node in dead]
        for cluster, _ in found:
            cluster.status = "modifying"
        for cluster, node in found:
            self._died(cluster, node)

    def _died(self, cluster: CacheCluster, node: str) -> None:
        owner = self.owner_of(cluster)
        if isinstance(owner, ReplicationGroup):
            shard = self.shard_with(cluster)
            if shard.primary is cluster and owner.failover and shard.ready():
                self._stop(owner, shard)
                return
        self.tell("recovery began", cluster.id, node, topic=cluster.topic)
        draw = self.account.timings.draw
        lasts = draw("failover detected") + draw("new nodes")
        self.order(cluster.rented([node])[0], "kill", lasts)
        self.lose(cluster)
        self.busy(owner, lasts)
        self.busy(cluster, lasts, self._recovered, cluster, node)

    def lose(self, cluster: CacheCluster) -> None:
        """Note that what a node held, which no replica has, is gone."""
        if not self._leads(cluster):
            return
        owner, slots = self.owner_of(cluster), ALL
        if isinstance(owner, ReplicationGroup) and owner.is_sharded:
            begin, end = self.shard_with(cluster).slots.split("-")
            slots = int(begin), int(end)
        self.account.plane.lose(owner, slots)
