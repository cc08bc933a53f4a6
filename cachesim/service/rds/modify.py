"""ModifyDBInstance: what changes at once, and what waits for the maintenance window."""

from typing import Any

from cachesim.service.checks import next_window
from cachesim.service.faults import refuse_if
from cachesim.service.rds.backups import DbBackups
from cachesim.service.rds.instance import DbInstance
from cachesim.service.rds.instances import Values
from cachesim.service.rds.settings import checked, db_settings, overlap

MINUTE = 60.0  # seconds: so long a change waits for an instance that is busy in its window
DAYS, WINDOW = "BackupRetentionPeriod", "PreferredMaintenanceWindow"
TOLD = {  # member, and whether it is more than nothing -> events before and after
    ("DBInstanceClass", True): ("class asked", "class changed"),
    ("AllocatedStorage", True): ("storage asked", "storage changed"),
    ("MultiAZ", True): ("standby asked", "standby added"),
    ("MultiAZ", False): ("no standby asked", "standby removed"),
    (DAYS, True): ("", "backups on"),
    (DAYS, False): ("", "backups off"),
}


class DbChanges(DbBackups):
    """The operation ModifyDBInstance."""

    def ModifyDBInstance(self, request: Values) -> Values:
        """Change settings at once, or in the maintenance window."""
        found = self.instances.ready(request["DBInstanceIdentifier"])
        changes = checked(self, request, "DBInstanceIdentifier ApplyImmediately", changes=True)
        storage, at_once = found.settings["AllocatedStorage"], request.get("ApplyImmediately")
        asked = changes.get("AllocatedStorage", storage)
        refuse_if(changes.get(DAYS) == 0 and found.replicas, "db backups needed", 0)
        refuse_if(asked < storage, "db smaller", storage, asked)
        refuse_if(overlap(found.settings | changes), "db windows")
        new = {n: value for n, value in changes.items() if value != found.settings[n]}
        later = {n: v for n, v in new.items() if not at_once and _waits(found, n, v)}
        left = {n: v for n, v in found.pending.items() if n not in changes}
        found.pending = left | later
        self._do(found, {n: v for n, v in new.items() if n not in later})
        if later:
            self._await_window(found)
        return self.answer(found)

    def _await_window(self, instance: DbInstance) -> None:
        """Apply what waits in the next window; look again each minute while the instance is busy."""
        window, calendar = instance.settings[WINDOW], self.account.calendar
        begin, end = next_window(window, calendar)

        def opened() -> None:
            is_old = window != instance.settings[WINDOW]
            if is_old or not instance.pending or instance.status == "deleting":
                return
            if instance.status == "available":
                changes, instance.pending = instance.pending, {}
                self._do(instance, changes)
            elif calendar.now + MINUTE < end:
                calendar.at(MINUTE, opened)
            else:
                self._await_window(instance)

        calendar.at(begin - calendar.now, opened)

    def _do(self, instance: DbInstance, new: Values) -> None:
        """Let changes take effect: most take some minutes, and some end all connections."""
        told = [
            TOLD[name, bool(value)]
            for name, value in new.items()
            if (name, bool(value)) in TOLD and (name != DAYS or _waits(instance, name, value))
        ]
        if not told:
            self._set(instance, new)
            return
        instance.status = "modifying"
        for before, _ in told:
            if before:
                self.tell(before, instance.id)
        lasts = self.account.timings.draw("modify db")
        if "DBInstanceClass" in new or (DAYS in new and _waits(instance, DAYS, new[DAYS])):
            step = "db failover" if instance.copies == 2 else "reboot db"
            lasts = max(lasts, self.outage(instance, step))
        self.account.calendar.at(lasts, lambda: self._changed(instance, new, told))

    def _changed(self, instance: DbInstance, new: Values, told: list[tuple[str, str]]) -> None:
        self._set(instance, new)
        for _, after in told:
            self.tell(after, instance.id)
        self.settled(instance)

    def _set(self, instance: DbInstance, new: Values) -> None:
        instance.settings |= new
        if {"DBInstanceClass", "AllocatedStorage", "MultiAZ"} & set(new):
            self.costs.rent(instance)
        if "PreferredBackupWindow" in new:
            self.plan(instance)
        if WINDOW in new and instance.pending:
            self._await_window(instance)
        self.keep(instance)


def _waits(instance: DbInstance, name: str, value: Any) -> bool:
    """Whether a change is one for a window; another number of days is not, unless it is from or to 0."""
    is_days = name == DAYS and 0 not in (value, instance.settings[name])
    return db_settings()[name].change == "window" and not is_days
