"""A week in the life of one cache: seeded, watched, scaled, patched, failed over, copied, deleted.

`cachesim cloud week` plays it and prints what could be seen at each step.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from cachesim.experiments.cloud import Cloud
from cachesim.experiments.first_day import BUCKET, GROUP, FirstDay, refusal


class WeekStep(NamedTuple):
    """One step of the week, and what could be seen."""

    when: str  # such as "mon 08:05"
    act: str
    seen: str


class Week(FirstDay):
    """The account of the week, and all of its steps."""

    def backup(self) -> str:
        """See the automatic snapshot in its window."""
        while self.group()["Status"] != "snapshotting" and self.cloud.account.calendar.now < 86400:
            self.cloud.advance(minutes=1)
        status = self.group()["Status"]
        code = refusal(self.cache.ModifyReplicationGroup, ReplicationGroupId=GROUP)
        self.cloud.advance(minutes=30)
        found = self.cache.DescribeSnapshots({"SnapshotSource": "system"})["Snapshots"]
        return f"{status}; Modify: {code}; snapshots {[each['SnapshotName'] for each in found]}"

    def maintain(self) -> str:
        """See the change come in the maintenance window, under load."""
        result = self.run(70, rate=6)
        found = self.group()
        errors = result.metrics["cache_errors"]
        pending = found["PendingModifiedValues"]
        return f"{found['CacheNodeType']}, pending {pending}; requests with a cache error: {errors:.0f}"

    def update(self) -> str:
        """Apply a service update, and stop it after the first node."""
        update = self.cache.DescribeServiceUpdates({})["ServiceUpdates"][0]["ServiceUpdateName"]
        asked = {"ServiceUpdateName": update, "ReplicationGroupIds": [GROUP]}
        self.cache.BatchApplyUpdateAction(asked)
        while self._action()["NodesUpdated"][0] == "0":
            self.cloud.advance(minutes=1)
        states = [self._action()["UpdateActionStatus"]]
        self.cache.BatchStopUpdateAction(asked)
        states.append(self._action()["UpdateActionStatus"])
        self.cloud.advance(minutes=60)
        states.append(self._action()["UpdateActionStatus"])
        return f"{', '.join(states)}; nodes updated {self._action()['NodesUpdated']}"

    def _action(self) -> dict[str, Any]:
        answer = self.cache.DescribeUpdateActions({"ReplicationGroupIds": [GROUP]})
        found: dict[str, Any] = answer["UpdateActions"][0]
        return found

    def fail_over(self) -> str:
        """Fail the primary over while writes come in."""
        self.cache.TestFailover({"ReplicationGroupId": GROUP, "NodeGroupId": "0001"})
        result = self.run(15, rate=30)
        events = self.cache.DescribeEvents({"Duration": 15})["Events"]
        return f"{len(events)} events; acknowledged writes lost: {len(result.lost_writes)}"

    def export(self) -> str:
        """Take a snapshot and copy it to S3."""
        self.cache.CreateSnapshot({"SnapshotName": "pre-sale", "CacheClusterId": f"{GROUP}-001"})
        self.cloud.advance(minutes=20)
        self.cache.CopySnapshot(
            {
                "SourceSnapshotName": "pre-sale",
                "TargetSnapshotName": "pre-sale-copy",
                "TargetBucket": BUCKET,
            }
        )
        self.cloud.advance(minutes=20)
        listed = self.s3.ListObjectsV2({"Bucket": BUCKET})["Contents"]
        return f"in the bucket: {[each['Key'] for each in listed]}"

    def restore(self) -> str:
        """Restore the snapshot into two shards."""
        self.cache.CreateReplicationGroup(
            {
                "ReplicationGroupId": "sale", "ReplicationGroupDescription": "two shards",
                "NumNodeGroups": 2, "ReplicasPerNodeGroup": 1, "SnapshotName": "pre-sale",
                "CacheNodeType": "cache.m6g.large",
            }
        )  # fmt: skip
        self.cloud.advance(minutes=30)
        return f"{self.group('sale')['Status']}; slots {self._slots('sale')}"

    def _slots(self, name: str) -> list[str]:
        return [shard["Slots"] for shard in self.group(name)["NodeGroups"]]

    def widen(self) -> str:
        """Add a third shard under load."""
        self.cache.ModifyReplicationGroupShardConfiguration(
            {"ReplicationGroupId": "sale", "NodeGroupCount": 3, "ApplyImmediately": True}
        )
        result = self.run(40, group="sale", rate=10)
        errors = result.metrics["cache_errors"]
        return f"{len(self._slots('sale'))} shards; requests with a cache error: {errors:.0f}"

    def delete(self) -> str:
        """Delete both, with a last snapshot of each."""
        for name in (GROUP, "sale"):
            self.cache.DeleteReplicationGroup(
                {"ReplicationGroupId": name, "FinalSnapshotIdentifier": f"last-{name}"}
            )
        self.cloud.advance(minutes=60)
        kept = [each["SnapshotName"] for each in self.cache.DescribeSnapshots({})["Snapshots"]]
        return f"groups {len(self.cache.groups)}; snapshots {kept}; {self.cloud.bill().splitlines()[-1]}"


STEPS: tuple[tuple[str, Callable[[Week], str]], ...] = (
    ("mon 08:00", Week.prepare),
    ("mon 08:05", Week.create),
    ("mon 08:06", Week.available),
    ("mon 09:00", Week.traffic),
    ("mon 11:00", Week.alarm),
    ("mon 11:10", Week.replicate),
    ("mon 12:00", Week.order_larger),
    ("tue 03:00", Week.backup),
    ("tue 04:58", Week.maintain),
    ("wed 10:00", Week.update),
    ("thu 14:00", Week.fail_over),
    ("thu 15:00", Week.export),
    ("fri 09:00", Week.restore),
    ("fri 12:00", Week.widen),
    ("fri 18:00", Week.delete),
)


def week(seed: int = 1) -> tuple[Cloud, list[WeekStep]]:
    """Play the week; return the account as it is at the end, and the steps."""
    played = Week(seed)
    steps = []
    for when, act in STEPS:
        played.until(when)
        title = (act.__doc__ or "").rstrip(".")
        steps.append(WeekStep(when, title, act(played)))
    return played.cloud, steps
