"""Modify: settings that change at once or in the maintenance window, other node types, more nodes.

data/settings.csv says which setting waits for the window.
"""

from collections.abc import Callable
from typing import Any

from cachesim.node_types import NodeType, node_types
from cachesim.service.checks import in_range, in_turn, named_zones
from cachesim.service.elasticache.clusters import MOST_NODES, CacheCluster
from cachesim.service.elasticache.failover import Owner
from cachesim.service.elasticache.groups import ReplicationGroup, check_failover
from cachesim.service.elasticache.settings import checked, settings_of
from cachesim.service.elasticache.windows import Windows
from cachesim.service.faults import ServiceFault, only, refuse_if

Values = dict[str, Any]
WAITS = "modification"  # what waits for a window
LEAVE, ZONES = "CacheNodeIdsToRemove", "NewAvailabilityZones"  # they say more about NumCacheNodes
NODES = ("NumCacheNodes", LEAVE, ZONES)
SAVED_BY = "SnapshottingClusterId"
BESIDES = {  # members of a request that change something, besides the settings
    "group": ("AutomaticFailoverEnabled", "MultiAZEnabled", "PrimaryClusterId", SAVED_BY),
    "cluster": NODES,
}
OTHERS = ("ReplicationGroupId", "CacheClusterId", "ApplyImmediately")
SNAPSHOTS = {"SnapshotRetentionLimit", "SnapshotWindow"}
VERSION = {"EngineVersion", "CacheParameterGroupName"}


