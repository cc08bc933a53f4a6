"""Replication groups: a primary with replicas, or several shards of them."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cachesim.node_types import NodeType, node_type
from cachesim.service.elasticache.auth import access_of, associate, check_access
from cachesim.service.elasticache.checks import identifier, in_range
from cachesim.service.elasticache.clusters import SHOWN, CacheCluster, CacheClusters
from cachesim.service.elasticache.placement import group_zones
from cachesim.service.elasticache.settings import taken
from cachesim.service.faults import ServiceFault, bad_combination, bad_value
from cachesim.service.register import Register
from cachesim.service.tags import tags_of

MOST_MEMBERS = 6  # of a shard: the primary and five replicas
MOST_SHARDS = 90
NETWORK = {"NetworkType": "ipv4", "IpDiscovery": "ipv4", "DataTiering": "disabled"}
SLOTS = 16384
TOO_FEW = "When using automatic failover, there must be at least 2 cache clusters in the replication group."
GROUP = (  # of a request, besides the settings
    "ReplicationGroupId AutomaticFailoverEnabled MultiAZEnabled NumCacheClusters NumNodeGroups "
    "ReplicasPerNodeGroup Engine PreferredCacheClusterAZs NodeGroupConfiguration Tags"
)


@dataclass
class Shard:
    """A node group: its members in order of their names, and which of them leads."""

    id: str
    members: list[CacheCluster]
    primary: CacheCluster
    slots: str = ""
    leaves: bool = False  # whether its slots move away

    def replicas(self) -> list[CacheCluster]:
        """Return the members that follow."""
        return [each for each in self.members if each is not self.primary]

    def ready(self) -> list[CacheCluster]:
        """Return the members that could lead in the place of the primary."""
        return [each for each in self.replicas() if each.status == "available"]


@dataclass
class ReplicationGroup:
    """A replication group."""

    id: str
    settings: dict[str, Any]
    shards: list[Shard]
    created: datetime
    arn: str
    is_sharded: bool
    failover: bool
    zones: bool  # Multi-AZ
    status: str = "creating"
    pending: dict[str, Any] = field(default_factory=dict)  # what waits for the window
    works: list[str] = field(default_factory=list)  # the states of what is under way
    coming: list[Shard] = field(default_factory=list)  # they have no slots yet

    @property
    def engine(self) -> str:
        """The engine of its nodes."""
        return self.members[0].engine

    @property
    def node_type(self) -> NodeType:
        """What its nodes are."""
        return node_type(self.settings["CacheNodeType"])

    @property
    def topic(self) -> str:
        """The ARN of the topic that hears of it; empty if none does."""
        found: str = self.settings.get("NotificationTopicArn", "")
        return found

    @property
    def members(self) -> list[CacheCluster]:
        """All members of all shards, also of those that are made now."""
        return [member for shard in [*self.shards, *self.coming] for member in shard.members]

    def shown(self) -> dict[str, Any]:
        """Return the group in AWS's shape; it has no endpoints while it is created."""
        on = "enabled" if self.status != "creating" else "enabling"
        found = {
            "ReplicationGroupId": self.id,
            "Description": self.settings["ReplicationGroupDescription"],
            "Status": self.status,
            "MemberClusters": [member.id for member in self.members],
            "AutomaticFailover": on if self.failover else "disabled",
            "MultiAZ": "enabled" if self.zones else "disabled",
            "CacheNodeType": self.node_type.name,
            "ClusterEnabled": self.is_sharded,
            "ClusterMode": "enabled" if self.is_sharded else "disabled",
            **NETWORK,
            "ReplicationGroupCreateTime": self.created,
            "ARN": self.arn,
            "PendingModifiedValues": pending(self),
            "Engine": self.engine,
            **{name: self.settings[name] for name in SHOWN if name in self.settings},
            **access_of(self.settings),
        }
        if self.status == "creating":
            return found
        if self.is_sharded:
            found["ConfigurationEndpoint"] = self._endpoint("clustercfg")
        every = [*self.shards, *self.coming]
        return {**found, "NodeGroups": [self._node_group(shard) for shard in every]}

    def _endpoint(self, kind: str) -> dict[str, Any]:
        name = {"primary": f"{self.id}.abc123.ng.0001", "reader": f"{self.id}-ro.abc123.ng.0001"}
        if self.settings.get("TransitEncryptionEnabled"):
            name = {"primary": f"master.{self.id}.abc123", "reader": f"replica.{self.id}.abc123"}
        prefix = name.get(kind, f"{kind}.{self.id}.abc123")
        port = self.members[0].port
        return {"Address": f"{prefix}.use1.cache.amazonaws.com", "Port": port}

    def _node_group(self, shard: Shard) -> dict[str, Any]:
        members = [self._member(shard, member) for member in shard.members]
        status = "creating" if shard in self.coming else self.status
        found = {"NodeGroupId": shard.id, "Status": status, "NodeGroupMembers": members}
        if self.is_sharded:
            return {**found, "Slots": shard.slots} if shard.slots else found
        ends = {
            "PrimaryEndpoint": self._endpoint("primary"),
            "ReaderEndpoint": self._endpoint("reader"),
        }
        return {**found, **ends}

    def _member(self, shard: Shard, member: CacheCluster) -> dict[str, Any]:
        found = {
            "CacheClusterId": member.id,
            "CacheNodeId": "0001",
            "PreferredAvailabilityZone": member.zones[0],
        }
        if self.is_sharded:
            return found
        role = "primary" if member is shard.primary else "replica"
        return {**found, "CurrentRole": role, "ReadEndpoint": member.endpoint("0001")}


