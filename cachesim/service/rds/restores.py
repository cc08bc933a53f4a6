"""The ways back: a new instance from a snapshot, or with the commits until a moment.

The oldest automated backup and the logs since then reach any moment. Logs are stored every five minutes:

    backup          stored   stored   stored        now
      |---------------|--------|--------|------------|
      earliest                       latest: at least five minutes ago
"""

from cachesim.service.faults import refuse_if
from cachesim.service.pages import page
from cachesim.service.rds.backups import DAY
from cachesim.service.rds.instance import DbInstance
from cachesim.service.rds.instances import Values
from cachesim.service.rds.journal import Journal
from cachesim.service.rds.replicas import KEPT, DbReplicas
from cachesim.service.rds.settings import checked, completed

LOGS = 300.0  # seconds between two times at which logs are stored (RDS User Guide)
SNAPSHOT = "DBInstanceIdentifier DBSnapshotIdentifier Tags"
MOMENT = (
    "SourceDBInstanceIdentifier TargetDBInstanceIdentifier RestoreTime UseLatestRestorableTime Tags"
)


class DbRestores(DbReplicas):
    """The operations that make an instance from backups. It has a name of its own, so an endpoint of its own."""

    def RestoreDBInstanceFromDBSnapshot(self, request: Values) -> Values:
        """Begin to make an instance with what a snapshot has."""
        found, name = (
            self.snapshots.ready(request["DBSnapshotIdentifier"]),
            request["DBInstanceIdentifier"],
        )
        asked = found.settings | checked(self, request, SNAPSHOT)
        return self._restore(name, asked, found.journal, request, "snapshot", found.id)

    def RestoreDBInstanceToPointInTime(self, request: Values) -> Values:
        """Begin to make an instance with the commits of another one until a moment."""
        calendar, newest = self.account.calendar, request.get("UseLatestRestorableTime", False)
        source, name = (
            self.instances.find(request["SourceDBInstanceIdentifier"]),
            request["TargetDBInstanceIdentifier"],
        )
        asked = source.settings | checked(self, request, MOMENT)
        refuse_if(newest == ("RestoreTime" in request), "db one moment")
        window = self.window(source)
        refuse_if(not window, "db no backups", source.id)
        begin, end = map(calendar.date_at, window)
        moment = end if newest else request["RestoreTime"]
        dates = [f"{each:%Y-%m-%dT%H:%M:%SZ}" for each in (begin, end, moment)]
        refuse_if(not begin <= moment <= end, "db moment", *dates)
        until = (moment - calendar.start).total_seconds()
        journal = Journal(source.journal, until=until)
        return self._restore(name, asked, journal, request, "time", source.id, name)

    def _restore(
        self, name: str, asked: Values, journal: Journal, request: Values, how: str, *told: str
    ) -> Values:
        """Enter an instance: it has most settings of the old one, but not who may reach it, nor the windows."""
        names = {*KEPT, "BackupRetentionPeriod", *request}
        settings = completed(self, {n: value for n, value in asked.items() if n in names})
        made = self.make(name, settings, Journal(journal), request)
        self.later("restore db", self.opened, made, f"restored from {how}", *told)
        return self.answer(made)

    def window(self, instance: DbInstance) -> tuple[float, ...]:
        """Return between which seconds an instance can be restored; nothing if it cannot."""
        saved = [each.begin for each in self.automated(instance) if each.status == "available"]
        now, days = self.now, instance.settings["BackupRetentionPeriod"]
        begin, latest = max([now - days * DAY, *saved[:1]]), (now - LOGS) // LOGS * LOGS
        return (begin, latest) if saved and begin <= latest else ()

    def look(self, instance: DbInstance) -> None:
        """Note to which moment an instance can be restored now."""
        latest = self.window(instance)[1:]
        instance.latest = self.account.calendar.date_at(*latest) if latest else None

    def DescribeDBInstanceAutomatedBackups(self, request: Values) -> Values:
        """List between which moments each instance can be restored."""
        name, date_at = request.get("DBInstanceIdentifier"), self.account.calendar.date_at
        chosen = [self.instances.find(name)] if name else list(self.instances)
        found = []
        for each in chosen:
            if window := self.window(each):
                dates = dict(zip(("EarliestTime", "LatestTime"), map(date_at, window), strict=True))
                found.append({**each.shown(), "RestoreWindow": dates, "Status": "active"})
        return page(found, request, "DBInstanceAutomatedBackups")
