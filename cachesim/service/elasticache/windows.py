"""The maintenance window: when it is, what waits for it, and the nodes that are replaced in it."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from cachesim.rng import stream
from cachesim.service.checks import BLOCK, DAYS, next_window
from cachesim.service.elasticache.failover import Failovers, Owner

MINUTE = 60.0  # seconds: so long work waits for a resource that is busy in its window
REPLACE = "replacement of"


class Waiting(NamedTuple):
    """Work that waits for a window."""

    owner: Owner
    what: str
    work: Callable[[], object]
    begin: float  # seconds of the calendar
    end: float


class Windows(Failovers):
    """The part of the desk that keeps work for the maintenance windows."""

    def __init__(self, account: Any) -> None:
        super().__init__(account)
        self._random = stream(account.seed, "maintenance windows")
        self.waiting: dict[tuple[str, str], Waiting] = {}  # (ARN of the owner, what) -> the work

    def complete(self, settings: dict[str, Any], engine: str) -> None:
        """Choose an hour of the Region's block for those who did not."""
        super().complete(settings, engine)
        begin = int(self._random.integers(BLOCK[0], BLOCK[1] - 60))
        day = DAYS[int(self._random.integers(len(DAYS)))]
        hours = [f"{day}:{each // 60:02}:{each % 60:02}" for each in (begin, begin + 60)]
        settings.setdefault("PreferredMaintenanceWindow", "-".join(hours))

    def await_window(self, owner: Owner, what: str, work: Callable[[], object]) -> Waiting:
        """Do some work in the next window of a group or a cluster; newer work of that name replaces it."""
        window = owner.settings["PreferredMaintenanceWindow"]
        made = Waiting(owner, what, work, *next_window(window, self.account.calendar))
        self.waiting[owner.arn, what] = made
        self.account.calendar.at(made.begin - self.now, partial(self._open, made))
        return made

    def forget(self, owner: Owner, what: str) -> Waiting | None:
        """Do not do some work; return it, if it waited."""
        return self.waiting.pop((owner.arn, what), None)

    def move_window(self, owner: Owner, value: str) -> None:
        """Let a group or a cluster have another window; what waits for the old one waits for it."""
        owner.settings["PreferredMaintenanceWindow"] = value
        for (arn, what), old in list(self.waiting.items()):
            if arn == owner.arn:
                new = self.await_window(owner, what, old.work)
                if what.startswith(REPLACE):
                    name, node = what.removeprefix(REPLACE).split()
                    self._tell_of_plan("moved", name, node, old, new)

    def _open(self, made: Waiting) -> None:
        """Do the work if its owner is available; if not, look again each minute until the window ends."""
        if self.waiting.get((made.owner.arn, made.what)) is not made:
            return  # it was forgotten, or newer work is there
        if made.owner.status == "available":
            self.forget(made.owner, made.what)
            made.work()
        elif made.owner.status == "deleting":
            self.forget(made.owner, made.what)
        elif self.now + MINUTE < made.end:
            self.account.calendar.at(MINUTE, partial(self._open, made))
        else:
            self.await_window(made.owner, made.what, made.work)

    # replacements

    def schedule_replacement(self, name: str, node: str = "0001") -> None:
        """Plan to replace a node in the next window, as the service does when a machine must go."""
        found = self.with_node(name, node)
        owner, what = self.owner_of(found), f"{REPLACE} {found.id} {node}"
        made = self.await_window(owner, what, lambda: self.busy(owner, self.replace(found, node)))
        self._tell_of_plan("scheduled", found.id, node, made)

    def cancel_replacement(self, name: str, node: str = "0001") -> None:
        """Take the plan back, if there is one."""
        found = self.clusters.find(name)
        made = self.forget(self.owner_of(found), f"{REPLACE} {found.id} {node}")
        if made is not None:
            self._tell_of_plan("canceled", found.id, node, made)

    def _tell_of_plan(self, what: str, name: str, node: str, *plans: Waiting) -> None:
        dates = [
            f"{self.account.calendar.date_at(end):%Y-%m-%d %H:%M:%S} UTC"
            for plan in plans
            for end in (plan.begin, plan.end)
        ]
        topic = self.clusters.find(name).topic
        self.tell(f"replacement {what}", name, name, node, *dates, topic=topic)
