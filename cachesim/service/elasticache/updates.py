"""Service updates: what AWS wants to install, and how far each group and cluster has come with it."""

import csv
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from cachesim.service.elasticache.clusters import CacheCluster
from cachesim.service.elasticache.groups import ReplicationGroup
from cachesim.service.elasticache.resharding import Resharding
from cachesim.service.elasticache.windows import Owner
from cachesim.service.faults import ServiceFault, bad_combination
from cachesim.service.pages import page

KINDS = ("ReplicationGroupIds", "CacheClusterIds")
Node = tuple[CacheCluster, str]


class ServiceUpdate(NamedTuple):
    """One row of data/service_updates.csv."""

    name: str
    release: datetime
    apply_by: datetime
    end: datetime
    severity: str
    engine: str
    engine_version: str
    is_engine: bool  # whether it changes the engine, and so cannot be stopped
    auto: bool  # whether it is applied in the window after its date
    minutes: int
    description: str

    def shown(self, now: datetime) -> dict[str, Any]:
        """Return it in AWS's shape."""
        return {
            "ServiceUpdateName": self.name,
            "ServiceUpdateReleaseDate": self.release,
            "ServiceUpdateEndDate": self.end,
            "ServiceUpdateSeverity": self.severity,
            "ServiceUpdateRecommendedApplyByDate": self.apply_by,
            "ServiceUpdateStatus": "available" if now < self.end else "expired",
            "ServiceUpdateDescription": self.description,
            "ServiceUpdateType": "security-update",
            "Engine": self.engine,
            "EngineVersion": self.engine_version or None,
            "AutoUpdateAfterRecommendedApplyByDate": self.auto,
            "EstimatedUpdateTime": f"{self.minutes} minutes per node",
        }


@cache
def service_updates() -> list[ServiceUpdate]:
    """Return all updates, the first one first.

    >>> [update.severity for update in service_updates()]
    ['important', 'medium', 'low']
    """
    text = files("cachesim.service").joinpath("data/service_updates.csv").read_text()
    return [_read(row) for row in csv.DictReader(text.splitlines())]


def _read(row: dict[str, str]) -> ServiceUpdate:
    dates = (
        datetime.fromisoformat(row[d]).replace(tzinfo=UTC) for d in ("release", "apply_by", "end")
    )
    flags = (row[name] == "yes" for name in ("is_engine", "auto"))
    texts = (row[name] for name in ("severity", "engine", "engine_version"))
    return ServiceUpdate(
        row["name"], *dates, *texts, *flags, int(row["minutes"]), row["description"]
    )


@dataclass
class UpdateAction:
    """An update of one group or cluster: which of its nodes have it."""

    update: ServiceUpdate
    owner: Owner
    nodes: list[Node]  # in the order in which they get it
    since: datetime
    status: str = "not-applied"
    done: int = 0

    def named(self) -> dict[str, Any]:
        """Return whose it is, and what, in AWS's shape."""
        kind = (
            "ReplicationGroupId" if isinstance(self.owner, ReplicationGroup) else "CacheClusterId"
        )
        return {
            kind: self.owner.id,
            "ServiceUpdateName": self.update.name,
            "UpdateActionStatus": self.status,
        }

    def shown(self, now: datetime) -> dict[str, Any]:
        """Return it in AWS's shape."""
        shown = self.update.shown(now)
        same = ["ReleaseDate", "Severity", "Status", "RecommendedApplyByDate", "Type"]
        late = now > self.update.apply_by and self.status != "complete"
        return {
            **self.named(),
            **{f"ServiceUpdate{name}": shown[f"ServiceUpdate{name}"] for name in same},
            "UpdateActionAvailableDate": self.update.release,
            "NodesUpdated": f"{self.done}/{len(self.nodes)}",
            "UpdateActionStatusModifiedDate": self.since,
            "SlaMet": "n/a" if self.update.is_engine else "no" if late else "yes",
            "EstimatedUpdateTime": shown["EstimatedUpdateTime"],
            "Engine": self.owner.engine,
        }


