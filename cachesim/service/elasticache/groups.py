"""Replication groups: a primary with replicas, or several shards of them."""

from dataclasses import dataclass, field
from typing import Any

from cachesim.service.checks import identifier, in_range, in_turn, named_zones
from cachesim.service.elasticache.auth import access_of, associate, check_access
from cachesim.service.elasticache.clusters import (
    SHOWN,
    CacheCluster,
    CacheClusters,
    ConfiguredCache,
    some,
)
from cachesim.service.elasticache.settings import taken
from cachesim.service.faults import only, refusal, refuse_if
from cachesim.service.register import Register
from cachesim.service.tables import in_shape
from cachesim.service.tags import tags_of

MOST_MEMBERS = 6  # of a shard: the primary and five replicas
MOST_SHARDS = 90
SLOTS = 16384
GROUP = (  # of a request, besides the settings
    "ReplicationGroupId AutomaticFailoverEnabled MultiAZEnabled NumCacheClusters NumNodeGroups "
    "ReplicasPerNodeGroup Engine PreferredCacheClusterAZs NodeGroupConfiguration Tags"
)
SHARD = ("PrimaryAvailabilityZone", "ReplicaAvailabilityZones", "ReplicaCount")
ABLED = ("disabled", "enabled")
PLAIN = {"primary": "{}.abc123.ng.0001", "reader": "{}-ro.abc123.ng.0001"}  # addresses
WITH_TLS = {"primary": "master.{}.abc123", "reader": "replica.{}.abc123"}


@dataclass(eq=False)
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


