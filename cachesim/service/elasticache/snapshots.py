"""Snapshots: create, copy, delete, describe; the last one of a group that is deleted; files in S3."""

from collections import Counter
from dataclasses import replace
from typing import Any

from cachesim.model.backups import joined
from cachesim.service.account import REGION
from cachesim.service.elasticache.checks import identifier
from cachesim.service.elasticache.failover import DAY, Failovers
from cachesim.service.elasticache.snapshot import Saved, SavedNode, Snapshot, facts_of, sources_of
from cachesim.service.faults import only, refuse_if
from cachesim.service.pages import page
from cachesim.service.register import Register
from cachesim.units import MIB

MOST_MANUAL = 20  # of a node in 24 hours
RATE = 100 * MIB  # bytes per second that a snapshot takes besides: an assumption
DELETION = (  # members of a request
    *("ReplicationGroupId", "CacheClusterId", "FinalSnapshotIdentifier", "RetainPrimaryCluster"),
)
KINDS = {"system": "automated", "user": "manual"}  # as DescribeSnapshots asks -> as it answers
EXPORTED = ("READ", "WRITE", "READ_ACP")  # permissions of the service of snapshots


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
            plane.copy(resource, {source.member.id: source.slots for source in sources}),
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
        only(request, DELETION)
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
        refuse_if(found is None, "no bucket", name)
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
