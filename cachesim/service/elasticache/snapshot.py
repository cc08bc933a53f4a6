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
from cachesim.units import MIB

TAKEN = ["PreferredMaintenanceWindow", "SnapshotRetentionLimit", "SnapshotWindow", "CacheNodeType"]

Saved = ReplicationGroup | CacheCluster  # what a snapshot is of


class SavedNode(NamedTuple):
    """A node that is saved, and the shard that it belongs to."""

    member: CacheCluster
    shard: Shard | None  # None: it is no member of a group

    @property
    def slots(self) -> frozenset[int]:
        """The slots of its keys."""
        return slots_in(self.shard.slots if self.shard else "")

    def shown(self, scale: float, copy: NodeCopy, taken: datetime) -> dict[str, Any]:
        """Return its part of a snapshot in AWS's shape."""
        found: dict[str, Any] = {
            "CacheNodeId": "0001",
            "CacheNodeCreateTime": self.member.created,
            "SnapshotCreateTime": taken,
            "CacheSize": f"{math.ceil(len(copy.file) / scale / MIB)} MB" if copy.file else "",
        }
        if self.shard is None:
            return found
        return {**found, "CacheClusterId": self.member.id, "NodeGroupId": self.shard.id}

    def configuration(self) -> dict[str, Any]:
        """Return the shape of its shard, as ShowNodeGroupConfig asks for it."""
        shard = self.shard
        if shard is None:
            return {}
        zones = [each.zones[0] for each in shard.replicas()]
        return {
            "NodeGroupConfiguration": {
                "NodeGroupId": shard.id,
                "Slots": shard.slots,
                "ReplicaCount": len(zones),
                "PrimaryAvailabilityZone": shard.primary.zones[0],
                "ReplicaAvailabilityZones": zones,
            }
        }


@dataclass
class Snapshot:
    """A snapshot. A copy of it has the same files."""

    id: str
    arn: str
    facts: dict[str, Any]  # members of the answer that never change
    sources: list[SavedNode]
    parts: list[dict[str, Any]]  # the configuration of each source when the snapshot began
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
        nodes = [
            source.shown(self.scale, copy, self.taken) | (part if with_configuration else {})
            for source, copy, part in zip(self.sources, self.copies, self.parts, strict=True)
        ]
        return {
            **self.facts,
            "SnapshotName": self.id,
            "SnapshotStatus": self.status,
            "SnapshotSource": self.kind,
            "NodeSnapshots": nodes,
            "ARN": self.arn,
        }


def facts_of(resource: Saved, sources: list[SavedNode]) -> dict[str, Any]:
    """Return the members of a snapshot that tell of its group or cluster."""
    settings, first = resource.settings, sources[0].member
    found = {
        **{name: settings[name] for name in TAKEN if name in settings},
        "Engine": first.engine,
        "EngineVersion": version_of(first.engine, settings.get("EngineVersion", "")).full,
        "Port": first.port,
        "CacheClusterCreateTime": first.created,
        "PreferredAvailabilityZone": first.zones[0],
        "NumCacheNodes": 1,
    }
    if resource.topic:
        found["TopicArn"] = resource.topic
    if isinstance(resource, CacheCluster):
        return {**found, "CacheClusterId": first.id}
    found |= {
        "ReplicationGroupId": resource.id,
        "ReplicationGroupDescription": settings["ReplicationGroupDescription"],
        "NumNodeGroups": len(resource.shards),
        "AutomaticFailover": "enabled" if resource.failover else "disabled",
    }
    return found if resource.is_sharded else {**found, "CacheClusterId": first.id}


def slots_in(text: str) -> frozenset[int]:
    """Return the slots of a list of ranges; all of them if the list is empty.

    >>> sorted(slots_in("0-2,7-8")), len(slots_in(""))
    ([0, 1, 2, 7, 8], 16384)
    """
    ranges = (part.partition("-") for part in (text or f"0-{SLOTS - 1}").split(","))
    return frozenset(
        slot for begin, _, end in ranges for slot in range(int(begin), int(end or begin) + 1)
    )


def sources_of(resource: Saved, member: str = "", primary: bool = False) -> list[SavedNode]:
    """Return the nodes that are saved: of each shard a replica if there is one, or the primary.

    `member` names the one to save; it is left alone if it is not there any more.
    """
    if isinstance(resource, CacheCluster):
        return [SavedNode(resource, None)]
    found = []
    for shard in resource.shards:
        last = shard.primary if primary else [shard.primary, *shard.replicas()][-1]
        named = [each for each in shard.members if each.id == member.lower()]
        found.append(SavedNode((named or [last])[0], shard))
    return found


def leader(resource: Saved) -> str:
    """Return the node whose restart empties all."""
    if isinstance(resource, CacheCluster):
        return resource.rented()[0]
    return resource.shards[0].primary.id
