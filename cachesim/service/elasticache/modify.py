"""Modify: settings that change at once, or in the maintenance window. data/settings.csv says which."""

from collections.abc import Callable
from typing import Any

from cachesim.service.elasticache.checks import only
from cachesim.service.elasticache.clusters import CacheCluster
from cachesim.service.elasticache.groups import ReplicationGroup
from cachesim.service.elasticache.scaling import Scaling
from cachesim.service.elasticache.settings import CHECKS, settings_of
from cachesim.service.elasticache.windows import Owner
from cachesim.service.faults import refuse_if

Values = dict[str, Any]
WAITS = "modification"  # what waits for a window
GROUP = ["AutomaticFailoverEnabled", "MultiAZEnabled", "PrimaryClusterId"]  # besides settings
CLUSTER = ["NumCacheNodes"]
BESIDE = ("CacheNodeIdsToRemove", "NewAvailabilityZones")  # they say more about NumCacheNodes


class Modifications(Scaling):
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
            "NumCacheNodes": lambda cluster, value: self.resize_pool(cluster, *value),
        }

    def ModifyReplicationGroup(self, request: Values) -> Values:
        """Change settings of a group, at once or in its maintenance window."""
        group = self.groups.ready(request["ReplicationGroupId"])
        changes = self._changes(
            "group", request, ["ReplicationGroupId", *GROUP, "SnapshottingClusterId"]
        )
        check_snapshots(group, request)
        changes |= {name: request[name] for name in GROUP if name in request}
        self._check_group(group, changes)
        self._modify(group, changes, request)
        return {"ReplicationGroup": group.shown()}

    def ModifyCacheCluster(self, request: Values) -> Values:
        """Change settings of a cluster that is no member of a group, or its number of nodes."""
        cluster = self.alone(request["CacheClusterId"])
        changes = self._changes("cluster", request, ["CacheClusterId", *CLUSTER, *BESIDE])
        if "CacheNodeType" in changes:
            self.check_node_type(cluster)
        if "NumCacheNodes" in request:
            wanted = request["NumCacheNodes"]
            self.check_nodes(cluster, wanted, request)
            changes["NumCacheNodes"] = wanted, {n: request[n] for n in BESIDE if n in request}
        self._modify(cluster, changes, request)
        return {"CacheCluster": cluster.shown()}

    def _changes(self, kind: str, request: Values, others: list[str]) -> Values:
        """Return the new settings that a request asks for, checked; refuse what cannot be changed."""
        table = {row.member: row for row in settings_of(kind).values() if row.change != "never"}
        only(request, [*table, *others, *self.hooks, "ApplyImmediately"])
        wanted = {name: request[name] for name in table if name in request}
        return {name: CHECKS[table[name].check](self, value) for name, value in wanted.items()}

    def _check_group(self, group: ReplicationGroup, changes: Values) -> None:
        failover = changes.get("AutomaticFailoverEnabled", group.failover)
        zones = changes.get("MultiAZEnabled", group.zones)
        refuse_if(group.is_sharded and not failover, "failover off")
        refuse_if(
            changes.get("AutomaticFailoverEnabled")
            and not (group.is_sharded or group.shards[0].replicas()),
            "failover to nobody",
        )
        refuse_if(
            zones and not (failover and all(shard.replicas() for shard in group.shards)),
            "zones without failover",
        )
        if "PrimaryClusterId" in changes:
            self._check_promotion(group, changes["PrimaryClusterId"])

    def _check_promotion(self, group: ReplicationGroup, name: str) -> None:
        refuse_if(group.failover or group.zones, "promotion")
        refuse_if(name not in [member.id for member in group.members], "no member", name, group.id)

    def _modify(self, owner: Owner, changes: Values, request: Values) -> None:
        """Do at once what can be, and keep the rest for the window."""
        for name in self.hooks:
            if name in request:
                self.hooks[name](owner, request)
        kind = "group" if isinstance(owner, ReplicationGroup) else "cluster"
        table, at_once = settings_of(kind), request.get("ApplyImmediately", False)
        later = {
            name: value for name, value in changes.items()
            if not at_once and (name not in table or table[name].change == "window")
        }  # fmt: skip
        for name in changes:
            self._unpend(owner, name)
        self._do(owner, {n: value for n, value in changes.items() if n not in later})
        if isinstance(owner, CacheCluster) and "NumCacheNodes" in later:
            self._pend_nodes(owner, *later.pop("NumCacheNodes"))
        owner.pending.update(later)
        if owner.pending:
            self.await_window(owner, WAITS, lambda: self._do_pending(owner))

    def _unpend(self, owner: Owner, name: str) -> None:
        """Let a newer change take the place of one that waits."""
        for each in (name, *(BESIDE if name == "NumCacheNodes" else ())):
            owner.pending.pop(each, None)

    def _pend_nodes(self, cluster: CacheCluster, wanted: int, beside: Values) -> None:
        """Keep a number of nodes for the window; the number that is there only cancels another."""
        if wanted != len(cluster.zones):
            cluster.pending.update({"NumCacheNodes": wanted, **beside})

    def _do_pending(self, owner: Owner) -> None:
        changes = dict(owner.pending)
        owner.pending.clear()
        beside = {name: changes.pop(name) for name in BESIDE if name in changes}
        if "NumCacheNodes" in changes:
            changes["NumCacheNodes"] = changes["NumCacheNodes"], beside
        self._do(owner, changes)

    def _do(self, owner: Owner, changes: Values) -> None:
        """Let changes take effect."""
        for name, value in changes.items():
            if name in self.effects:
                self.effects[name](owner, value)
            else:
                owner.settings[name] = value

    def _promote(self, group: ReplicationGroup, name: str) -> None:
        shard = group.shards[0]
        new = next(member for member in shard.members if member.id == name)
        if new is not shard.primary:
            self.hand_over(group, shard, new)


def check_snapshots(group: ReplicationGroup, request: Values) -> None:
    """Refuse automatic snapshots of nobody, and the choice of a node in a sharded group."""
    chosen = request.get("SnapshottingClusterId")
    refuse_if(group.is_sharded and chosen, "snapshotting sharded")
    is_new = request.get("SnapshotRetentionLimit") and not group.settings["SnapshotRetentionLimit"]
    refuse_if(is_new and not group.is_sharded and not chosen, "snapshotting whom")
    is_member = chosen and chosen.lower() in [member.id for member in group.members]
    refuse_if(chosen and not is_member, "snapshotting nobody")
