"""A table as it was at a moment: point-in-time recovery."""

from typing import Any

from cachesim.service.dynamodb.table import DynamoTable
from cachesim.service.dynamodb.tables import TableDesk
from cachesim.service.faults import ServiceFault, only

DAY = 86400.0  # seconds
LATEST = 300.0  # seconds: the last moment to which a table can go back lies five minutes back
RESTORED = (
    "SourceTableName TargetTableName RestoreDateTime UseLatestRestorableTime BillingModeOverride"
)
Answer = dict[str, Any]


class PointInTime(TableDesk):
    """Continuous backups, and new tables made from them."""

    def DescribeContinuousBackups(self, request: Answer) -> Answer:
        """Say whether a table can go back, and how far."""
        return {"ContinuousBackupsDescription": self._backups(self._found(request["TableName"]))}

    def UpdateContinuousBackups(self, request: Answer) -> Answer:
        """Let a table keep what it was for some days, or no longer."""
        table, wanted = (
            self._found(request["TableName"]),
            request["PointInTimeRecoverySpecification"],
        )
        days = wanted.get("RecoveryPeriodInDays", 35)
        if not 1 <= days <= 35:
            raise ServiceFault(
                "ValidationException", f"RecoveryPeriodInDays must be from 1 to 35, got {days}"
            )
        now, since, kept = self.account.calendar.now, table.backed_up_since, table.items.keeps
        table.backed_up_since, table.items.keeps = None, 60.0
        if wanted["PointInTimeRecoveryEnabled"]:
            table.backed_up_since = now if since is None else max(since, now - kept)
            table.items.keeps = days * DAY
        return {"ContinuousBackupsDescription": self._backups(table)}

    def _found(self, name: str) -> DynamoTable:
        if name not in self.tables:
            raise ServiceFault("TableNotFoundException", f"Table not found: {name}")
        return self.tables.ready(name)

    def _window(self, table: DynamoTable) -> tuple[float, float] | None:
        """Return the first and the last moment to which a table can go back, in seconds."""
        since, now = table.backed_up_since, self.account.calendar.now
        if since is None or now - LATEST < since:
            return None
        return max(since, now - table.items.keeps), now - LATEST

    def _backups(self, table: DynamoTable) -> Answer:
        is_on = table.backed_up_since is not None
        found: Answer = {"PointInTimeRecoveryStatus": "ENABLED" if is_on else "DISABLED"}
        if is_on:
            found["RecoveryPeriodInDays"] = int(table.items.keeps / DAY)
        if window := self._window(table):
            names = ("EarliestRestorableDateTime", "LatestRestorableDateTime")
            dates = map(self.account.calendar.date_at, window)
            found |= dict(zip(names, dates, strict=True))
        return {"ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": found}

    def RestoreTableToPointInTime(self, request: Answer) -> Answer:
        """Make a new table that has exactly what another one had at a moment."""
        only(request, RESTORED.split())
        source = self._found(request.get("SourceTableName", ""))
        if source.backed_up_since is None:
            raise ServiceFault(
                "PointInTimeRecoveryUnavailableException",
                f"Point in time recovery is not enabled for table '{source.id}'",
            )
        moment = self._moment_of(source, request)
        rates = (
            {} if request.get("BillingModeOverride") == "PAY_PER_REQUEST" else source.eras[-1][1]
        )
        made = self._made(request["TargetTableName"], source.items.parts, rates)
        made.restored = {
            "SourceTableArn": source.arn,
            "RestoreDateTime": self.account.calendar.date_at(moment),
            "RestoreInProgress": False,
        }
        for key, item in source.items.all(moment):
            made.items.put(key, item, self.account.calendar.now)
        self._begin(made, "restore table")
        return {"TableDescription": made.shown()}

    def _moment_of(self, source: DynamoTable, request: Answer) -> float:
        window, calendar = self._window(source), self.account.calendar
        if window is None:
            raise ServiceFault(
                "InvalidRestoreTimeException",
                f"The table {source.id} cannot go back yet; wait until five minutes have passed.",
            )
        if request.get("UseLatestRestorableTime"):
            return window[1]
        if "RestoreDateTime" not in request:
            raise ServiceFault(
                "ValidationException", "give RestoreDateTime, or UseLatestRestorableTime"
            )
        moment = calendar.seconds(request["RestoreDateTime"])
        if not window[0] <= moment <= window[1]:
            first, last = (calendar.date_at(each).isoformat() for each in window)
            raise ServiceFault(
                "InvalidRestoreTimeException",
                f"The date must be from {first} to {last}, got {request['RestoreDateTime']}.",
            )
        return moment
