"""Service updates: what AWS wants to install, and how far each group and cluster has come with it."""

import csv
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from importlib.resources import files
from typing import Any, NamedTuple

from cachesim.service.elasticache.clusters import CacheCluster
from cachesim.service.elasticache.groups import ReplicationGroup
from cachesim.service.elasticache.resharding import Resharding
from cachesim.service.elasticache.windows import Owner
from cachesim.service.faults import ServiceFault, refuse_if
from cachesim.service.pages import page
from cachesim.service.register import Register

KINDS = ("ReplicationGroupIds", "CacheClusterIds")
AUTO = "AutoUpdateAfterRecommendedApplyByDate"
SAME = ["ReleaseDate", "Severity", "RecommendedApplyByDate", "Type"]  # members of both shapes
Node = tuple[CacheCluster, str]


class ServiceUpdate(NamedTuple):
    """One row of data/service_updates.csv."""

    name: str
    release: datetime
    apply_by: datetime
    is_engine: bool  # whether it changes the engine, and so cannot be stopped
    auto: bool  # whether it is applied in the window after its date
    row: dict[str, Any]  # all of it, in AWS's shape

    def shown(self, now: datetime) -> dict[str, Any]:
        """Return it in AWS's shape."""
        is_over = now >= self.row["ServiceUpdateEndDate"]
        return {**self.row, "ServiceUpdateStatus": "expired" if is_over else "available"}


@cache
def service_updates() -> list[ServiceUpdate]:
    """Return all updates, the first one first.

    >>> [update.row["ServiceUpdateSeverity"] for update in service_updates()]
    ['important', 'medium', 'low']
    """
    text = files("cachesim.service").joinpath("data/service_updates.csv").read_text()
    return [_read(dict(row)) for row in csv.DictReader(text.splitlines())]