class ReplicationGroups(CacheClusters):
    """The operations on replication groups."""

    def __init__(self, account: Any) -> None:
        super().__init__(account)
        self.groups: Register[ReplicationGroup] = Register("group")

    def CreateReplicationGroup(self, request: dict[str, Any]) -> dict[str, Any]:
        """Begin to make a group; it is available some minutes later."""
        name = identifier(request["ReplicationGroupId"], "ReplicationGroupId")
        self.groups.check_new(name)
        made, tags = self._group_of(name, request), tags_of(request)
        for member in made.members:
            self.clusters.check_new(member.id)
        self.groups.add(made, tags)
        associate(self, made, made.settings.get("UserGroupIds", []))
        for member in made.members:
            self.clusters.add(member, tags)
        step = "create sharded group" if made.is_sharded else "create group"
        self.account.calendar.at(self.account.timings.draw(step), lambda: self._opened(made))
        return {"ReplicationGroup": made.shown()}

    def _group_of(self, name: str, request: dict[str, Any]) -> ReplicationGroup:
        settings = taken(self, request, "group", GROUP)
        engine = request.get("Engine", "redis")
        if engine not in ("redis", "valkey"):
            raise bad_value("The Engine of a replication group must be redis or valkey.")
        self.complete(settings, engine)
        check_access(self, settings)
        sharded, shards, members = self.cluster_mode(settings, request, sizes(request))
        check_failover(request, sharded, members)
        subnets = self.subnet_groups.find(settings["CacheSubnetGroupName"])
        zones = group_zones(request, shards, members, subnets.zones)
        return ReplicationGroup(
            name,
            settings,
            [
                self._shard(name, settings, number, shards, own, sharded)
                for number, own in enumerate(zones)
            ],
            self.account.calendar.date,
            self.account.arn("elasticache", f"replicationgroup:{name}"),
            sharded,
            bool(request.get("AutomaticFailoverEnabled", sharded)),
            bool(request.get("MultiAZEnabled")),
        )

    def _shard(
        self,
        name: str,
        settings: dict[str, Any],
        number: int,
        shards: int,
        zones: list[str],
        sharded: bool,
    ) -> Shard:
        """Make a shard, with a member in each of these zones."""
        prefix = f"{name}-{number + 1:04}-" if sharded else f"{name}-"
        made = [
            CacheCluster(
                f"{prefix}{place + 1:03}", "redis", settings, [zone],
                self.account.calendar.date,
                self.account.arn("elasticache", f"cluster:{prefix}{place + 1:03}"),
                group=name,
            )
            for place, zone in enumerate(zones)
        ]  # fmt: skip
        begin, end = (SLOTS * edge // shards for edge in (number, number + 1))
        return Shard(f"{number + 1:04}", made, made[0], f"{begin}-{end - 1}")

    def _opened(self, group: ReplicationGroup) -> None:
        group.status = "available"
        for member in group.members:
            self.opened(member)
        self.tell("group created", group.id, group.id, topic=group.topic)

    def DescribeReplicationGroups(self, request: dict[str, Any]) -> dict[str, Any]:
        """List groups."""
        return self.groups.described(request)

    def DeleteReplicationGroup(self, request: dict[str, Any]) -> dict[str, Any]:
        """Begin to remove a group with all of its members."""
        found = self.groups.ready(request["ReplicationGroupId"], "create-failed")
        lasts = self.before_deletion(found, request) + self.account.timings.draw("delete")
        found.status = "deleting"
        for member in found.members:
            member.status = "deleting"
        self.account.calendar.at(lasts, lambda: self._closed(found))
        return {"ReplicationGroup": found.shown()}

    def _closed(self, group: ReplicationGroup) -> None:
        self.groups.remove(group)
        associate(self, group, [])
        for member in group.members:
            self.closed(member)
        self.tell("group deleted", group.id, group.id, topic=group.topic)

    def check_reboot(self, cluster: CacheCluster) -> None:
        """Refuse the members of a group with cluster mode enabled."""
        if cluster.group and self.groups.find(cluster.group).is_sharded:
            raise ServiceFault(
                "InvalidCacheClusterStateFault",
                f"Cache cluster {cluster.id} is a node of a cluster, which cannot be rebooted.",
            )


def pending(group: ReplicationGroup) -> dict[str, Any]:
    """Return the changes that wait for the window, as far as AWS shows it for a group; members show the rest."""
    found = {name: group.pending[name] for name in ("PrimaryClusterId",) if name in group.pending}
    if "AutomaticFailoverEnabled" in group.pending:
        is_on = group.pending["AutomaticFailoverEnabled"]
        found["AutomaticFailoverStatus"] = "enabled" if is_on else "disabled"
    if "Resharding" in group.pending:
        found["Resharding"] = {"SlotMigration": group.pending["Resharding"]()}
    return found


def sizes(request: dict[str, Any]) -> tuple[bool, int, int]:
    """Return whether a group is sharded, its shards, and the members of each.

    >>> sizes({"NumNodeGroups": 3, "ReplicasPerNodeGroup": 1}), sizes({"NumCacheClusters": 3})
    ((True, 3, 2), (False, 1, 3))
    """
    if "NumNodeGroups" not in request and "ReplicasPerNodeGroup" not in request:
        return False, 1, in_range(request, "NumCacheClusters", 1, MOST_MEMBERS, 1)
    if "NumCacheClusters" in request:
        raise bad_combination("NumCacheClusters cannot be used with NumNodeGroups.")
    shards = in_range(request, "NumNodeGroups", 1, MOST_SHARDS, 1)
    replicas = in_range(request, "ReplicasPerNodeGroup", 0, MOST_MEMBERS - 1, 1)
    return True, shards, 1 + replicas


def check_failover(request: dict[str, Any], sharded: bool, members: int) -> None:
    """Refuse a failover to nobody, and a cluster without failover."""
    wanted = request.get("AutomaticFailoverEnabled")
    if sharded and wanted is False:
        raise bad_combination(
            "Turning off automatic failover for replication group with cluster mode enabled is not supported."
        )
    if wanted and not sharded and members < 2:
        raise bad_combination(TOO_FEW)
    if request.get("MultiAZEnabled") and (members < 2 or not (wanted or sharded)):
        raise bad_combination("Multi-AZ needs automatic failover and at least one replica.")
