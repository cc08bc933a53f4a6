"""Snapshots: what they say of a group or cluster, the files of its nodes, and the operations.

The last snapshot of a group that is deleted, and the files that go to S3, are made here, too.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from cachesim.model.backups import joined
from cachesim.service.account import REGION
from cachesim.service.bill import KeptBackup
from cachesim.service.checks import identifier
from cachesim.service.elasticache.clusters import CacheCluster
from cachesim.service.elasticache.failover import DAY, Failovers
from cachesim.service.elasticache.groups import SLOTS, ReplicationGroup, Shard
from cachesim.service.elasticache.parameter_table import version_of
from cachesim.service.faults import refuse_if
from cachesim.service.pages import page
from cachesim.service.plane import NodeCopy
from cachesim.service.register import Register
from cachesim.service.tables import in_shape
from cachesim.units import MIB

MOST_MANUAL = 20  # of a node in 24 hours
RATE = 100 * MIB  # bytes per second that a snapshot takes besides: an assumption
KINDS = {"system": "automated", "user": "manual"}  # as DescribeSnapshots asks -> as it answers
EXPORTED = ("READ", "WRITE", "READ_ACP")  # permissions of the service of snapshots
TAKEN = ["PreferredMaintenanceWindow", "SnapshotRetentionLimit", "SnapshotWindow", "CacheNodeType"]
CONFIGURATION = "NodeGroupConfiguration"

Saved = ReplicationGroup | CacheCluster  # what a snapshot is of


class SavedNode(NamedTuple):
    """A node that is saved, and its shard: one without an id if it is no member of a group."""

    member: CacheCluster
    shard: Shard

    def shown(self, taken: datetime) -> dict[str, Any]:
        """Return its part of a snapshot in AWS's shape, but for the size of the file."""
        found = in_shape("saved node", self, SnapshotCreateTime=taken)
        if not self.shard.id:
            return found
        zones = [each.zones[0] for each in (self.shard.primary, *self.shard.replicas())]
        shape = in_shape(
            "saved shard", self.shard, ReplicaCount=len(zones) - 1,
            PrimaryAvailabilityZone=zones[0], ReplicaAvailabilityZones=zones[1:],
        )  # fmt: skip
        return found | {"CacheClusterId": self.member.id, CONFIGURATION: shape}


@dataclass
class Snapshot:
    """A snapshot. A copy of it has the same files."""

    id: str
    arn: str
    facts: dict[str, Any]  # members of the answer that never change
    nodes: list[dict[str, Any]]  # its parts, as the nodes were when it began
    copies: Sequence[NodeCopy]
    taken: datetime
    origin: str  # the ARN of the group or cluster
    is_sharded: bool
    scale: float  # by which the memory of the nodes is divided
    kind: str = "manual"  # or automated
    status: str = "creating"
    lasts: float = 0.0  # seconds until it is complete
    begin: float = 0.0  # seconds of the calendar
    end: float | None = None  # None: it is still there

    def billed(self) -> KeptBackup:
        """Return its line for the bill; its size is that of whole nodes, whatever the scale."""
        size = sum(math.ceil(len(copy.file) / self.scale) for copy in self.copies)
        owner = self.origin.rpartition(":")[2]
        return KeptBackup(self.id, owner, size, self.begin, self.end, self.kind)

    def shown(self, with_configuration: bool = False) -> dict[str, Any]:
        """Return the snapshot in AWS's shape."""
        nodes = []
        for node, copy in zip(self.nodes, self.copies, strict=True):
            size = math.ceil(len(copy.file) / self.scale / MIB)
            nodes.append({**node, "CacheSize": f"{size} MB" if size else ""})
            if not with_configuration:
                nodes[-1].pop(CONFIGURATION, None)
        return self.facts | in_shape("snapshot", self, NodeSnapshots=nodes)


