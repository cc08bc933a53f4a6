"""Automatic snapshots: one a day within a window, the oldest dropped; they end with their group.

window 04:10-05:10      04:10                          05:10
each day                  | at a moment that is drawn: snapshot; if the group is busy, 5 minutes later
"""

from typing import Any

from cachesim.service.calendar import Appointment
from cachesim.service.elasticache.checks import DAY as MINUTES
from cachesim.service.elasticache.clusters import CacheCluster
from cachesim.service.elasticache.failover import DAY
from cachesim.service.elasticache.groups import ReplicationGroup
from cachesim.service.elasticache.snapshot import Saved, Snapshot, sources_of
from cachesim.service.elasticache.snapshots import SnapshotOperations
from cachesim.service.faults import bad_combination

BLOCK = (
    3 * 60,
    11 * 60,
)  # minutes of the day: when the windows of us-east-1 are, if nobody chooses one
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
        elif settings["SnapshotRetentionLimit"] or "SnapshotWindow" in settings:
            raise bad_combination("Snapshots are not supported for a Memcached cluster.")
        else:
            del settings["SnapshotRetentionLimit"]

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
        """Plan the next snapshot; call it when the window or the retention has changed."""
        if resource.arn in self._nights:
            self._nights.pop(resource.arn).cancel()
        begin, length = _span(resource.settings["SnapshotWindow"])
        now = self.account.calendar.date
        since = (now.hour * 60 + now.minute) * 60 + now.second + now.microsecond / 1e6
        wait = (begin * 60 - since) % DAY or DAY
        drawn = int(self.account.windows() * length) * 60.0
        end = self.account.calendar.now + wait + length * 60
        self._at(resource, wait + drawn, end)

    def _at(self, resource: Saved, wait: float, end: float) -> None:
        due = self.account.calendar.at(wait, lambda: self._due(resource, end))
        self._nights[resource.arn] = due

    def _due(self, resource: Saved, end: float) -> None:
        """Save it, if it is available; if it is busy, try again while the window is open."""
        keeps = resource.settings["SnapshotRetentionLimit"]
        if keeps and resource.status != "available":
            if self.account.calendar.now + AGAIN < end:
                self._at(resource, AGAIN, end)
                return
        elif keeps:
            self._take(resource)
        self.plan(resource)

    def _take(self, resource: Saved) -> None:
        sources = sources_of(resource, resource.settings.get("SnapshottingClusterId", ""))
        whole = isinstance(resource, ReplicationGroup) and resource.is_sharded
        name = resource.id if whole else sources[0].member.id
        moment = self.account.calendar.date.strftime("%Y-%m-%d-%H-%M")
        self.save(f"automatic.{name}-{moment}", resource, sources, kind="automated")

    def saved(self, made: Snapshot, resource: Saved) -> None:
        """Drop the oldest automatic snapshots that are too many now."""
        super().saved(made, resource)
        if made.kind == "automated":
            keeps = resource.settings["SnapshotRetentionLimit"]
            for old in self._automated(resource)[: -keeps or None]:
                self.drop(old)

    def _automated(self, resource: Saved) -> list[Snapshot]:
        """List the automatic snapshots of a resource, the oldest first."""
        return [
            each
            for each in self.snapshots
            if each.origin == resource.arn and each.kind == "automated"
        ]

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


def _span(window: str) -> tuple[int, int]:
    """Return when a daily window begins, and how long it is, in minutes.

    >>> _span("23:30-00:30")
    (1410, 60)
    """
    begin, end = (int(part[:2]) * 60 + int(part[3:]) for part in window.split("-"))
    return begin, (end - begin) % MINUTES
