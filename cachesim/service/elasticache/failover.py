"""What happens to nodes: a replica takes over, a node is replaced or restarted, a machine dies."""

from typing import Any

from cachesim.service.elasticache.clusters import CacheCluster
from cachesim.service.elasticache.groups import ReplicationGroup, ReplicationGroups, Shard
from cachesim.service.faults import refuse_if
from cachesim.service.plane import ALL

DAY = 86400.0  # seconds
MOST = 15  # node groups that may be failed over in 24 hours

Owner = CacheCluster | ReplicationGroup


class Failovers(ReplicationGroups):
    """The operations TestFailover and RebootCacheCluster, and what the service does by itself."""

    def __init__(self, account: Any) -> None:
        super().__init__(account)
        self._asked: list[float] = []  # seconds

    def owner_of(self, cluster: CacheCluster) -> Owner:
        """Return the group of a member, or the cluster itself."""
        return self.groups.find(cluster.group) if cluster.group else cluster

    def shard_of(self, cluster: CacheCluster) -> Shard | None:
        """Return the shard of a member; None: it is a cluster by itself."""
        return self.groups.find(cluster.group).shard_with(cluster) if cluster.group else None

    def leads(self, cluster: CacheCluster) -> bool:
        """Whether it is a primary, or a cluster by itself."""
        shard = self.shard_of(cluster)
        return shard is None or shard.primary is cluster

    def successors(self, cluster: CacheCluster) -> list[CacheCluster]:
        """Return the replicas that can lead in the place of this primary; none without failover."""
        shard = self.shard_of(cluster)
        if shard is None or shard.primary is not cluster:
            return []
        return shard.ready() if self.groups.find(cluster.group).failover else []

    # a primary

    def TestFailover(self, request: dict[str, Any]) -> dict[str, Any]:
        """Fail the primary of a shard over to a replica."""
        group = self.groups.ready(request["ReplicationGroupId"])
        shard = group.shard(request["NodeGroupId"])
        refuse_if(not (group.failover and shard.replicas()), "no failover")
        self._asked = [when for when in self._asked if when > self.now - DAY]
        refuse_if(len(self._asked) >= MOST, "failovers", MOST)
        self._asked.append(self.now)
        self.tell("failover asked", group.id, shard.id)
        self._stop(group, shard)
        return {"ReplicationGroup": group.shown()}

    def _stop(self, group: ReplicationGroup, shard: Shard) -> None:
        """Stop the primary: a replica leads some seconds later, a new node follows minutes later."""
        old = shard.primary
        noticed, promoted = self.draw("failover detected"), self.draw("promotion")
        recovered = noticed + promoted + self.draw("new nodes", "full copy")
        self.order(old.id, "kill", recovered, detect=noticed, promote=promoted)
        self.account.calendar.at(noticed + promoted, lambda: self._promoted(group, shard))
        self.busy(group, recovered)
        self.busy(old, recovered, self._recovered, old)

    def _promoted(self, group: ReplicationGroup, shard: Shard) -> None:
        old = shard.primary
        stay = [each for each in shard.replicas() if each.status != "deleting"]
        self._lead(group, shard, (shard.ready() or stay)[0])
        self.tell("recovery began", old.id, "0001", topic=group.topic)

    def _lead(self, group: ReplicationGroup, shard: Shard, new: CacheCluster) -> None:
        old, shard.primary = shard.primary, new
        self.account.desk("cloudwatch").standing.led(new.id, old.id)
        self.tell("failover ended", old.id, old.id, new.id, topic=group.topic)
        self.tell("group failover ended", group.id, old.id, new.id)

    def _recovered(self, cluster: CacheCluster, node: str = "0001") -> None:
        self.tell("recovery ended", cluster.id, node, topic=cluster.topic)

    def hand_over(self, group: ReplicationGroup, new: CacheCluster) -> None:
        """Let a replica lead: nothing is lost, and writes fail for a moment."""
        shard = group.shard_with(new)
        self.order(shard.primary.id, "hand over", self.draw("write gap"), joins=(new.id,))
        self._lead(group, shard, new)

    def hand_over_from(self, cluster: CacheCluster) -> bool:
        """Let a replica lead in the place of this primary, if its group fails over."""
        new = self.successors(cluster)
        if new:
            self.hand_over(self.groups.find(cluster.group), new[0])
        return bool(new)

    # any node

    def with_node(self, name: str, node: str) -> CacheCluster:
        """Return an available cluster that has a node."""
        found = self.clusters.ready(name)
        refuse_if(node not in found.nodes, "no node", found.id, node)
        return found

    def replace(self, cluster: CacheCluster, node: str = "0001") -> float:
        """Begin to replace a node; return the seconds until the new one is there.

        A primary hands over to a replica first, if its group fails over: writes fail for less than a second.
        A single node copies the old one, which does not serve meanwhile. A node of Memcached begins empty.
        """
        lasts, (name,) = self.draw("new nodes"), cluster.rented([node])
        self.tell("recovery began", cluster.id, node, topic=cluster.topic)
        if cluster.engine == "memcached":
            self.order(name, "kill", lasts)
        elif not self.leads(cluster):
            lasts += self.draw("full copy")
            self.order(name, "kill", lasts)
        elif self.hand_over_from(cluster):
            lasts += self.draw("full copy")
        else:
            lasts = self.draw("full copy")
            self.order(name, "away", lasts)
        self.account.calendar.at(lasts, lambda: self._recovered(cluster, node))
        return lasts

    def RebootCacheCluster(self, request: dict[str, Any]) -> dict[str, Any]:
        """Restart nodes of a cluster. What they held is gone."""
        found = self.clusters.ready(request["CacheClusterId"])
        is_sharded = found.group and self.groups.find(found.group).is_sharded
        refuse_if(is_sharded, "rebooted shard", found.id)
        nodes, lasts = request["CacheNodeIdsToReboot"], self.draw("reboot")
        for node in nodes:
            refuse_if(node not in found.nodes, "node missing", node)
        found.parameters.restart(nodes)
        for node, name in zip(nodes, found.rented(nodes), strict=True):
            self.tell("node shut down", found.id, node)
            self.order(name, "reboot", lasts)
        self.lose(found)
        self.busy(found, lasts, self._restarted, found, nodes, state="rebooting cluster nodes")
        return {"CacheCluster": found.shown(with_nodes=True)}

    def _restarted(self, cluster: CacheCluster, nodes: list[str]) -> None:
        for node in nodes:
            self.tell("node restarted", cluster.id, node, topic=cluster.topic)

    def kill(self, *names: str) -> None:
        """Let the machines of some nodes die now: members of groups, clusters, or nodes such as "m 0002"."""
        parts = [name.partition(" ") for name in names]
        found = [(self.with_node(name, n or "0001"), n or "0001") for name, _, n in parts]
        for cluster, _ in found:
            cluster.status = "modifying"  # so none of them leads in the place of another
        for cluster, node in found:
            self._died(cluster, node)

    def _died(self, cluster: CacheCluster, node: str) -> None:
        shard = self.shard_of(cluster)
        if shard is not None and self.successors(cluster):
            self._stop(self.groups.find(cluster.group), shard)
            return
        self.tell("recovery began", cluster.id, node, topic=cluster.topic)
        lasts = self.draw("failover detected", "new nodes")
        self.order(cluster.rented([node])[0], "kill", lasts)
        self.lose(cluster)
        self.busy(self.owner_of(cluster), lasts)
        self.busy(cluster, lasts, self._recovered, cluster, node)

    def lose(self, cluster: CacheCluster) -> None:
        """Note that what a node held, which no replica has, is gone."""
        shard, slots = self.shard_of(cluster), ALL
        if shard is not None:
            first, last = shard.slots.split("-")
            slots = int(first), int(last)
        if self.leads(cluster):
            self.account.plane.lose(self.owner_of(cluster), slots)
