"""DB snapshots: by hand, one a night, and the last one of an instance that is deleted."""

import math
from itertools import pairwise
from typing import Any

from cachesim.service.calendar import Appointment
from cachesim.service.checks import identifier, span
from cachesim.service.faults import refuse_if
from cachesim.service.pages import page
from cachesim.service.rds.instance import DbInstance, DbSnapshot, Outage
from cachesim.service.rds.instances import DbInstances, Values
from cachesim.service.rds.journal import Journal
from cachesim.service.register import Register
from cachesim.service.tags import tags_of
from cachesim.units import MIB

RATE = 100 * MIB  # bytes per second that a snapshot takes besides: an assumption
DAY = 86400.0  # seconds
MOST = 100  # snapshots of an account that somebody made
AGAIN = 300.0  # seconds until a busy instance is asked again: an assumption


class DbBackups(DbInstances):
    """The operations on snapshots, the nightly ones, and deletion, which may save the instance first."""

    def __init__(self, account: Any) -> None:
        super().__init__(account)
        self.snapshots: Register[DbSnapshot] = Register("db snapshot")
        self._nights: dict[str, Appointment] = {}  # resource id -> the next one

    def CreateDBSnapshot(self, request: Values) -> Values:
        """Begin to save an instance."""
        found = self.instances.ready(request["DBInstanceIdentifier"])
        name = identifier(request["DBSnapshotIdentifier"], "DBSnapshotIdentifier", 255)
        refuse_if(found.source, "db snapshot replica")
        return {"DBSnapshot": self.save(found, name, tags_of(request)).shown()}

    def save(
        self, of: DbInstance, name: str, tags: dict[str, str], kind: str = "manual"
    ) -> DbSnapshot:
        """Begin a snapshot of what an instance holds now; in one zone nobody reads or writes for a moment."""
        calendar, timings = self.account.calendar, self.account.timings
        arn, now = self.arn(f"snapshot:{name}"), calendar.now
        manual = [each for each in self.snapshots if each.kind == "manual"]
        refuse_if(kind == "manual" and len(manual) >= MOST, "db most snapshots", MOST)
        journal, settings = Journal(of.journal, until=now), dict(of.settings)
        made = self.snapshots.add(
            DbSnapshot(name, arn, of, settings, calendar.date, journal, kind, now, tags)
        )
        self.costs.snapshots.append(made)
        self.tell(f"{kind} snapshot began", made.id)
        self.tell("backup began", of.id)
        of.status = "backing-up"
        if of.copies == 1:  # otherwise the standby is saved
            self.outage(of, "db pause", frozen=True)
        lasts = timings.draw("db snapshot")
        lasts += journal.written(-1.0, now) / RATE if lasts else 0.0
        calendar.at(lasts, lambda: self._saved(made))
        return made

    def _saved(self, made: DbSnapshot) -> None:
        made.status = "available"
        self.tell("backup ended", made.of.id)
        self.tell(f"{made.kind} snapshot ended", made.id)
        if made.of.status == "backing-up":
            self.settled(made.of)
        if made.kind == "automated":
            self.keep(made.of)

    def automated(self, instance: DbInstance) -> list[DbSnapshot]:
        """List the automated snapshots of an instance, the oldest first."""
        return [each for each in self.snapshots if each.of is instance and each.kind == "automated"]

    def settled(self, instance: DbInstance) -> None:
        """Let an instance be available, once it has a backup if it shall have some."""
        super().settled(instance)
        if instance.settings["BackupRetentionPeriod"] and not self.automated(instance):
            self._save(instance)
        if instance.resource_id not in self._nights:
            self.plan(instance)

    def _save(self, instance: DbInstance) -> None:
        name = f"rds:{instance.id}-{self.date:%Y-%m-%d-%H-%M}"
        if name not in self.snapshots:  # there may be one of this minute
            self.save(instance, name, {}, "automated")

    def plan(self, instance: DbInstance) -> None:
        """Plan the snapshot of the next night; call it when the window has changed."""
        if instance.resource_id in self._nights:
            self._nights.pop(instance.resource_id).cancel()
        begin, length = span(instance.settings["PreferredBackupWindow"])
        now = self.date
        wait = (begin * 60 - (now.hour * 60 + now.minute) * 60 - now.second) % DAY or DAY
        end = self.now + wait + length * 60
        self._at(instance, wait + int(self.random.integers(length)) * 60, end)

    def _at(self, instance: DbInstance, wait: float, end: float) -> None:
        due = self.account.calendar.at(wait, lambda: self._due(instance, end))
        self._nights[instance.resource_id] = due

    def _due(self, instance: DbInstance, end: float) -> None:
        """Save it if it is available; if it is busy, try again while the window is open."""
        keeps = instance.settings["BackupRetentionPeriod"]
        if keeps and instance.status != "available" and self.now + AGAIN < end:
            self._at(instance, AGAIN, end)
            return
        if keeps and instance.status == "available":
            self._save(instance)
        self.plan(instance)

    def keep(self, instance: DbInstance) -> None:
        """Drop the automated snapshots that the retention period does not need; with 0 days all of them.

        The newest that is older than the period stays: the logs since then reach the period's first moment.
        """
        days = instance.settings["BackupRetentionPeriod"]
        kept, oldest = self.automated(instance), self.now - days * DAY
        for each in (
            [old for old, newer in pairwise(kept) if newer.begin < oldest] if days else kept
        ):
            self._gone(each)

    def _gone(self, snapshot: DbSnapshot) -> None:
        if snapshot.end == math.inf:
            self.snapshots.remove(snapshot)
            snapshot.end = self.now

    def DescribeDBSnapshots(self, request: Values) -> Values:
        """List snapshots: all, the one that is named, those of an instance, of a kind."""
        name, of = request.get("DBSnapshotIdentifier"), request.get("DBInstanceIdentifier", "")
        chosen = [self.snapshots.find(name)] if name else list(self.snapshots)
        chosen = [each for each in chosen if of.lower() in ("", each.of.id)]
        kind = request.get("SnapshotType")
        found = [each.shown() for each in chosen if kind in (None, each.kind)]
        return page(found, request, "DBSnapshots")

    def DeleteDBSnapshot(self, request: Values) -> Values:
        """Remove a snapshot that somebody made."""
        found = self.snapshots.ready(request["DBSnapshotIdentifier"])
        refuse_if(found.kind == "automated", "db automated", found.id)
        found.status = "deleted"
        self._gone(found)
        self.tell("snapshot deleted", found.id)
        return {"DBSnapshot": found.shown()}

    def DeleteDBInstance(self, request: Values) -> Values:
        """Begin to remove an instance, with a last snapshot or without one."""
        found = self.instances.ready(request["DBInstanceIdentifier"])
        skips, name = request.get("SkipFinalSnapshot"), request.get("FinalDBSnapshotIdentifier")
        refuse_if(found.settings["DeletionProtection"], "db protected")
        refuse_if(name and (skips or found.source), "db both snapshots")
        refuse_if(not name and not skips, "db last snapshot")
        if name:
            self.save(found, identifier(name, "FinalDBSnapshotIdentifier", 255), {})
        self.drop(found)
        return self.answer(found)

    def drop(self, instance: DbInstance) -> None:
        """Begin to remove an instance: from now on nobody reaches it."""
        instance.status = "deleting"
        instance.outages.append(Outage(self.now, math.inf))
        self.later("delete db", self._closed, instance)

    def _closed(self, instance: DbInstance) -> None:
        """Let an instance be gone, and its automated snapshots with it."""
        self.costs.end(instance)
        self.instances.remove(instance)
        self.tell("instance deleted", instance.id)
        self._nights.pop(instance.resource_id).cancel()
        for each in self.automated(instance):
            self._gone(each)