class Updates(Resharding):
    """The operations on service updates."""

    def __init__(self, account: Any) -> None:
        super().__init__(account)
        self.actions: dict[tuple[str, str, datetime], UpdateAction] = {}
        for update in service_updates():
            for date, call in ((update.release, self._released), (update.apply_by, self._overdue)):
                delay = (date - account.calendar.date).total_seconds()
                account.calendar.at(max(0.0, delay), lambda call=call, update=update: call(update))

    def DescribeServiceUpdates(self, request: dict[str, Any]) -> dict[str, Any]:
        """List the updates that have been released."""
        now = self.account.calendar.date
        name, wanted = request.get("ServiceUpdateName"), request.get("ServiceUpdateStatus")
        chosen = [self._released_update(name)] if name else self._all_released()
        shown = [each.shown(now) for each in chosen]
        return page(
            [each for each in shown if not wanted or each["ServiceUpdateStatus"] in wanted],
            request, "ServiceUpdates",
        )  # fmt: skip

    def DescribeUpdateActions(self, request: dict[str, Any]) -> dict[str, Any]:
        """List the updates of each group and cluster, and how far they have come."""
        for name in ("ShowNodeLevelUpdateStatus", "ServiceUpdateTimeRange"):
            if request.get(name):
                raise ServiceFault("NotImplemented", f"{name} is not simulated; leave it out.")
        now, name = self.account.calendar.date, request.get("ServiceUpdateName")
        ids = {each.lower() for kind in KINDS for each in request.get(kind, [])}
        found = [
            self._action(update, owner).shown(now)
            for update in ([self._released_update(name)] if name else self._all_released())
            for owner in self._owners(update)
            if not ids or owner.id in ids
        ]
        tests = {
            "UpdateActionStatus": "UpdateActionStatus",
            "ServiceUpdateStatus": "ServiceUpdateStatus",
        }
        for asked, member in tests.items():
            found = [
                each for each in found if not request.get(asked) or each[member] in request[asked]
            ]
        found = [each for each in found if request.get("Engine", each["Engine"]) == each["Engine"]]
        return page(found, request, "UpdateActions")

    def BatchApplyUpdateAction(self, request: dict[str, Any]) -> dict[str, Any]:
        """Begin to install an update in groups and clusters, node after node."""
        return self._batch(request, self._apply)

    def BatchStopUpdateAction(self, request: dict[str, Any]) -> dict[str, Any]:
        """Stop after the node that gets the update now; those that have it keep it."""
        return self._batch(request, self._stop_update)

    def _batch(self, request: dict[str, Any], act: Any) -> dict[str, Any]:
        update = self._released_update(request["ServiceUpdateName"])
        if not any(request.get(kind) for kind in KINDS):
            raise bad_combination("Name ReplicationGroupIds or CacheClusterIds.")
        done: list[dict[str, Any]] = []
        refused: list[dict[str, Any]] = []
        for kind, register in zip(KINDS, (self.groups, self.clusters), strict=True):
            for name in request.get(kind, []):
                try:
                    owner: Any = register.ready(name) if act == self._apply else register.find(name)
                    action = self._action(update, owner)
                    act(action)
                    done.append(action.named())
                except ServiceFault as fault:
                    about = {kind[:-1]: name, "ServiceUpdateName": update.name}
                    refused.append({**about, "ErrorType": fault.shape, "ErrorMessage": str(fault)})
        return {"ProcessedUpdateActions": done, "UnprocessedUpdateActions": refused}

    # which updates, and whose

    def _all_released(self) -> list[ServiceUpdate]:
        now = self.account.calendar.date
        return [update for update in service_updates() if update.release <= now]

    def _released_update(self, name: str) -> ServiceUpdate:
        for update in self._all_released():
            if update.name == name:
                return update
        raise ServiceFault("ServiceUpdateNotFoundFault", f"Service update {name} not found.")

    def _owners(self, update: ServiceUpdate) -> list[Owner]:
        alone = [each for each in self.clusters if not each.group]
        every: list[Owner] = [*self.groups, *alone]
        return [each for each in every if is_for(update, each)]

    def _action(self, update: ServiceUpdate, owner: Owner) -> UpdateAction:
        """Return the action of an update for a group or a cluster; replicas get it before primaries."""
        if not is_for(update, owner) or getattr(owner, "group", ""):
            raise bad_combination(f"The update {update.name} is not for {owner.id}.")
        key = update.name, owner.arn, owner.created
        if key not in self.actions:
            made = UpdateAction(update, owner, [], update.release)
            self.actions[key] = made
        found = self.actions[key]
        if found.status == "not-applied":
            found.nodes = in_turn(owner)
        return found

    # what happens

    def _released(self, update: ServiceUpdate) -> None:
        for owner in self._owners(update):
            for cluster, node in in_turn(owner):
                self.tell("update available", cluster.id, node, topic=cluster.topic)

    def _overdue(self, update: ServiceUpdate) -> None:
        """Let what has not been applied by its date wait for the window, if AWS applies it by itself."""
        for owner in self._owners(update) if update.auto else []:
            action = self._action(update, owner)
            if action.status in ("not-applied", "stopped"):
                self.await_window(
                    owner, f"update {update.name}", lambda action=action: self._apply(action)
                )

    def _be(self, action: UpdateAction, status: str) -> None:
        action.status, action.since = status, self.account.calendar.date

    def _apply(self, action: UpdateAction) -> None:
        if action.status not in ("not-applied", "stopped"):
            raise bad_combination(f"The update is {action.status} in {action.owner.id} already.")
        self.forget(action.owner, f"update {action.update.name}")
        action.owner.status = "modifying"
        self._be(action, "waiting-to-start")
        begins = self.account.timings.draw("update begins")
        self.account.calendar.at(begins, lambda: self._next(action))

    def _stop_update(self, action: UpdateAction) -> None:
        if action.update.is_engine:
            raise bad_combination("An update of the engine cannot be stopped.")
        if action.status not in ("waiting-to-start", "in-progress"):
            raise bad_combination(f"The update is {action.status} in {action.owner.id}.")
        self._be(action, "stopping")

    def _next(self, action: UpdateAction) -> None:
        """Replace the next node, or end."""
        ended = action.done == len(action.nodes)
        if ended or action.status == "stopping":
            action.owner.status = "available"
            self._be(action, "complete" if ended else "stopped")
            return
        if action.status == "waiting-to-start":
            self._be(action, "in-progress")
        lasts = self.replace(*action.nodes[action.done])
        self.account.calendar.at(lasts, lambda: self._updated(action))

    def _updated(self, action: UpdateAction) -> None:
        action.done += 1
        self._next(action)


def is_for(update: ServiceUpdate, owner: Owner) -> bool:
    """Whether an update concerns a group or a cluster: those that are newer have it."""
    return owner.engine in update.engine.split(", ") and owner.created < update.release


def in_turn(owner: Owner) -> list[Node]:
    """Return the nodes of a group or a cluster: replicas come before primaries."""
    if isinstance(owner, CacheCluster):
        return [(owner, node) for node in owner.nodes]
    replicas = [each for shard in owner.shards for each in shard.replicas()]
    return [(each, "0001") for each in (*replicas, *(shard.primary for shard in owner.shards))]
