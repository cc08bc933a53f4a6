"""Snapshots: create, copy, delete, describe; and the last one of a group that is deleted."""

from dataclasses import replace
from typing import Any

from cachesim.service.elasticache.checks import identifier, only
from cachesim.service.elasticache.failover import DAY, Failovers
from cachesim.service.elasticache.groups import ReplicationGroup
from cachesim.service.elasticache.snapshot import (
    Saved,
    SavedNode,
    Snapshot,
    facts_of,
    leader,
    sources_of,
)
from cachesim.service.faults import ServiceFault, bad_combination
from cachesim.service.pages import page
from cachesim.service.register import Register
from cachesim.units import MIB

MOST_MANUAL = 20  # of a node in 24 hours
RATE = 100 * MIB  # bytes per second that a snapshot takes besides: an assumption
DELETION = (  # members of a request
    *("ReplicationGroupId", "CacheClusterId", "FinalSnapshotIdentifier", "RetainPrimaryCluster"),
)
KINDS = {"system": "automated", "user": "manual"}  # as DescribeSnapshots asks -> as it answers


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
        only(request, ("SnapshotName", "ReplicationGroupId", "CacheClusterId"))
        name = identifier(request["SnapshotName"], "SnapshotName")
        self.snapshots.check_new(name)
        resource, sources = self._asked_for(request)
        self._count(sources)
        return {"Snapshot": self.save(name, resource, sources).shown()}

    def _asked_for(self, request: dict[str, Any]) -> tuple[Saved, list[SavedNode]]:
        """Find what shall be saved: a cluster by itself, a member, or a sharded group as a whole."""
        if ("ReplicationGroupId" in request) == ("CacheClusterId" in request):
            raise bad_combination("Name either a ReplicationGroupId or a CacheClusterId.")
        if "ReplicationGroupId" in request:
            group = self.groups.ready(request["ReplicationGroupId"])
            if not group.is_sharded:
                raise bad_combination(
                    "With cluster mode disabled a snapshot is of one member: name its CacheClusterId."
                )
            return group, sources_of(group)
        member = self.clusters.find(request["CacheClusterId"])
        check_engine(member.engine)
        self.clusters.ready(member.id)
        if not member.group:
            return member, sources_of(member)
        group = self.groups.ready(member.group)
        if group.is_sharded:
            raise bad_combination(
                "With cluster mode enabled a snapshot is of the group: name its ReplicationGroupId."
            )
        return group, sources_of(group, member.id)

    def _count(self, sources: list[SavedNode]) -> None:
        """Refuse the 21st manual snapshot of a node in 24 hours."""
        now = self.account.calendar.now
        self._manual = [each for each in self._manual if each[0] > now - DAY]
        nodes = [source.member.id for source in sources]
        for node in nodes:
            if sum(node == other for _, other in self._manual) >= MOST_MANUAL:
                raise ServiceFault(
                    "SnapshotQuotaExceededFault",
                    f"A node can have at most {MOST_MANUAL} manual snapshots in 24 hours; {node} has them.",
                )
        self._manual += [(now, node) for node in nodes]

    def save(
        self,
        name: str,
        resource: Saved,
        sources: list[SavedNode],
        kind: str = "manual",
        last: bool = False,
    ) -> Snapshot:
        """Begin a snapshot of what the nodes hold now. It blocks the resource, unless it is the last one."""
        plane, calendar = self.account.plane, self.account.calendar
        made = Snapshot(
            name,
            self.account.arn("elasticache", f"snapshot:{name}"),
            facts_of(resource, sources),
            sources,
            [source.configuration() for source in sources],
            plane.copy(resource, leader(resource), {s.member.id: s.slots for s in sources}),
            calendar.date,
            resource.arn,
            isinstance(resource, ReplicationGroup) and resource.is_sharded,
            plane.scale,
            kind,
        )  # fmt: skip
        self._enter(made)
        made.lasts = self._seconds(resource)
        calendar.at(made.lasts, lambda: self.saved(made, resource))
        for each in () if last else (resource, *(source.member for source in sources)):
            self.busy(each, made.lasts, state="snapshotting")
        return made

    def _seconds(self, resource: Saved) -> float:
        """Return how long a snapshot takes. In the middle of a run its size is that at the run's begin."""
        plane = self.account.plane
        size = len(plane.content(resource, leader(resource))) / plane.scale
        drawn: float = self.account.timings.draw("snapshot")
        return drawn + size / RATE if drawn else 0.0

    def saved(self, made: Snapshot, resource: Saved) -> None:
        """Let a snapshot be complete."""
        made.status = "available"
        for source in made.sources:
            member = source.member.id
            self.tell("snapshot saved", member, made.id, member, topic=resource.topic)

    def before_deletion(self, resource: Saved, request: dict[str, Any]) -> float:
        """Save the primaries before they go, if the request names a last snapshot."""
        only(request, DELETION)
        if "FinalSnapshotIdentifier" not in request:
            return 0.0
        name = identifier(request["FinalSnapshotIdentifier"], "FinalSnapshotIdentifier")
        check_engine(getattr(resource, "engine", "redis"))
        if resource.status != "available":
            raise bad_combination(f"{resource.id} is {resource.status}: it has nothing to save.")
        sources = sources_of(resource, primary=True)
        return self.save(name, resource, sources, last=True).lasts

    def CopySnapshot(self, request: dict[str, Any]) -> dict[str, Any]:
        """Copy a snapshot under another name; exports.py copies one to S3."""
        only(request, ("SourceSnapshotName", "TargetSnapshotName", "TargetBucket"))
        source = self.snapshots.ready(request["SourceSnapshotName"])
        name = identifier(request["TargetSnapshotName"], "TargetSnapshotName")
        arn = self.account.arn("elasticache", f"snapshot:{name}")
        made = replace(source, id=name, arn=arn, kind="manual", status="copying")
        if "TargetBucket" in request:
            self.export(source, made, request["TargetBucket"])
        else:
            self._enter(made)
            self._later("copy snapshot", lambda: setattr(made, "status", "available"))
        return {"Snapshot": made.shown()}

    def _enter(self, snapshot: Snapshot) -> None:
        """Enter a snapshot, which costs from now on."""
        self.snapshots.add(snapshot)
        snapshot.begin = self.account.calendar.now
        self._ever.append(snapshot)

    def export(self, source: Snapshot, target: Snapshot, bucket: str) -> None:
        """Write the files of a snapshot to S3."""
        raise ServiceFault("NotImplemented", "TargetBucket is not simulated; leave it out.")

    def DeleteSnapshot(self, request: dict[str, Any]) -> dict[str, Any]:
        """Begin to remove a snapshot."""
        found = self.snapshots.ready(request["SnapshotName"])
        found.status = "deleting"
        self._later("delete snapshot", lambda: self.drop(found))
        return {"Snapshot": found.shown()}

    def drop(self, snapshot: Snapshot) -> None:
        """Strike a snapshot out, if it is still there: it may have gone with its group."""
        if snapshot in list(self.snapshots):
            self.snapshots.remove(snapshot)
            snapshot.end = self.account.calendar.now

    def DescribeSnapshots(self, request: dict[str, Any]) -> dict[str, Any]:
        """List snapshots: all, or those with a name, of a group, of a cluster, of a kind."""
        name, chosen = request.get("SnapshotName"), list(self.snapshots)
        if name:
            chosen = [self.snapshots.find(name)]
        for member in ("ReplicationGroupId", "CacheClusterId"):
            if member in request:
                wanted = request[member].lower()
                chosen = [each for each in chosen if each.facts.get(member) == wanted]
        kind = KINDS.get(request.get("SnapshotSource", ""))
        with_configuration = request.get("ShowNodeGroupConfig", False)
        found = [each.shown(with_configuration) for each in chosen if kind in (None, each.kind)]
        return page(found, request, "Snapshots")

    def _later(self, step: str, call: Any) -> None:
        self.account.calendar.at(self.account.timings.draw(step), call)


def check_engine(engine: str) -> None:
    """Refuse a Memcached, which cannot be saved."""
    if engine == "memcached":
        raise ServiceFault(
            "SnapshotFeatureNotSupportedFault",
            "You cannot create a snapshot of a Memcached cluster: Redis alone can be saved.",
        )
