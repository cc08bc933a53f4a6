"""Automatic snapshots: one a day within a window, the oldest dropped; they end with their group.

window 04:10-05:10      04:10                          05:10
each day                  | at a moment that is drawn: snapshot; if the group is busy, 5 minutes later
"""

from functools import partial
from typing import Any

from cachesim.service.calendar import Appointment
from cachesim.service.checks import BLOCK, span
from cachesim.service.elasticache.clusters import CacheCluster
from cachesim.service.elasticache.failover import DAY
from cachesim.service.elasticache.groups import ReplicationGroup
from cachesim.service.elasticache.snapshots import Saved, Snapshot, SnapshotOperations, sources_of
from cachesim.service.faults import refuse_if

HOUR = 60  # minutes
AGAIN = 300.0  # seconds until a busy group is asked again: an assumption


class AutomaticSnapshots(SnapshotOperations):
    """The snapshots that nobody asks for."""

    def __init__(self, account: Any) -> None:
        super().__init__(account)
        self._nights: dict[str, Appointment] = {}  # ARN -> the next snapshot

    def complete(self, settings: dict[str, Any], engine: str) -> None:
        """Choose a window for a Redis, if the request has none; refuse it for a Memcached."""
        super().complete(settings, engine)
        if engine != "memcached":
            settings.setdefault("SnapshotWindow", self._window())
            return
        refuse_if(
            settings.pop("SnapshotRetentionLimit") or "SnapshotWindow" in settings, "pool kept"
        )

    def _window(self) -> str:
        begin, end = BLOCK
        first = begin + int(self.account.windows() * (end - HOUR - begin))
        return f"{first // 60:02}:{first % 60:02}-{first // 60 + 1:02}:{first % 60:02}"

    def opened(self, cluster: CacheCluster) -> None:
        """Plan the snapshots of a cluster by itself."""
        super().opened(cluster)
        if not cluster.group and cluster.engine != "memcached":
            self.plan(cluster)

    def _opened(self, group: ReplicationGroup) -> None:
        super()._opened(group)
        self.plan(group)

    def plan(self, resource: Saved) -> None:
        """Plan the next snapshot; call it when the window has changed."""
        if resource.arn in self._nights:
            self._nights.pop(resource.arn).cancel()
        begin, length = span(resource.settings["SnapshotWindow"])
        midnight = self.date.replace(hour=0, minute=0, second=0, microsecond=0)
        wait = (begin * 60 - (self.date - midnight).total_seconds()) % DAY or DAY
        drawn = int(self.account.windows() * length) * 60.0
        self._at(resource, wait + drawn, self.now + wait + length * 60)

    def _at(self, resource: Saved, wait: float, end: float) -> None:
        due = self.account.calendar.at(wait, partial(self._due, resource, end))
        self._nights[resource.arn] = due

    def _due(self, resource: Saved, end: float) -> None:
        """Save it, if it is available; if it is busy, try again while the window is open."""
        keeps, is_ready = (
            resource.settings["SnapshotRetentionLimit"],
            resource.status == "available",
        )
        if keeps and not is_ready and self.now + AGAIN < end:
            self._at(resource, AGAIN, end)
            return
        if keeps and is_ready:
            self._take(resource)
        self.plan(resource)

    def _take(self, resource: Saved) -> None:
        sources = sources_of(resource, resource.settings.get("SnapshottingClusterId", ""))
        whole = isinstance(resource, ReplicationGroup) and resource.is_sharded
        name = resource.id if whole else sources[0].member.id
        moment = self.date.strftime("%Y-%m-%d-%H-%M")
        self.save(f"automatic.{name}-{moment}", resource, sources, kind="automated")

    def saved(self, made: Snapshot, resource: Saved) -> None:
        """Drop the oldest automatic snapshots that are too many now."""
        super().saved(made, resource)
        keeps = resource.settings.get("SnapshotRetentionLimit", 0)
        for old in self._automated(resource)[: -keeps or None] if made.kind == "automated" else []:
            self.drop(old)

    def _automated(self, resource: Saved) -> list[Snapshot]:
        """List the automatic snapshots of a resource, the oldest first."""
        every = [each for each in self.snapshots if each.kind == "automated"]
        return [each for each in every if each.origin == resource.arn]

    def closed(self, cluster: CacheCluster) -> None:
        """Let the automatic snapshots of a cluster go with it."""
        super().closed(cluster)
        self._forget(cluster)

    def _closed(self, group: ReplicationGroup) -> None:
        super()._closed(group)
        self._forget(group)

    def _forget(self, resource: Saved) -> None:
        if resource.arn in self._nights:
            self._nights.pop(resource.arn).cancel()
        for each in self._automated(resource):
            self.drop(each)
