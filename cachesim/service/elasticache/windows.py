"""The maintenance window: when it is, what waits for it, and what is done in it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from cachesim.rng import stream
from cachesim.service.calendar import Appointment, Calendar
from cachesim.service.elasticache.checks import DAY, DAYS, WEEK
from cachesim.service.elasticache.clusters import CacheCluster
from cachesim.service.elasticache.failover import Failovers
from cachesim.service.elasticache.groups import ReplicationGroup

BLOCK = 3 * 60, 11 * 60  # minutes of the day in which us-east-1's windows lie (User Guide)
MINUTE = 60.0  # seconds: so long work waits for a resource that is busy in its window

Owner = CacheCluster | ReplicationGroup


def next_window(text: str, calendar: Calendar) -> tuple[float, float]:
    """Return when a weekly window begins next, and when it ends, in seconds of the calendar.

    >>> next_window("mon:09:00-mon:10:30", Calendar())  # it is Monday, 08:00
    (3600.0, 9000.0)
    """
    ends = [part.split(":") for part in text.split("-")]
    begin, end = (DAYS.index(d) * DAY + int(h) * 60 + int(m) for d, h, m in ends)
    day = calendar.date.replace(hour=0, minute=0, second=0, microsecond=0)
    monday = (day - timedelta(days=day.weekday()) - calendar.start).total_seconds()
    first = monday + begin * MINUTE
    first += WEEK * MINUTE * (first <= calendar.now)
    return first, first + (end - begin) % WEEK * MINUTE


@dataclass
class Waiting:
    """Work that waits for a window."""

    owner: Owner
    work: Callable[[], object]
    begin: float  # seconds of the calendar
    end: float
    appointment: Appointment | None = None


class Windows(Failovers):
    """The part of the desk that keeps work for the maintenance windows."""

    def __init__(self, account: Any) -> None:
        super().__init__(account)
        self._random = stream(account.seed, "maintenance windows")
        self.waiting: dict[tuple[str, str], Waiting] = {}  # (ARN of the owner, what) -> the work

    def _cluster_of(self, request: dict[str, Any]) -> CacheCluster:
        made = super()._cluster_of(request)
        self._choose_window(made.settings)
        return made

    def _group_of(self, name: str, request: dict[str, Any]) -> ReplicationGroup:
        made = super()._group_of(name, request)
        self._choose_window(made.settings)
        for member in made.members:
            member.pending, member.engine = made.pending, request.get("Engine", "redis")
        return made

    def _choose_window(self, settings: dict[str, Any]) -> None:
        """Choose an hour of the Region's block for those who did not."""
        begin = int(self._random.integers(BLOCK[0], BLOCK[1] - 60))
        day = DAYS[int(self._random.integers(len(DAYS)))]
        hours = [f"{day}:{each // 60:02}:{each % 60:02}" for each in (begin, begin + 60)]
        settings.setdefault("PreferredMaintenanceWindow", "-".join(hours))

    def await_window(self, owner: Owner, what: str, work: Callable[[], object]) -> Waiting:
        """Do some work in the next window of a group or a cluster; newer work of that name replaces it."""
        self.forget(owner, what)
        window = owner.settings["PreferredMaintenanceWindow"]
        made = Waiting(owner, work, *next_window(window, self.account.calendar))
        self.waiting[owner.arn, what] = made
        self._call(made, what, made.begin - self.account.calendar.now)
        return made

    def forget(self, owner: Owner, what: str) -> Waiting | None:
        """Do not do some work; return it, if it waited."""
        found = self.waiting.pop((owner.arn, what), None)
        if found is not None and found.appointment is not None:
            found.appointment.cancel()
        return found

    def move_window(self, owner: Owner, value: str) -> None:
        """Let a group or a cluster have another window; what waits for the old one waits for it."""
        owner.settings["PreferredMaintenanceWindow"] = value
        for (arn, what), waiting in list(self.waiting.items()):
            if arn == owner.arn:
                self.moved(what, waiting, self.await_window(owner, what, waiting.work))

    def moved(self, what: str, old: Waiting, new: Waiting) -> None:
        """Hear that work waits for another window; replacements.py tells of some."""

    def _call(self, made: Waiting, what: str, delay: float) -> None:
        made.appointment = self.account.calendar.at(delay, lambda: self._open(made, what))

    def _open(self, made: Waiting, what: str) -> None:
        """Do the work if its owner is available; if not, look again each minute until the window ends."""
        if made.owner.status == "deleting":
            self.forget(made.owner, what)
        elif made.owner.status == "available":
            self.forget(made.owner, what)
            made.work()
        elif self.account.calendar.now + MINUTE < made.end:
            self._call(made, what, MINUTE)
        else:
            self.await_window(made.owner, what, made.work)
