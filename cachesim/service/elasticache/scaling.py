"""Scaling up and down: other node types for a group or a cluster, more or fewer nodes of Memcached."""

from typing import Any

from cachesim.node_types import NodeType, node_types
from cachesim.service.elasticache.clusters import CacheCluster
from cachesim.service.elasticache.groups import ReplicationGroup
from cachesim.service.elasticache.replacements import Replacements
from cachesim.service.elasticache.windows import Owner
from cachesim.service.faults import refuse_if


class Scaling(Replacements):
    """The part of the desk that gives nodes another type, and a Memcached another number of them."""

    def ListAllowedNodeTypeModifications(self, request: dict[str, Any]) -> dict[str, Any]:
        """List the node types that a group or a cluster can have, larger ones and smaller ones."""
        group, cluster = (
            request.get(kind, "") for kind in ("ReplicationGroupId", "CacheClusterId")
        )
        refuse_if(bool(group) == bool(cluster), "group or cluster")
        owner: Owner = self.groups.find(group) if group else self.alone(cluster)
        now = owner.node_type
        size = {each.name: (each.maxmemory, each.price) for each in [now, *node_types()]}
        return {
            "ScaleUpModifications": sorted(n for n in size if size[n] > size[now.name]),
            "ScaleDownModifications": sorted(n for n in size if size[n] < size[now.name]),
        }

    def check_node_type(self, owner: Owner) -> None:
        """Refuse another node type for a Memcached."""
        refuse_if(owner.engine == "memcached", "memcached type")

    def rescale(self, owner: Owner, name: str) -> None:
        """Begin to move to nodes of another type: they are made, copy the old ones, and take over."""
        if name == owner.node_type.name:
            return
        draw = self.account.timings.draw
        self.busy(owner, draw("new nodes") + draw("full copy"), self._take_over, owner, name)

    def _take_over(self, owner: Owner, name: str) -> None:
        """Let the new nodes serve, if they can hold what is there."""
        old = owner.node_type
        owner.settings["CacheNodeType"], before = name, owner.settings["CacheNodeType"]
        if self.held_by_each(owner) > owner.node_type.usable:
            owner.settings["CacheNodeType"] = before
            self._tell_of(owner, "scale down failed", name)
            return
        self._switch(owner, old)
        draw = self.account.timings.draw
        rest = draw("endpoint follows") + draw("old nodes leave")
        self.busy(owner, rest, self._tell_of, owner, "node type changed", name)

    def held_by_each(self, owner: Owner) -> float:
        """Return the bytes that a node holds, as far as the last run left them; shards share them evenly."""
        if isinstance(owner, CacheCluster):
            return self.account.plane.memory(owner)
        return self.account.plane.memory(owner) / len(owner.shards)

    def _switch(self, owner: Owner, old: NodeType) -> None:
        """Order the take-over. SIMPLIFIED: the old nodes are paid until now, the new ones from now on."""
        is_group = isinstance(owner, ReplicationGroup)
        members = owner.members if isinstance(owner, ReplicationGroup) else [owner]
        first = members[0].id
        for primary in [m for m in members if not is_group or self.shard_with(m).primary is m]:
            if not self.hand_over_from(primary):
                self.order(primary.id, "away", self.account.timings.draw("short outage"))
        self.order(first, "resize", 0.0, amount=owner.node_type.usable / old.usable)
        now = self.account.calendar.now
        for member in members:
            self.account.bill.end(member.id, now)
            self.account.bill.begin(member.id, member.node_type, now)
            self.cancel_replacement(member.id)

    def _tell_of(self, owner: Owner, event: str, name: str) -> None:
        if isinstance(owner, CacheCluster):
            self.tell(event, owner.id, name, topic=owner.topic)
            return
        text = owner.id if event == "scale down failed" else name
        self.tell(f"group {event}", owner.id, text, topic=owner.topic)

    # Memcached

    def check_nodes(self, cluster: CacheCluster, wanted: int, request: dict[str, Any]) -> None:
        """Refuse numbers and names of nodes that do not fit together."""
        leave, zones = (
            request.get("CacheNodeIdsToRemove", []),
            request.get("NewAvailabilityZones", []),
        )
        now = len(cluster.zones)
        refuse_if(cluster.engine != "memcached" and wanted != 1, "one node")
        unknown = [node for node in leave if node not in cluster.nodes]
        refuse_if(unknown, "no node", cluster.id, *unknown[:1])
        refuse_if(
            len(leave) != max(0, now - wanted), "nodes to remove", max(0, now - wanted), len(leave)
        )
        refuse_if(
            zones and len(zones) != max(0, wanted - now),
            "new zones",
            max(0, wanted - now),
            len(zones),
        )

    def resize_pool(self, cluster: CacheCluster, wanted: int, request: dict[str, Any]) -> None:
        """Begin to add nodes to a Memcached, or to remove some."""
        more = wanted - len(cluster.zones)
        if more > 0:
            self.tell("nodes asked", cluster.id)
        lasts = self.account.timings.draw("add nodes" if more > 0 else "remove nodes")
        change = self._add_nodes if more > 0 else self._remove_nodes
        self.busy(cluster, lasts, change, cluster, wanted, request)

    def _add_nodes(self, cluster: CacheCluster, wanted: int, request: dict[str, Any]) -> None:
        before, known = list(cluster.nodes), self.account.zones()
        usual = [known[number % len(known)] for number in range(len(before), wanted)]
        cluster.zones += request.get("NewAvailabilityZones") or usual
        new = cluster.nodes[len(before) :]
        for node, name in zip(new, cluster.rented(new), strict=True):
            self.account.bill.begin(name, cluster.node_type, self.account.calendar.now)
            self.order(cluster.rented(before)[0], "add node", 0.0, joins=(name,))
            self.tell("node added", cluster.id, node, cluster.zones[cluster.nodes.index(node)])
        self.tell("nodes changed", cluster.id, str(len(before)), str(wanted), topic=cluster.topic)

    def _remove_nodes(self, cluster: CacheCluster, wanted: int, request: dict[str, Any]) -> None:
        leave = request["CacheNodeIdsToRemove"]
        for node, name in zip(leave, cluster.rented(leave), strict=True):
            self.account.bill.end(name, self.account.calendar.now)
            self.order(name, "remove node", 0.0)
            self.cancel_replacement(cluster.id, node)
            del cluster.zones[cluster.nodes.index(node)]
            cluster.gone.add(node)
        self.tell("nodes removed", cluster.id, ", ".join(leave), topic=cluster.topic)
