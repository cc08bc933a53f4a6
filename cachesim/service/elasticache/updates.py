"""Service updates: what AWS wants to install, and how far each group and cluster has come with it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any, NamedTuple

from cachesim.service.elasticache.clusters import CacheCluster
from cachesim.service.elasticache.failover import Owner
from cachesim.service.elasticache.replicas import Resharding
from cachesim.service.faults import ServiceFault, refusal, refuse_if
from cachesim.service.pages import page
from cachesim.service.register import kinds
from cachesim.service.tables import in_shape, table

KINDS = {"ReplicationGroupIds": "groups", "CacheClusterIds": "clusters"}  # -> the register
AUTO = "AutoUpdateAfterRecommendedApplyByDate"
SAME = ("ReleaseDate", "Severity", "RecommendedApplyByDate", "Type", "Status")
DATES = [f"ServiceUpdate{name}Date" for name in ("Release", "RecommendedApplyBy", "End")]
Answer = dict[str, Any]
Node = tuple[CacheCluster, str]


class ServiceUpdate(NamedTuple):
    """One row of data/service_updates.csv."""

    name: str
    release: datetime
    apply_by: datetime
    is_engine: bool  # whether it changes the engine, and so cannot be stopped
    row: Answer  # all of it, in AWS's shape

    def shown(self, now: datetime) -> Answer:
        """Return it in AWS's shape."""
        is_over = now >= self.row["ServiceUpdateEndDate"]
        return {**self.row, "ServiceUpdateStatus": "expired" if is_over else "available"}

    def is_for(self, owner: Owner) -> bool:
        """Whether it concerns a group or a cluster: those that are newer have it."""
        is_its = owner.engine in self.row["Engine"].split(", ")
        return is_its and owner.created < self.release and not getattr(owner, "group", "")


@cache
def service_updates() -> list[ServiceUpdate]:
    """Return all updates, the first one first.

    >>> [update.row["ServiceUpdateSeverity"] for update in service_updates()]
    ['important', 'medium', 'low']
    """
    return [_read(row) for row in table("service_updates")]


def _read(row: dict[str, str]) -> ServiceUpdate:
    shown: Answer = {n: row[n] or None for n in row if n not in ("source", "is_engine")}
    shown[AUTO] = row[AUTO] == "yes"
    for name in DATES:
        shown[name] = datetime.fromisoformat(row[name]).replace(tzinfo=UTC)
    release, due = (shown[name] for name in DATES[:2])
    return ServiceUpdate(shown["ServiceUpdateName"], release, due, row["is_engine"] == "yes", shown)


@dataclass
class UpdateAction:
    """An update of one group or cluster: which of its nodes have it."""

    update: ServiceUpdate
    owner: Owner
    nodes: list[Node]  # in the order in which they get it
    since: datetime
    status: str = "not-applied"
    done: int = 0

    def named(self) -> Answer:
        """Return whose it is, and what, in AWS's shape."""
        named = {kinds()[self.owner.kind].id: self.owner.id, "ServiceUpdateName": self.update.name}
        return {**named, "UpdateActionStatus": self.status}

    def shown(self, now: datetime) -> Answer:
        """Return it in AWS's shape."""
        shown = self.update.shown(now)
        late = now > self.update.apply_by and self.status != "complete"
        return in_shape(
            "update action",
            self,
            **self.named(),
            **{f"ServiceUpdate{name}": shown[f"ServiceUpdate{name}"] for name in SAME},
            NodesUpdated=f"{self.done}/{len(self.nodes)}",
            SlaMet="n/a" if self.update.is_engine else "no" if late else "yes",
            EstimatedUpdateTime=shown["EstimatedUpdateTime"],
        )