@dataclass(eq=False)
class ReplicationGroup(ConfiguredCache):
    """A replication group."""

    is_sharded: bool
    failover: bool
    zones: bool  # Multi-AZ
    shards: list[Shard] = field(default_factory=list)
    coming: list[Shard] = field(default_factory=list)  # they are made now, and have no slots yet

    kind = "group"

    @property
    def members(self) -> list[CacheCluster]:
        """All members of all shards, also of those that are made now."""
        return [member for shard in [*self.shards, *self.coming] for member in shard.members]

    def shard(self, name: str) -> Shard:
        """Return a shard by its name."""
        for each in self.shards:
            if each.id == name:
                return each
        raise refusal("no shard", name)

    def shard_with(self, member: CacheCluster) -> Shard:
        """Return the shard of a member."""
        return next(each for each in [*self.shards, *self.coming] if member in each.members)

    def deal(self) -> None:
        """Give all slots to the shards. SIMPLIFIED: in equal runs."""
        for number, shard in enumerate(self.shards):
            begin, end = (SLOTS * edge // len(self.shards) for edge in (number, number + 1))
            shard.slots = f"{begin}-{end - 1}"

    def shown(self) -> dict[str, Any]:
        """Return the group in AWS's shape; it has no endpoints while it is created."""
        on = "enabling" if self.status == "creating" else "enabled"
        found = in_shape(
            "group",
            self,
            Description=self.settings["ReplicationGroupDescription"],
            MemberClusters=[member.id for member in self.members],
            AutomaticFailover=on if self.failover else "disabled",
            MultiAZ=ABLED[self.zones],
            ClusterMode=ABLED[self.is_sharded],
            PendingModifiedValues=self._pending(),
            **some(self.settings, (*SHOWN, "SnapshottingClusterId")),
            **access_of(self.settings),
        )
        if self.status == "creating":
            return found
        if self.is_sharded:
            found["ConfigurationEndpoint"] = self._endpoint("clustercfg")
        every = [*self.shards, *self.coming]
        return {**found, "NodeGroups": [self._node_group(shard) for shard in every]}

    def _pending(self) -> dict[str, Any]:
        """Return the changes that wait for the window, if AWS shows them for a group; members show more."""
        found = some(self.pending, ("PrimaryClusterId",))
        if "AutomaticFailoverEnabled" in self.pending:
            found["AutomaticFailoverStatus"] = ABLED[self.pending["AutomaticFailoverEnabled"]]
        if "Resharding" in self.pending:
            found["Resharding"] = {"SlotMigration": self.pending["Resharding"]()}
        return found

    def _endpoint(self, kind: str) -> dict[str, Any]:
        names = WITH_TLS if self.settings.get("TransitEncryptionEnabled") else PLAIN
        name = names.get(kind, "clustercfg.{}.abc123").format(self.id)
        return {"Address": f"{name}.use1.cache.amazonaws.com", "Port": self.port}

    def _node_group(self, shard: Shard) -> dict[str, Any]:
        found = {
            "NodeGroupId": shard.id,
            "Status": "creating" if shard in self.coming else self.status,
            "NodeGroupMembers": [self._member(shard, member) for member in shard.members],
        }
        if not self.is_sharded:
            ends = {f"{kind.capitalize()}Endpoint": self._endpoint(kind) for kind in PLAIN}
            return {**found, **ends}
        return {**found, "Slots": shard.slots} if shard.slots else found

    def _member(self, shard: Shard, member: CacheCluster) -> dict[str, Any]:
        about = {}
        if not self.is_sharded:
            role = "primary" if member is shard.primary else "replica"
            about = {"CurrentRole": role, "ReadEndpoint": member.endpoint("0001")}
        return in_shape("member", member, PreferredAvailabilityZone=member.zones[0], **about)


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
        self.enter(made.members, tags)
        self.groups.add(made, tags)
        associate(self, made, made.settings.get("UserGroupIds", []))
        step = "create sharded group" if made.is_sharded else "create group"
        self.later(step, self._opened, made)
        return {"ReplicationGroup": made.shown()}

    def _group_of(self, name: str, request: dict[str, Any]) -> ReplicationGroup:
        settings = taken(self, request, "group", GROUP)
        engine = request.get("Engine", "redis")
        refuse_if(engine not in ("redis", "valkey"), "group engine")
        self.complete(settings, engine)
        check_access(self, settings)
        sharded, shards, members = self.cluster_mode(settings, request, sizes(request))
        failover = bool(request.get("AutomaticFailoverEnabled", sharded))
        across = bool(request.get("MultiAZEnabled"))
        check_failover(sharded, failover, across, members)
        known = self.subnet_groups.find(settings["CacheSubnetGroupName"]).zones
        refuse_if(across and len(known) < 2, "zones of subnets")
        arn = self.arn(f"replicationgroup:{name}")
        made = ReplicationGroup(name, engine, settings, self.date, arn, sharded, failover, across)
        zones = group_zones(request, shards, members, known)
        made.shards = [self.new_shard(made, number, own) for number, own in enumerate(zones, 1)]
        made.deal()
        return made

    def new_shard(self, group: ReplicationGroup, number: int, zones: list[str]) -> Shard:
        """Make a shard with a member in each of these zones; nobody knows it yet."""
        names = [f"{member_name(group, f'{number:04}')}{n + 1:03}" for n in range(len(zones))]
        made = [self.new_member(group, *each) for each in zip(names, zones, strict=True)]
        return Shard(f"{number:04}", made, made[0])

    def new_member(self, group: ReplicationGroup, name: str, zone: str) -> CacheCluster:
        """Make a member with the settings of its group; nobody knows it yet."""
        own = name, group.engine, group.settings, self.date, self.arn(f"cluster:{name}")
        return CacheCluster(*own, [zone], group.id, pending=group.pending)

    def enter(self, members: list[CacheCluster], tags: dict[str, str] | None = None) -> None:
        """Enter new members, all of them or none."""
        most = int(self.clusters.kind.most)
        refuse_if(len(self.clusters) + len(members) > most, "most nodes", most)
        for member in members:
            self.clusters.check_new(member.id)
        for member in members:
            self.clusters.add(member, tags)

    def _opened(self, group: ReplicationGroup) -> None:
        group.status = "available"
        for member in group.members:
            self.opened(member)
        self.tell("group created", group.id, group.id, topic=group.topic)

    def DeleteReplicationGroup(self, request: dict[str, Any]) -> dict[str, Any]:
        """Begin to remove a group; with RetainPrimaryCluster its primary goes on alone."""
        found = self.groups.ready(request["ReplicationGroupId"], "create-failed")
        keeps = request.get("RetainPrimaryCluster", False)
        refuse_if(keeps and found.is_sharded, "sharded retained")
        self.later("delete", self._closed, found, after=self.before_deletion(found, request))
        found.status = "deleting"
        for member in found.members:
            if not keeps or member is not found.shards[0].primary:
                member.status = "deleting"
        return {"ReplicationGroup": found.shown()}

    def _closed(self, group: ReplicationGroup) -> None:
        primary = group.shards[0].primary
        if primary.status != "deleting":  # it was retained
            content = self.account.plane.content(group)
            group.shards[0].members.remove(primary)
            primary.group, primary.settings, primary.pending = "", dict(group.settings), {}
            self.account.plane.put(primary, content)
        self.groups.remove(group)
        associate(self, group, [])
        for member in group.members:
            self.closed(member)
        self.tell("group deleted", group.id, group.id, topic=group.topic)


def member_name(group: ReplicationGroup, shard: str) -> str:
    """Return how the names of the members of a shard begin."""
    return f"{group.id}-{shard}-" if group.is_sharded else f"{group.id}-"


def sizes(request: dict[str, Any]) -> tuple[bool, int, int]:
    """Return whether a group is sharded, its shards, and the members of each.

    >>> sizes({"NumNodeGroups": 3, "ReplicasPerNodeGroup": 1}), sizes({"NumCacheClusters": 3})
    ((True, 3, 2), (False, 1, 3))
    """

    def number(name: str, least: int, most: int) -> int:
        return in_range(name, request.get(name, 1), least, most)

    if "NumNodeGroups" not in request and "ReplicasPerNodeGroup" not in request:
        return False, 1, number("NumCacheClusters", 1, MOST_MEMBERS)
    refuse_if("NumCacheClusters" in request, "nodes or shards")
    shards = number("NumNodeGroups", 1, MOST_SHARDS)
    return True, shards, 1 + number("ReplicasPerNodeGroup", 0, MOST_MEMBERS - 1)


def check_failover(is_sharded: bool, failover: bool, zones: bool, members: int) -> None:
    """Refuse a failover to nobody, and a cluster without failover; the smallest shard has `members`."""
    refuse_if(is_sharded and not failover, "failover off")
    refuse_if(failover and not is_sharded and members < 2, "failover to nobody")
    refuse_if(zones and not (failover and members > 1), "zones without failover")


def group_zones(
    request: dict[str, Any], shards: int, members: int, zones: list[str]
) -> list[list[str]]:
    """Return the zones of each shard's members, the primary's first.

    >>> group_zones({"PreferredCacheClusterAZs": ["b", "a"]}, 1, 2, ["a", "b"])
    [['b', 'a']]
    """
    several = request.get("PreferredCacheClusterAZs", [])
    configured = request.get("NodeGroupConfiguration", [])
    refuse_if(several and (configured or shards > 1), "zones of a group")
    if several:
        return [named_zones(several, members, zones, "PreferredCacheClusterAZs")]
    refuse_if(configured and len(configured) != shards, "zones of shards", shards)
    return [_shard_zones(each, members, zones) for each in configured or [{}] * shards]


def _shard_zones(shard: dict[str, Any], members: int, zones: list[str]) -> list[str]:
    """Return the zones of one shard's members."""
    only(shard, SHARD)
    is_even = shard.get("ReplicaCount", members - 1) == members - 1
    refuse_if(not is_even, "uneven shards", members - 1)
    usual = in_turn(zones, members)
    primary = shard.get("PrimaryAvailabilityZone", usual[0])
    replicas = shard.get("ReplicaAvailabilityZones", usual[1:])
    named_zones(replicas, members - 1, zones, "ReplicaAvailabilityZones")
    return named_zones([primary, *replicas], members, zones, "NodeGroupConfiguration")