class SnapshotOperations(Failovers):
    """The operations on snapshots."""

    def __init__(self, account: Any) -> None:
        super().__init__(account)
        self.snapshots: Register[Snapshot] = Register("snapshot")
        self._manual: list[tuple[float, str]] = []  # second and node of each
        self._ever: list[Snapshot] = []  # for the bill
        account.bill.snapshots = lambda: map(Snapshot.billed, self._ever)

    def CreateSnapshot(self, request: dict[str, Any]) -> dict[str, Any]:
        """Begin to save a cluster, one member of a group, or all shards of a sharded group."""
        name = identifier(request["SnapshotName"], "SnapshotName")
        self.snapshots.check_new(name)
        resource, sources = self._asked_for(request)
        self._count([source.member.id for source in sources])
        return {"Snapshot": self.save(name, resource, sources).shown()}

    def _asked_for(self, request: dict[str, Any]) -> tuple[Saved, list[SavedNode]]:
        """Find what shall be saved: a cluster by itself, a member, or a sharded group as a whole."""
        whole = "ReplicationGroupId" in request
        refuse_if(whole == ("CacheClusterId" in request), "group or cluster")
        if whole:
            group = self.groups.ready(request["ReplicationGroupId"])
            refuse_if(not group.is_sharded, "snapshot of member")
            return group, sources_of(group)
        member = self.clusters.find(request["CacheClusterId"])
        refuse_if(member.engine == "memcached", "snapshot of memcached")
        self.clusters.ready(member.id)
        if not member.group:
            return member, sources_of(member)
        group = self.groups.ready(member.group)
        refuse_if(group.is_sharded, "snapshot of group")
        return group, sources_of(group, member.id)

    def _count(self, nodes: list[str]) -> None:
        """Refuse the 21st manual snapshot of a node in 24 hours."""
        self._manual = [each for each in self._manual if each[0] > self.now - DAY]
        counts = Counter(node for _, node in self._manual)
        for node in nodes:
            refuse_if(counts[node] >= MOST_MANUAL, "snapshots of a day", MOST_MANUAL, node)
        self._manual += [(self.now, node) for node in nodes]

    def save(
        self, name: str, resource: Saved, sources: list[SavedNode],
        kind: str = "manual", last: bool = False,
    ) -> Snapshot:  # fmt: skip
        """Begin a snapshot of what the nodes hold now. It blocks the resource, unless it is the last one."""
        plane, members = self.account.plane, [source.member for source in sources]
        made = Snapshot(
            name, self.arn(f"snapshot:{name}"), facts_of(resource, members[0]),
            [source.shown(self.date) for source in sources],
            plane.copy(resource, {each.member.id: slots_in(each.shard.slots) for each in sources}),
            self.date, resource.arn, getattr(resource, "is_sharded", False), plane.scale, kind,
        )  # fmt: skip
        self._enter(made)
        size = len(plane.content(resource)) / plane.scale  # in a run: that at its begin
        copied = size / RATE if self.account.timings.mode == "typical" else 0.0
        made.lasts = self.later("snapshot", self.saved, made, resource, after=copied)
        for each in () if last else (resource, *members):
            self.busy(each, made.lasts, state="snapshotting")
        return made

    def saved(self, made: Snapshot, resource: Saved) -> None:
        """Let a snapshot be complete."""
        made.status = "available"
        for copy in made.copies:
            self.tell("snapshot saved", copy.node, made.id, copy.node, topic=resource.topic)

    def before_deletion(self, resource: Saved, request: dict[str, Any]) -> float:
        """Save the primaries before they go, if the request names a last snapshot."""
        if "FinalSnapshotIdentifier" not in request:
            return 0.0
        name = identifier(request["FinalSnapshotIdentifier"], "FinalSnapshotIdentifier")
        refuse_if(resource.engine == "memcached", "snapshot of memcached")
        refuse_if(resource.status != "available", "nothing to save", resource.id, resource.status)
        sources = sources_of(resource, primary=True)
        return self.save(name, resource, sources, last=True).lasts

    def CopySnapshot(self, request: dict[str, Any]) -> dict[str, Any]:
        """Copy a snapshot under another name, or to files in S3."""
        source = self.snapshots.ready(request["SourceSnapshotName"])
        name = identifier(request["TargetSnapshotName"], "TargetSnapshotName")
        arn = self.arn(f"snapshot:{name}")
        made = replace(source, id=name, arn=arn, kind="manual", status="copying")
        if "TargetBucket" in request:
            self._export(source, name, request["TargetBucket"])
        else:
            self._enter(made)
            self.later("copy snapshot", setattr, made, "status", "available")
        return {"Snapshot": made.shown()}

    def _enter(self, snapshot: Snapshot) -> None:
        """Enter a snapshot, which costs from now on."""
        self.snapshots.add(snapshot)
        snapshot.begin = self.now
        self._ever.append(snapshot)

    def _export(self, source: Snapshot, name: str, bucket: str) -> None:
        """Write one file for each shard to a bucket; the source is busy until they are there."""
        keys = [f"{name}.rdb"]
        if source.is_sharded:
            keys = [f"{name}-{number + 1:04}.rdb" for number in range(len(source.copies))]
        found = self.bucket(bucket)
        for permission in EXPORTED:
            allowed = all(found.grants.allows(permission, key) for key in keys)
            refuse_if(not allowed, "no permission", permission, bucket)
        for key in keys:
            refuse_if(key in found.objects, "object there", bucket, key)
        source.status = "copying"
        self.later("copy snapshot", self._write, source, bucket, keys)

    def bucket(self, name: str) -> Any:
        """Return a bucket of S3 in this Region."""
        found = self.account.desk("s3").buckets.get(name)
        refuse_if(found is None, "no S3 bucket", name)
        refuse_if(found.region != REGION, "bucket elsewhere", name)
        return found

    def _write(self, source: Snapshot, bucket: str, keys: list[str]) -> None:
        source.status = "available"
        s3, written = self.account.desk("s3"), int(source.taken.timestamp())
        if bucket in s3.buckets:
            for key, copy in zip(keys, source.copies, strict=True):
                s3.put(s3.buckets[bucket], key, joined([copy.file], written, checksum=True))

    def DeleteSnapshot(self, request: dict[str, Any]) -> dict[str, Any]:
        """Begin to remove a snapshot."""
        found = self.snapshots.ready(request["SnapshotName"])
        found.status = "deleting"
        self.later("delete snapshot", self.drop, found)
        return {"Snapshot": found.shown()}

    def drop(self, snapshot: Snapshot) -> None:
        """Strike a snapshot out, if it is still there: it may have gone with its group."""
        if snapshot in list(self.snapshots):
            self.snapshots.remove(snapshot)
            snapshot.end = self.now

    def DescribeSnapshots(self, request: dict[str, Any]) -> dict[str, Any]:
        """List snapshots: all, or those with a name, of a group, of a cluster, of a kind."""
        name = request.get("SnapshotName")
        chosen = [self.snapshots.find(name)] if name else list(self.snapshots)
        for member in ("ReplicationGroupId", "CacheClusterId"):
            wanted = request.get(member, "").lower()
            chosen = [each for each in chosen if wanted in ("", each.facts.get(member))]
        kind = KINDS.get(request.get("SnapshotSource", ""))
        full = request.get("ShowNodeGroupConfig", False)
        shown = [each.shown(full) for each in chosen if kind in (None, each.kind)]
        return page(shown, request, "Snapshots")


