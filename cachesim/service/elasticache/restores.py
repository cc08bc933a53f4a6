"""Restore and seed: a new group or cluster that begins with what a snapshot or files in S3 have.

What is in a file is looked at when the nodes are there. If it cannot be loaded, the nodes are
`restore-failed`, and an event says why.
"""

from collections.abc import Callable
from typing import Any

from cachesim.errors import BadInput, CachesimError
from cachesim.model.backups import divided, joined, look_at
from cachesim.model.saving import aged
from cachesim.service.account import REGION
from cachesim.service.elasticache.automatic import AutomaticSnapshots
from cachesim.service.elasticache.clusters import CacheCluster
from cachesim.service.elasticache.groups import ReplicationGroup
from cachesim.service.elasticache.snapshot import Saved, Snapshot, sources_of
from cachesim.service.faults import bad_combination, bad_value
from cachesim.service.plane import Held

FROM = ("SnapshotName", "SnapshotArns")
SEEDS = "arn:aws:s3:::"
NEEDED = ("READ", "READ_ACP", "READ_OBJECT")  # permissions of the service of snapshots
EXPORTED = ("READ", "WRITE", "READ_ACP")


class Restores(AutomaticSnapshots):
    """The ways into a cluster, and the one out of it."""

    def __init__(self, account: Any) -> None:
        super().__init__(account)
        self._seeds: dict[str, Callable[[], Held]] = {}  # ARN -> what gives the content

    def CreateReplicationGroup(self, request: dict[str, Any]) -> dict[str, Any]:
        """Begin to make a group, empty or with the content of a snapshot."""
        sharded = "NumNodeGroups" in request or "ReplicasPerNodeGroup" in request
        seed, plain = self._seed(request, sharded)
        answer = super().CreateReplicationGroup(plain)
        if seed:
            self._seeds[answer["ReplicationGroup"]["ARN"]] = seed
        return answer

    def CreateCacheCluster(self, request: dict[str, Any]) -> dict[str, Any]:
        """Begin to make a cluster, empty or with the content of a snapshot."""
        if request.get("Engine", "redis") == "memcached" and set(FROM) & set(request):
            raise bad_combination("Snapshots are not supported for a Memcached cluster.")
        seed, plain = self._seed(request, False)
        answer = super().CreateCacheCluster(plain)
        if seed:
            self._seeds[answer["CacheCluster"]["ARN"]] = seed
        return answer

    def _seed(
        self, request: dict[str, Any], sharded: bool
    ) -> tuple[Callable[[], Held] | None, dict[str, Any]]:
        """Return the source of a new resource's content, and the request without it."""
        plain = {name: value for name, value in request.items() if name not in FROM}
        if set(FROM) <= set(request):
            raise bad_combination("SnapshotName and SnapshotArns cannot be used together.")
        if "SnapshotName" in request:
            found = self.snapshots.ready(request["SnapshotName"])
            if found.is_sharded and not sharded:
                raise bad_combination(
                    f"Snapshot {found.id} is of a group with cluster mode enabled; it cannot be "
                    "restored with cluster mode disabled. Name NumNodeGroups."
                )
            return (lambda: _content(found)), {
                "CacheNodeType": found.facts["CacheNodeType"],
                **plain,
            }
        if "SnapshotArns" not in request:
            return None, plain
        arns = request["SnapshotArns"]
        if len(arns) > 1 and not sharded:
            raise bad_combination("With cluster mode disabled SnapshotArns has one file.")
        for arn in arns:
            if not arn.startswith(SEEDS) or "/" not in arn or "," in arn:
                raise bad_value(f"{arn} is not the ARN of an object in S3: {SEEDS}bucket/key.")
        return (lambda: self._files(arns)), plain

    def _files(self, arns: list[str]) -> Held:
        """Fetch files of S3. TTLs have gone on since a file was written in simulated time. Raises BadInput.

        A file that comes from elsewhere has another clock: its TTLs go on from now.
        """
        calendar, found = self.account.calendar, []
        for arn in arns:
            file = self._file(*arn.removeprefix(SEEDS).split("/", 1))
            since = (look_at(file).written or 0) - int(calendar.start.timestamp())
            found.append(aged(file, calendar.now - since if 0 <= since <= calendar.now else 0))
        return Held(joined(found), calendar.now)

    def _file(self, name: str, key: str) -> bytes:
        bucket = self.account.desk("s3").buckets.get(name)
        if bucket is None:
            raise BadInput(f"the S3 bucket {name} does not exist")
        if bucket.region != REGION:
            raise BadInput(f"the S3 bucket {name} is outside of the region")
        for permission in NEEDED:
            if not bucket.grants.allows(permission, key):
                raise BadInput(f"ElastiCache has no {permission} permission for {name}/{key}")
        if key not in bucket.objects:
            raise BadInput(f"the S3 bucket {name} has no object with key {key}")
        file: bytes = bucket.objects[key].content
        return file

    def opened(self, cluster: CacheCluster) -> None:
        """Load what a cluster by itself begins with; without it, it does not begin."""
        why = self._load(cluster)
        if not why:
            super().opened(cluster)
            return
        cluster.status = "restore-failed"
        self.tell("restore failed", cluster.id, cluster.id, why, topic=cluster.topic)

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
        if seed is None:
            return ""
        try:
            held = seed()
            self._check_room(resource, held.file)
        except CachesimError as error:
            return str(error)
        self.account.plane.put(resource, held.file, held.until)
        return ""

    def _check_room(self, resource: Saved, file: bytes) -> None:
        """Refuse what does not fit into a shard. Raises BadInput."""
        sharded = isinstance(resource, ReplicationGroup) and resource.is_sharded
        if sharded and look_at(file).databases > 1:
            raise BadInput("the file has keys in several databases; a cluster has only database 0")
        room = int(resource.node_type.usable * self.account.plane.scale)
        for part in divided(file, [source.slots for source in sources_of(resource)]):
            needs = look_at(part).memory
            if needs > room:
                raise BadInput(
                    f"the file needs {needs} bytes of memory, and {resource.node_type.name} has {room}"
                )

    # The way out

    def export(self, source: Snapshot, target: Snapshot, bucket: str) -> None:
        """Write one file for each shard to a bucket; the source is busy until they are there."""
        keys = [f"{target.id}.rdb"]
        if source.is_sharded:
            keys = [f"{target.id}-{number + 1:04}.rdb" for number in range(len(source.copies))]
        s3 = self.account.desk("s3")
        self._check_bucket(s3.buckets.get(bucket), bucket, keys)
        source.status = "copying"
        self._later("copy snapshot", lambda: self._write(source, s3, bucket, keys))

    def _check_bucket(self, found: Any, name: str, keys: list[str]) -> None:
        if found is None:
            raise bad_value(f"The S3 bucket {name} does not exist.")
        if found.region != REGION:
            raise bad_value(f"The S3 bucket {name} is outside of the region.")
        for permission in EXPORTED:
            if not all(found.grants.allows(permission, key) for key in keys):
                raise bad_value(
                    f"ElastiCache has not been granted {permission} permissions {name} on the S3 Bucket."
                )
        for key in keys:
            if key in found.objects:
                raise bad_value(f"The S3 bucket {name} already contains an object with key {key}.")

    def _write(self, source: Snapshot, s3: Any, bucket: str, keys: list[str]) -> None:
        source.status = "available"
        written = int(source.taken.timestamp())
        if bucket in s3.buckets:
            for key, copy in zip(keys, source.copies, strict=True):
                s3.put(s3.buckets[bucket], key, joined([copy.file], written, checksum=True))


def _content(snapshot: Snapshot) -> Held:
    """Return the content of a snapshot, and when the nodes held it."""
    return Held(joined([copy.file for copy in snapshot.copies]), snapshot.copies[0].when)
