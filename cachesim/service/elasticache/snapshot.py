"""A snapshot: what it says of the group or cluster that it is of, and the files of its nodes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from cachesim.service.bill import KeptBackup
from cachesim.service.elasticache.clusters import CacheCluster
from cachesim.service.elasticache.groups import SLOTS, ReplicationGroup, Shard
from cachesim.service.elasticache.parameter_table import version_of
from cachesim.service.plane import NodeCopy
from cachesim.service.tables import in_shape
from cachesim.units import MIB

TAKEN = ["PreferredMaintenanceWindow", "SnapshotRetentionLimit", "SnapshotWindow", "CacheNodeType"]
CONFIGURATION = "NodeGroupConfiguration"

Saved = ReplicationGroup | CacheCluster  # what a snapshot is of


class SavedNode(NamedTuple):
    """A node that is saved, and its shard: one without an id if it is no member of a group."""

    member: CacheCluster
    shard: Shard

    @property
    def slots(self) -> frozenset[int]:
        """The slots of its keys."""
        return slots_in(self.shard.slots)

    def shown(self, taken: datetime) -> dict[str, Any]:
        """Return its part of a snapshot in AWS's shape, but for the size of the file."""
        found = in_shape("saved node", self, SnapshotCreateTime=taken)
        if not self.shard.id:
            return found
        shape = in_shape("saved shard", self.shard, ReplicaCount=len(self.shard.replicas()))
        shape["PrimaryAvailabilityZone"] = self.shard.primary.zones[0]
        shape["ReplicaAvailabilityZones"] = [each.zones[0] for each in self.shard.replicas()]
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


def facts_of(resource: Saved, first: CacheCluster) -> dict[str, Any]:
    """Return the members of a snapshot that tell of its group or cluster; `first` is saved first."""
    settings = resource.settings
    found = in_shape(
        "saved cluster",
        first,
        EngineVersion=version_of(first.engine, settings.get("EngineVersion", "")).full,
        PreferredAvailabilityZone=first.zones[0],
        NumCacheNodes=1,
        TopicArn=resource.topic or None,
        **{name: settings.get(name) for name in TAKEN},
    )
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