class Modifications(Windows):
    """The operations ModifyReplicationGroup and ModifyCacheCluster.

    `effects` has what a change of a member does, if it does more than to set a setting. `hooks` has what
    a member of a request does at once that is no setting; other parts of the desk enter theirs, such as
    `self.hooks["AuthToken"] = self.change_token`, a function of the group or cluster and the request.
    """

    def __init__(self, account: Any) -> None:
        super().__init__(account)
        self.hooks: dict[str, Callable[[Owner, Values], None]] = {}
        self.effects: dict[str, Callable[[Any, Any], None]] = {
            "PreferredMaintenanceWindow": self.move_window,
            "CacheNodeType": self.rescale,
            "AutomaticFailoverEnabled": lambda group, value: setattr(group, "failover", value),
            "MultiAZEnabled": lambda group, value: setattr(group, "zones", value),
            "PrimaryClusterId": self._promote,
        }

    def ModifyReplicationGroup(self, request: Values) -> Values:
        """Change settings of a group, at once or in its maintenance window."""
        group = self.groups.ready(request["ReplicationGroupId"])
        self._modify(group, request)
        return {"ReplicationGroup": group.shown()}

    def ModifyCacheCluster(self, request: Values) -> Values:
        """Change settings of a cluster that is no member of a group, or its number of nodes."""
        cluster = self.alone(request["CacheClusterId"])
        self._modify(cluster, request)
        return {"CacheCluster": cluster.shown()}

    def _modify(self, owner: Owner, request: Values) -> None:
        """Do at once what can be, and keep the rest for the window."""
        changes, later = self._changes(owner.kind, request)
        self._check(owner, {**changes, **later})
        for name in self.hooks:
            if name in request:
                self.hooks[name](owner, request)
        for name in {*changes, *later, *(NODES if {*NODES} & {*changes, *later} else ())}:
            owner.pending.pop(name, None)
        self._do(owner, changes)
        if isinstance(owner, CacheCluster) and later.get("NumCacheNodes") == len(owner.zones):
            del later["NumCacheNodes"]  # it only cancels another number
        owner.pending.update(later)
        if owner.pending:
            self.await_window(owner, WAITS, lambda: self._do_pending(owner))

    def _changes(self, kind: str, request: Values) -> tuple[Values, Values]:
        """Return the changes at once, and those in the window; refuse what cannot change."""
        rows = {row.member: row for row in settings_of(kind).values() if row.change != "never"}
        only(request, [*rows, *BESIDES[kind], *self.hooks, *OTHERS])
        found = checked(self, {name: request[name] for name in rows if name in request}, kind)
        found |= {name: request[name] for name in BESIDES[kind] if name in request}
        soon = {SAVED_BY, *(name for name in rows if rows[name].change == "now")}
        if request.get("ApplyImmediately"):
            soon |= {*found}
        now = {name: value for name, value in found.items() if name in soon}
        return now, {name: value for name, value in found.items() if name not in soon}

    def _check(self, owner: Owner, changes: Values) -> None:
        """Refuse changes that do not fit a group or a cluster, or one another."""
        if VERSION & {*changes}:
            self.fit({**owner.settings, **changes}, owner.engine, owner.is_sharded)
        if isinstance(owner, CacheCluster):
            self._check_cluster(owner, changes)
            return
        check_snapshots(owner, changes)
        failover = changes.get("AutomaticFailoverEnabled", owner.failover)
        fewest = min(len(shard.members) for shard in owner.shards)
        zones = changes.get("MultiAZEnabled", owner.zones)
        check_failover(owner.is_sharded, failover, zones, fewest)
        if "PrimaryClusterId" in changes:
            name, names = changes["PrimaryClusterId"], [member.id for member in owner.members]
            refuse_if(owner.failover or owner.zones, "promotion")
            refuse_if(name not in names, "no member", name, owner.id)

    def _check_cluster(self, cluster: CacheCluster, changes: Values) -> None:
        is_pool, now = cluster.engine == "memcached", len(cluster.zones)
        wanted, leave = changes.get("NumCacheNodes", now), changes.get(LEAVE, [])
        refuse_if(is_pool and "CacheNodeType" in changes, "memcached type")
        refuse_if(is_pool and SNAPSHOTS & {*changes}, "pool kept")
        refuse_if(not is_pool and wanted != 1, "one node")
        in_range("NumCacheNodes", wanted, 1, MOST_NODES)
        for node in leave:
            refuse_if(node not in cluster.nodes, "no node", cluster.id, node)
        fewer, more = max(0, now - wanted), max(0, wanted - now)
        refuse_if(not len({*leave}) == len(leave) == fewer, "nodes to remove", fewer, len({*leave}))
        if ZONES in changes:
            refuse_if(len(changes[ZONES]) != more, "new zones", more, len(changes[ZONES]))
            named_zones(changes[ZONES], more, self.zones_of(cluster), ZONES)

    def zones_of(self, owner: Owner) -> list[str]:
        """Return the zones in which the nodes of a group or a cluster may stand."""
        return self.subnet_groups.find(owner.settings["CacheSubnetGroupName"]).zones

    def _do_pending(self, owner: Owner) -> None:
        """Do in the window what has waited, unless it does not fit any more."""
        changes = dict(owner.pending)
        owner.pending.clear()
        try:
            self._check(owner, changes)
        except ServiceFault:
            return
        self._do(owner, changes)

    def _do(self, owner: Owner, changes: Values) -> None:
        """Let changes take effect."""
        for name, value in changes.items():
            if name in self.effects:
                self.effects[name](owner, value)
            elif name not in NODES:
                owner.settings[name] = value
        if isinstance(owner, CacheCluster) and "NumCacheNodes" in changes:
            self._resize_pool(owner, changes)

    def _promote(self, group: ReplicationGroup, name: str) -> None:
        new = self.clusters.find(name)
        if not self.leads(new):
            self.hand_over(group, new)

    # other node types

    def ListAllowedNodeTypeModifications(self, request: Values) -> Values:
        """List the node types that a group or a cluster can have, larger ones and smaller ones."""
        group, cluster = request.get("ReplicationGroupId"), request.get("CacheClusterId")
        refuse_if(bool(group) == bool(cluster), "group or cluster")
        owner: Owner = self.groups.find(group) if group else self.alone(str(cluster))
        types = [owner.node_type, *node_types()]
        size = {each.name: (each.maxmemory, each.price) for each in types}
        own = size[owner.node_type.name]
        return {
            "ScaleUpModifications": sorted(name for name in size if size[name] > own),
            "ScaleDownModifications": sorted(name for name in size if size[name] < own),
        }

    def rescale(self, owner: Owner, name: str) -> None:
        """Begin to move to nodes of another type: they are made, copy the old ones, and take over."""
        if name != owner.node_type.name:
            self.busy(owner, self.draw("new nodes", "full copy"), self._take_over, owner, name)

    def _take_over(self, owner: Owner, name: str) -> None:
        """Let the new nodes serve, if they can hold what is there."""
        old = owner.node_type
        owner.settings["CacheNodeType"] = name
        if self.held_by_each(owner) > owner.node_type.usable:
            owner.settings["CacheNodeType"] = old.name
            self._tell_of(owner, "scale down failed", name)
            return
        self._switch(owner, old)
        rest = self.draw("endpoint follows", "old nodes leave")
        self.busy(owner, rest, self._tell_of, owner, "node type changed", name)

    def held_by_each(self, owner: Owner) -> float:
        """Return the bytes that a node holds, as far as the last run left them; shards share them evenly."""
        shards = sum(map(self.leads, owner.members))
        return self.account.plane.memory(owner) / shards

    def _switch(self, owner: Owner, old: NodeType) -> None:
        """Order the take-over. SIMPLIFIED: the old nodes are paid until now, the new ones from now on."""
        for member in [each for each in owner.members if self.leads(each)]:
            if not self.hand_over_from(member):
                self.order(member.id, "away", self.draw("short outage"))
        factor = owner.node_type.usable / old.usable
        self.order(owner.members[0].id, "resize", amount=factor)
        for member in owner.members:
            self.give_back(member)
            self.rent(member)
            self.cancel_replacement(member.id)

    def _tell_of(self, owner: Owner, event: str, name: str) -> None:
        if isinstance(owner, ReplicationGroup):
            name = owner.id if event == "scale down failed" else name
            event = f"group {event}"
        self.tell(event, owner.id, name, topic=owner.topic)

    # more nodes of Memcached, or fewer

    def _resize_pool(self, cluster: CacheCluster, changes: Values) -> None:
        wanted = changes["NumCacheNodes"]
        more = wanted - len(cluster.zones)
        if more > 0:
            self.tell("nodes asked", cluster.id)
            zones = changes.get(ZONES) or in_turn(self.zones_of(cluster), wanted)[-more:]
            self.busy(cluster, self.draw("add nodes"), self._add_nodes, cluster, zones)
        elif more:
            lasts, leave = self.draw("remove nodes"), changes[LEAVE]
            self.busy(cluster, lasts, self._remove_nodes, cluster, leave)

    def _add_nodes(self, cluster: CacheCluster, zones: list[str]) -> None:
        before = list(cluster.nodes)
        cluster.zones += zones
        new = cluster.nodes[len(before) :]
        self.rent(cluster, new)
        for node, name, zone in zip(new, cluster.rented(new), zones, strict=True):
            self.order(cluster.rented(before)[0], "add node", joins=(name,))
            self.tell("node added", cluster.id, node, zone)
        numbers = str(len(before)), str(len(cluster.nodes))
        self.tell("nodes changed", cluster.id, *numbers, topic=cluster.topic)

    def _remove_nodes(self, cluster: CacheCluster, leave: list[str]) -> None:
        self.give_back(cluster, leave)
        for node, name in zip(leave, cluster.rented(leave), strict=True):
            self.order(name, "remove node")
            self.cancel_replacement(cluster.id, node)
            del cluster.zones[cluster.nodes.index(node)]
            cluster.gone.add(node)
        self.tell("nodes removed", cluster.id, ", ".join(leave), topic=cluster.topic)


def check_snapshots(group: ReplicationGroup, changes: Values) -> None:
    """Refuse automatic snapshots of nobody, and the choice of a node in a sharded group."""
    member, names = changes.get(SAVED_BY), [each.id for each in group.members]
    refuse_if(group.is_sharded and member, "snapshotting sharded")
    is_new = changes.get("SnapshotRetentionLimit") and not group.settings["SnapshotRetentionLimit"]
    refuse_if(is_new and not group.is_sharded and not member, "snapshotting whom")
    refuse_if(member and member.lower() not in names, "snapshotting nobody")
