"""Restore and seed: a new group or cluster that begins with what a snapshot or files in S3 have.

What is in a file is looked at when the nodes are there. If it cannot be loaded, the nodes are
`restore-failed`, and an event says why.
"""

from collections.abc import Callable
from typing import Any

from cachesim.errors import CachesimError
from cachesim.model.backups import divided, joined, look_at
from cachesim.model.saving import aged
from cachesim.service.elasticache.automatic import AutomaticSnapshots
from cachesim.service.elasticache.clusters import CacheCluster
from cachesim.service.elasticache.groups import ReplicationGroup
from cachesim.service.elasticache.snapshots import Saved, slots_in, sources_of
from cachesim.service.faults import refuse_if
from cachesim.service.plane import Held

FROM = {"SnapshotName", "SnapshotArns"}
SEEDS = "arn:aws:s3:::"
NEEDED = ("READ", "READ_ACP", "READ_OBJECT")  # permissions of the service of snapshots

Create = Callable[[dict[str, Any]], dict[str, Any]]
Seed = Callable[[], Held]  # what gives the content of new nodes when they are there


class Restores(AutomaticSnapshots):
    """The ways into a cluster."""

    def __init__(self, account: Any) -> None:
        super().__init__(account)
        self._seeds: dict[str, Seed] = {}  # by ARN

    def CreateReplicationGroup(self, request: dict[str, Any]) -> dict[str, Any]:
        """Begin to make a group, empty or with the content of a snapshot."""
        sharded = "NumNodeGroups" in request or "ReplicasPerNodeGroup" in request
        return self._create(super().CreateReplicationGroup, request, sharded)

    def CreateCacheCluster(self, request: dict[str, Any]) -> dict[str, Any]:
        """Begin to make a cluster, empty or with the content of a snapshot."""
        refuse_if(request.get("Engine") == "memcached" and FROM & set(request), "memcached seed")
        return self._create(super().CreateCacheCluster, request, False)

    def _create(self, create: Create, request: dict[str, Any], sharded: bool) -> dict[str, Any]:
        """Begin to make a resource, and remember what its nodes will begin with."""
        plain = {name: value for name, value in request.items() if name not in FROM}
        seed, usual = self._seed(request, sharded)
        answer = create(usual | plain)
        if seed is not None:
            (made,) = answer.values()
            self._seeds[made["ARN"]] = seed
        return answer

    def _seed(self, request: dict[str, Any], sharded: bool) -> tuple[Seed | None, dict[str, Any]]:
        """Return the source of the content of a new resource, and the settings that come with it."""
        refuse_if(set(request) >= FROM, "two seeds")
        if "SnapshotName" in request:
            found = self.snapshots.ready(request["SnapshotName"])
            refuse_if(found.is_sharded and not sharded, "sharded seed", found.id)
            files, when = [copy.file for copy in found.copies], found.copies[0].when
            return lambda: Held(joined(files), when), {
                "CacheNodeType": found.facts["CacheNodeType"]
            }
        arns = request.get("SnapshotArns", [])
        refuse_if(len(arns) > 1 and not sharded, "one file")
        for arn in arns:
            is_object = arn.startswith(SEEDS) and "/" in arn and "," not in arn
            refuse_if(not is_object, "no S3 object", arn, SEEDS)
        return (lambda: self._files(arns)) if arns else None, {}

    def _files(self, arns: list[str]) -> Held:
        """Fetch files of S3. TTLs have gone on since a file was written in simulated time.

        A file that comes from elsewhere has another clock: its TTLs go on from now.
        """
        found, start = [], int(self.account.calendar.start.timestamp())
        for arn in arns:
            file = self._file(*arn.removeprefix(SEEDS).split("/", 1))
            since = (look_at(file).written or 0) - start
            found.append(aged(file, self.now - since if 0 <= since <= self.now else 0))
        return Held(joined(found), self.now)

    def _file(self, name: str, key: str) -> bytes:
        bucket = self.bucket(name)
        for permission in NEEDED:
            allowed = bucket.grants.allows(permission, key)
            refuse_if(not allowed, "no permission of object", permission, name, key)
        refuse_if(key not in bucket.objects, "object not there", name, key)
        file: bytes = bucket.objects[key].content
        return file

    def opened(self, cluster: CacheCluster) -> None:
        """Load what a cluster by itself begins with; without it, it does not begin."""
        if why := self._load(cluster):
            cluster.status = "restore-failed"
            self.tell("restore failed", cluster.id, cluster.id, why, topic=cluster.topic)
        else:
            super().opened(cluster)

    def _opened(self, group: ReplicationGroup) -> None:
        why = self._load(group)
        if not why:
            super()._opened(group)
            return
        group.status = "create-failed"
        for member in group.members:
            member.status = "restore-failed"
            self.tell("restore failed", member.id, member.id, why)
        self.tell("group restore failed", group.id, group.id, why, topic=group.topic)

    def _load(self, resource: Saved) -> str:
        """Give the nodes their content. Return why that is not possible, or nothing."""
        seed = self._seeds.pop(resource.arn, None)
        try:
            held = seed() if seed else None
            if held:
                self._check_room(resource, held.file)
                self.account.plane.put(resource, held.file, held.until)
        except CachesimError as error:
            return str(error)
        return ""

    def _check_room(self, resource: Saved, file: bytes) -> None:
        """Refuse what does not fit into a shard."""
        is_sharded = getattr(resource, "is_sharded", False)
        refuse_if(is_sharded and look_at(file).databases > 1, "several databases")
        room = int(resource.node_type.usable * self.account.plane.scale)
        for part in divided(file, [slots_in(each.shard.slots) for each in sources_of(resource)]):
            needs = look_at(part).memory
            refuse_if(needs > room, "room of seed", needs, resource.node_type.name, room)