def _read(row: dict[str, Any]) -> ServiceUpdate:
    is_engine, auto = row.pop("is_engine") == "yes", row.pop(AUTO) == "yes"
    del row["source"]
    for name in row:
        if name.endswith("Date"):
            row[name] = datetime.fromisoformat(row[name]).replace(tzinfo=UTC)
    release, due = row["ServiceUpdateReleaseDate"], row["ServiceUpdateRecommendedApplyByDate"]
    shown = {**row, AUTO: auto, "EngineVersion": row["EngineVersion"] or None}
    return ServiceUpdate(row["ServiceUpdateName"], release, due, is_engine, auto, shown)


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
        late = now > self.update.apply_by and self.status != "complete"
        return {
            **self.named(),
            **{f"ServiceUpdate{name}": shown[f"ServiceUpdate{name}"] for name in [*SAME, "Status"]},
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
                account.calendar.at(delay, partial(call, update))

    def DescribeServiceUpdates(self, request: dict[str, Any]) -> dict[str, Any]:
        """List the updates that have been released."""
        shown = [each.shown(self.account.calendar.date) for each in self._named(request)]
        return page(chosen(shown, request, "ServiceUpdateStatus"), request, "ServiceUpdates")

    def DescribeUpdateActions(self, request: dict[str, Any]) -> dict[str, Any]:
        """List the updates of each group and cluster, and how far they have come."""
        for name in ("ShowNodeLevelUpdateStatus", "ServiceUpdateTimeRange"):
            if request.get(name):
                raise ServiceFault("NotImplemented", f"{name} is not simulated; leave it out.")
        ids = {each.lower() for kind in KINDS for each in request.get(kind, [])}
        found = [
            self._action(update, owner).shown(self.account.calendar.date)
            for update in self._named(request)
            for owner in self._owners(update)
            if (not ids or owner.id in ids) and request.get("Engine", owner.engine) == owner.engine
        ]
        for member in ("UpdateActionStatus", "ServiceUpdateStatus"):
            found = chosen(found, request, member)
        return page(found, request, "UpdateActions")

    def BatchApplyUpdateAction(self, request: dict[str, Any]) -> dict[str, Any]:
        """Begin to install an update in groups and clusters, node after node."""
        return self._batch(request, self._apply)

    def BatchStopUpdateAction(self, request: dict[str, Any]) -> dict[str, Any]:
        """Stop after the node that gets the update now; those that have it keep it."""
        return self._batch(request, self._stop_update)

    def _batch(self, request: dict[str, Any], act: Any) -> dict[str, Any]:
        (update,) = self._named(request)
        refuse_if(not any(request.get(kind) for kind in KINDS), "updates of nobody")
        done: list[dict[str, Any]] = []
        refused: list[dict[str, Any]] = []
        registers: list[Register[Any]] = [self.groups, self.clusters]
        for kind, register in zip(KINDS, registers, strict=True):
            for name in request.get(kind, []):
                try:
                    find = register.ready if act == self._apply else register.find
                    action = self._action(update, find(name))
                    act(action)
                    done.append(action.named())
                except ServiceFault as fault:
                    about = {kind[:-1]: name, "ServiceUpdateName": update.name}
                    refused.append({**about, "ErrorType": fault.shape, "ErrorMessage": str(fault)})
        return {"ProcessedUpdateActions": done, "UnprocessedUpdateActions": refused}

    # which updates, and whose

    def _named(self, request: dict[str, Any]) -> list[ServiceUpdate]:
        """Return the updates that have been released, or the one that a request names."""
        now, name = self.account.calendar.date, request.get("ServiceUpdateName")
        released = [update for update in service_updates() if update.release <= now]
        found = [update for update in released if name in (None, update.name)]
        refuse_if(name and not found, "no update", name)
        return found

    def _owners(self, update: ServiceUpdate) -> list[Owner]:
        alone = [each for each in self.clusters if not each.group]
        every: list[Owner] = [*self.groups, *alone]
        return [each for each in every if is_for(update, each)]

    def _action(self, update: ServiceUpdate, owner: Owner) -> UpdateAction:
        """Return the action of an update for a group or a cluster; replicas get it before primaries."""
        refuse_if(
            not is_for(update, owner) or (isinstance(owner, CacheCluster) and owner.group),
            "update of another",
            update.name,
            owner.id,
        )
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
                self.await_window(owner, f"update {update.name}", partial(self._apply, action))

    def _be(self, action: UpdateAction, status: str) -> None:
        action.status, action.since = status, self.account.calendar.date

    def _apply(self, action: UpdateAction) -> None:
        refuse_if(
            action.status not in ("not-applied", "stopped"),
            "update under way",
            action.status,
            action.owner.id,
        )
        self.forget(action.owner, f"update {action.update.name}")
        self._be(action, "waiting-to-start")
        self.busy(action.owner, self.account.timings.draw("update begins"), self._next, action)

    def _stop_update(self, action: UpdateAction) -> None:
        refuse_if(action.update.is_engine, "update of the engine")
        refuse_if(
            action.status not in ("waiting-to-start", "in-progress"),
            "update stopped",
            action.status,
            action.owner.id,
        )
        self._be(action, "stopping")

    def _next(self, action: UpdateAction) -> None:
        """Replace the next node, or end."""
        ended = action.done == len(action.nodes)
        if ended or action.status == "stopping":
            self._be(action, "complete" if ended else "stopped")
            return
        if action.status == "waiting-to-start":
            self._be(action, "in-progress")
        lasts = self.replace(*action.nodes[action.done])
        self.busy(action.owner, lasts, self._updated, action)

    def _updated(self, action: UpdateAction) -> None:
        action.done += 1
        self._next(action)


def is_for(update: ServiceUpdate, owner: Owner) -> bool:
    """Whether an update concerns a group or a cluster: those that are newer have it."""
    return owner.engine in update.row["Engine"].split(", ") and owner.created < update.release


def in_turn(owner: Owner) -> list[Node]:
    """Return the nodes of a group or a cluster: replicas come before primaries."""
    if isinstance(owner, CacheCluster):
        return [(owner, node) for node in owner.nodes]
    replicas = [each for shard in owner.shards for each in shard.replicas()]
    return [(each, "0001") for each in (*replicas, *(shard.primary for shard in owner.shards))]


def chosen(
    shown: list[dict[str, Any]], request: dict[str, Any], member: str
) -> list[dict[str, Any]]:
    """Return those whose member has one of the values that a request asks for, if it does."""
    wanted = request.get(member)
    return [each for each in shown if not wanted or each[member] in wanted]