class Updates(Resharding):
    """The operations on service updates."""

    def __init__(self, account: Any) -> None:
        super().__init__(account)
        self.actions: dict[tuple[str, str, datetime], UpdateAction] = {}
        for update in service_updates():
            for date, call in ((update.release, self._released), (update.apply_by, self._overdue)):
                delay = (date - account.calendar.date).total_seconds()
                account.calendar.at(delay, partial(call, update))

    def DescribeServiceUpdates(self, request: Answer) -> Answer:
        """List the updates that have been released."""
        shown = [each.shown(self.date) for each in self._named(request)]
        return page(chosen(shown, request, "ServiceUpdateStatus"), request, "ServiceUpdates")

    def DescribeUpdateActions(self, request: Answer) -> Answer:
        """List the updates of each group and cluster, and how far they have come."""
        ids = {each.lower() for kind in KINDS for each in request.get(kind, [])}
        found = [
            self._action(update, owner).shown(self.date)
            for update in self._named(request)
            for owner in self._owners(update)
            if (not ids or owner.id in ids) and request.get("Engine", owner.engine) == owner.engine
        ]
        for member in ("UpdateActionStatus", "ServiceUpdateStatus"):
            found = chosen(found, request, member)
        return page(found, request, "UpdateActions")

    def BatchApplyUpdateAction(self, request: Answer) -> Answer:
        """Begin to install an update in groups and clusters, node after node."""
        return self._batch(request, "ready", self._apply)

    def BatchStopUpdateAction(self, request: Answer) -> Answer:
        """Stop after the node that gets the update now; those that have it keep it."""
        return self._batch(request, "find", self._stop_update)

    def _batch(self, request: Answer, find: str, act: Any) -> Answer:
        """Do something for each resource of a request; `find` is how its register finds it."""
        (update,) = self._named(request)
        refuse_if(not any(request.get(kind) for kind in KINDS), "updates of nobody")
        done: list[Answer] = []
        refused: list[Answer] = []
        for kind, name in [(each, name) for each in KINDS for name in request.get(each, [])]:
            try:
                action = self._action(update, getattr(getattr(self, KINDS[kind]), find)(name))
                act(action)
                done.append(action.named())
            except ServiceFault as fault:
                about = {kind[:-1]: name, "ServiceUpdateName": update.name}
                refused.append({**about, "ErrorType": fault.shape, "ErrorMessage": str(fault)})
        return {"ProcessedUpdateActions": done, "UnprocessedUpdateActions": refused}

    # which updates, and whose

    def _named(self, request: Answer) -> list[ServiceUpdate]:
        """Return the updates that have been released, or the one that a request names."""
        name, released = request.get("ServiceUpdateName"), self.date
        found = [
            each for each in service_updates()
            if each.release <= released and name in (None, each.name)
        ]  # fmt: skip
        refuse_if(name and not found, "no update", name)
        return found

    def _owners(self, update: ServiceUpdate) -> list[Owner]:
        return [each for each in (*self.groups, *self.clusters) if update.is_for(each)]

    def _action(self, update: ServiceUpdate, owner: Owner) -> UpdateAction:
        """Return the action of an update for a group or a cluster."""
        refuse_if(not update.is_for(owner), "update of another", update.name, owner.id)
        new = UpdateAction(update, owner, [], update.release)
        found = self.actions.setdefault((update.name, owner.arn, owner.created), new)
        if found.status == "not-applied":
            found.nodes = self._in_turn(owner)
        return found

    def _in_turn(self, owner: Owner) -> list[Node]:
        """Return the nodes of a group or a cluster: replicas come before primaries."""
        members = sorted(owner.members, key=self.leads)
        return [(member, node) for member in members for node in member.nodes]

    # what happens

    def _released(self, update: ServiceUpdate) -> None:
        for owner in self._owners(update):
            for cluster, node in self._in_turn(owner):
                self.tell("update available", cluster.id, node, topic=cluster.topic)

    def _overdue(self, update: ServiceUpdate) -> None:
        """Let what has not been applied by its date wait for the window, if AWS applies it by itself."""
        for owner in self._owners(update) if update.row[AUTO] else []:
            action = self._action(update, owner)
            if action.status in ("not-applied", "stopped"):
                self.await_window(owner, f"update {update.name}", partial(self._apply, action))

    def _be(self, action: UpdateAction, status: str) -> None:
        action.status, action.since = status, self.date

    def _apply(self, action: UpdateAction) -> None:
        if action.status not in ("not-applied", "stopped"):
            raise refusal("update under way", action.status, action.owner.id)
        self.forget(action.owner, f"update {action.update.name}")
        self._be(action, "waiting-to-start")
        self.busy(action.owner, self.draw("update begins"), self._next, action)

    def _stop_update(self, action: UpdateAction) -> None:
        refuse_if(action.update.is_engine, "update of the engine")
        if action.status not in ("waiting-to-start", "in-progress"):
            raise refusal("update stopped", action.status, action.owner.id)
        self._be(action, "stopping")

    def _next(self, action: UpdateAction) -> None:
        """Replace the next node, or end."""
        ended = action.done == len(action.nodes)
        if ended or action.status == "stopping":
            self._be(action, "complete" if ended else "stopped")
            return
        if action.status == "waiting-to-start":
            self._be(action, "in-progress")
        self.busy(action.owner, self.replace(*action.nodes[action.done]), self._updated, action)

    def _updated(self, action: UpdateAction) -> None:
        action.done += 1
        self._next(action)


def chosen(shown: list[Answer], request: Answer, member: str) -> list[Answer]:
    """Return those whose member has one of the values that a request asks for, if it does."""
    wanted = request.get(member)
    return [each for each in shown if not wanted or each[member] in wanted]