def facts_of(resource: Saved, first: CacheCluster) -> dict[str, Any]:
    """Return the members of a snapshot that tell of its group or cluster; `first` is saved first."""
    settings = resource.settings
    found = in_shape(
        "saved cluster", first, PreferredAvailabilityZone=first.zones[0], NumCacheNodes=1,
        EngineVersion=version_of(first.engine, settings.get("EngineVersion", "")).full,
        TopicArn=resource.topic or None, **{name: settings.get(name) for name in TAKEN},
    )  # fmt: skip
    if isinstance(resource, CacheCluster):
        return found
    if resource.is_sharded:
        del found["CacheClusterId"]
    return found | {
        "ReplicationGroupId": resource.id,
        "ReplicationGroupDescription": settings["ReplicationGroupDescription"],
        "NumNodeGroups": len(resource.shards),
        "AutomaticFailover": "enabled" if resource.failover else "disabled",
    }


def slots_in(text: str) -> frozenset[int]:
    """Return the slots of a list of ranges; all of them if the list is empty.

    >>> sorted(slots_in("0-2,7-8")), len(slots_in(""))
    ([0, 1, 2, 7, 8], 16384)
    """
    ranges = (part.partition("-") for part in (text or f"0-{SLOTS - 1}").split(","))
    spans = (range(int(begin), int(end or begin) + 1) for begin, _, end in ranges)
    return frozenset(slot for span in spans for slot in span)


def sources_of(resource: Saved, member: str = "", primary: bool = False) -> list[SavedNode]:
    """Return the nodes that are saved: of each shard a replica if there is one, or the primary.

    `member` names the one to save; it is left alone if it is not there any more.
    """
    if isinstance(resource, CacheCluster):
        return [SavedNode(resource, Shard("", [resource], resource))]
    found = []
    for shard in resource.shards:
        last = shard.primary if primary else [shard.primary, *shard.replicas()][-1]
        named = {each.id: each for each in shard.members}.get(member.lower(), last)
        found.append(SavedNode(named, shard))
    return found
