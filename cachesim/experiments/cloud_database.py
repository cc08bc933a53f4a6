"""A DB instance of the managed service under a run of the model: its rows, its outages, its replicas' lag.

The run begins with the rows that the instance has. Each commit of the run goes into the instance's journal,
with the moment at which every read replica has it. So a restore can find the rows of any moment of the run.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import count
from typing import Any

from cachesim.errors import BadInput
from cachesim.experiments.cloud_fleet import LEAST
from cachesim.model.database import Database, DatabaseTier
from cachesim.model.events import Steps
from cachesim.model.faults import PartitionDatabase
from cachesim.model.faults.base import Fault
from cachesim.model.unreliable.system import UnreliableSystem
from cachesim.records import DATABASE, Record, Value
from cachesim.service.account import Account
from cachesim.service.cloudwatch.series import Name
from cachesim.service.rds.instance import DbInstance, Outage
from cachesim.service.rds.journal import DbCommit
from cachesim.service.vpc import DEFAULT_GROUP
from cachesim.spec import Seconds

AWAY = -1.0  # ReplicaLag while nothing is replicated


class AwayDatabase(Fault):
    """The database, or a replica, is away or stands still for some time that the service has decided.

    >>> str(AwayDatabase(at=10, duration=90))
    'AwayDatabase at 10 s for 90 s'
    """

    place: str = DATABASE  # name of the tier
    duration: Seconds = 60.0  # seconds; inf: for good
    frozen: bool = False  # it stands still; otherwise its connections end and it refuses new ones

    @property
    def lasts(self) -> float:
        """As long as it is away, in seconds."""
        return self.duration

    def play(self, system: UnreliableSystem) -> Steps:
        """Go and come back."""
        yield system.until(self.at)
        tier = system.tier(self.place)
        tier.slow(math.inf) if self.frozen else tier.crash()
        if self.duration < math.inf:
            yield system.until(self.at + self.duration)
            tier.recover(math.inf) if self.frozen else tier.restart()


class DatabaseRun:
    """A DB instance in one run; without a name the run has a database of its own.

    Raises
    ------
    BadInput
        The instance is not there to take queries, or it is a read replica.
    """

    def __init__(self, account: Account, name: str, client_group: str = "") -> None:
        self.account, self.desk = account, account.desk("rds")
        self.client_group = client_group or DEFAULT_GROUP
        self.instance: DbInstance | None = self.desk.instances.find(name) if name else None
        self.replicas: list[DbInstance] = []
        self.begin = account.calendar.now
        self.noted: list[DbCommit] = []
        self.open: list[tuple[float, int]] = []  # second of the run, connections in use
        if self.instance is not None:
            self._check(self.instance)
            found = map(self.desk.instances.find, self.instance.replicas)
            self.replicas = [each for each in found if each.status != "creating"]

    def _check(self, instance: DbInstance) -> None:
        if instance.status in ("creating", "deleting"):
            raise BadInput(f'"{instance.id}" is {instance.status}; a run needs one that is there')
        if instance.source:
            raise BadInput(
                f'"{instance.id}" is a read replica; name its source "{instance.source}", and read '
                "from replicas with a strategy that does"
            )

    def database(self, given: Database) -> Database:
        """Describe the database of the run: its times as given, its copies as the instance has them."""
        if self.instance is None:
            return given
        return given.replace(standby=self.instance.copies == 2, replicas=len(self.replicas))

    def faults(self) -> tuple[Fault, ...]:
        """Return the faults of the instance and its replicas, once the service has decided them."""
        if self.instance is None:
            return ()
        found = [self._away(DATABASE, each) for each in self.instance.outages]
        for number, replica in enumerate(self.replicas):
            place, left = f"{DATABASE}-replica-{number}", replica.journal.until
            outages = [*replica.outages, *([Outage(left, math.inf)] if left < math.inf else [])]
            found += [self._away(place, each) for each in outages]
        vpc, settings = self.account.vpc, self.instance.settings
        (group,) = vpc.known([self.client_group])
        if not vpc.reaches(group, settings["VpcSecurityGroupIds"], settings["Port"]):
            found.append(PartitionDatabase(duration=math.inf))
        return tuple(each for each in found if each is not None)

    def _away(self, place: str, outage: Outage) -> Fault | None:
        """Return the part of an outage that is in the run; None: there is none."""
        begin = max(0.0, outage.begin - self.begin)
        lasts = outage.begin + outage.lasts - self.begin - begin
        if lasts <= 0 or self.begin + begin >= self.account.calendar.now:
            return None
        return AwayDatabase(at=begin, duration=max(lasts, LEAST), place=place, frozen=outage.frozen)

    def after(self, meter: Callable[[Any], object]) -> Callable[[Any], None]:
        """Return the function that hears of a system before it runs: first a meter does, then this."""

        def heard(system: Any) -> None:
            meter(system)
            if self.instance is not None:
                self._hear(system, self.instance)

        return heard

    def _hear(self, system: Any, instance: DbInstance) -> None:
        """Let a system that has not run yet begin with the rows, and note what it commits."""
        db: DatabaseTier = system.db
        db.past = [each.past for each in instance.journal.commits()]
        system.next_write = self.next_write = count(self.desk.writes + 1).__next__
        commit, commit_all, look = db.commit, db.commit_all, system.look

        def commit_one(key: str, value: Value) -> None:
            commit(key, value)
            self._note(db, key, value)

        def commit_several(rows: Any) -> None:
            commit_all(rows)
            for key, values in rows:
                for value in values:
                    self._note(db, key, value)

        def look_twice(sample: Record, *nodes: Record) -> None:
            look(sample, *nodes)
            self.open.append((sample[0], db.open))

        db.commit, db.commit_all = commit_one, commit_several  # type: ignore[method-assign]
        system.look = look_twice

    def _note(self, db: DatabaseTier, key: str, value: Value) -> None:
        """Note a commit; what is committed after the run's last second counts as of that second."""
        when = min(self.begin + db.env.now, self.account.calendar.now)
        ids = (each.id for each in self.replicas)
        arrived = {one: self.begin + at for one, at in zip(ids, db.log.arrivals, strict=True)}
        version = db.versions[value.write]
        self.noted.append(DbCommit(when, key, value.write, len(value), version, arrived))

    def finish(self) -> None:
        """Let the instance have the commits, and CloudWatch its metrics."""
        if self.instance is None:
            return
        self.desk.writes = self.next_write() - 1
        self.instance.journal.own += self.noted
        for when, connections in self.open:
            if self.begin + when < self.account.calendar.now:
                self._put(self.instance, "DatabaseConnections", "Count", when, connections)
                for replica in self.replicas:
                    lag = self._lag(replica, self.begin + when)
                    self._put(replica, "ReplicaLag", "Seconds", when, lag)

    def _lag(self, replica: DbInstance, moment: float) -> float:
        """Return the age of the oldest commit that a replica has not at a moment."""
        if any(each.begin <= moment < each.begin + each.lasts for each in replica.outages):
            return AWAY
        under_way = (
            moment - each.when
            for each in self.noted
            if each.when <= moment < each.arrived[replica.id]
        )
        return max(under_way, default=0.0)

    def _put(self, instance: DbInstance, metric: str, unit: str, when: float, value: float) -> None:
        name = Name("AWS/RDS", metric, (("DBInstanceIdentifier", instance.id),))
        self.account.desk("cloudwatch").put(name, unit, self.begin + when, [value])
