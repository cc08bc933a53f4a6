"""DB instances: create, describe, restart, fail over."""

from typing import Any

from cachesim.service.checks import identifier
from cachesim.service.faults import refuse_if
from cachesim.service.rds.costs import DbCosts
from cachesim.service.rds.events import DbEvents
from cachesim.service.rds.instance import DbInstance, Outage
from cachesim.service.rds.journal import DbCommit, Journal
from cachesim.service.rds.settings import checked, completed
from cachesim.service.register import Register
from cachesim.service.tags import tags_of

Values = dict[str, Any]
NEEDED = ("Engine", "DBInstanceClass", "AllocatedStorage")
FAILOVER = 60.0, 120.0  # seconds that it takes at least and at most (RDS User Guide)
SOON = 600.0  # seconds in which nobody can force a second failover: an assumption
STEPS = {  # a step in which an instance is away -> its state, and the events before and after it
    "reboot db": ("rebooting", "instance shut down", "instance restarted"),
    "promote db replica": ("modifying", "instance shut down", "instance restarted"),
    "db recovery": ("modifying", "recovery began", "instance restarted,recovery ended"),
    "db failover": (
        *("rebooting", "failover began", "instance restarted,standby leads,failover ended"),
    ),
}


class DbInstances(DbEvents):
    """The operations on DB instances that need no backup."""

    def __init__(self, account: Any) -> None:
        super().__init__(account)
        self.instances: Register[DbInstance] = Register("db instance")
        self.random = account.stream("db windows")
        self.costs = DbCosts(account)
        self.writes = 0  # ids of writes that are used up, in all runs of the account

    def CreateDBInstance(self, request: Values) -> Values:
        """Begin to make an instance without rows."""
        asked = checked(self, request, "DBInstanceIdentifier MasterUserPassword Tags")
        for name in NEEDED:
            refuse_if(name not in asked, "db needs", name)
        refuse_if(not 8 <= len(request.get("MasterUserPassword", "")) <= 41, "db password")
        made = self.make(
            request["DBInstanceIdentifier"], completed(self, asked), Journal(), request
        )
        self.later("create db", self.opened, made, "instance created")
        return self.answer(made)

    def make(self, name: str, settings: Values, journal: Journal, request: Values) -> DbInstance:
        """Enter a new instance."""
        name, zones = identifier(name, "DBInstanceIdentifier", 63), self.account.zones()
        self.instances.check_new(name)
        first = settings.get("AvailabilityZone", zones[len(self.instances) % len(zones)])
        made = DbInstance(
            name,
            settings,
            self.arn(f"db:{name}"),
            f"db-{self.account.request_id().replace('-', '')[:26].upper()}",
            self.date,
            [first, *(zone for zone in zones if zone != first)],
            journal,
            tags_of(request),
        )
        return self.instances.add(made)

    def opened(self, made: DbInstance, event: str, *values: str) -> None:
        """Let an instance be there; from now on it costs."""
        made.created = self.date
        self.costs.rent(made)
        self.tell(event, made.id, *values)
        self.settled(made)

    def settled(self, instance: DbInstance) -> None:
        """Let an instance be available; backups.py saves it first if it never was."""
        instance.status = "available"

    def look(self, instance: DbInstance) -> None:
        """Note what only the clock changes."""

    def answer(self, instance: DbInstance) -> Values:
        """Return the answer of an operation on one instance."""
        self.look(instance)
        return {"DBInstance": instance.shown()}

    def DescribeDBInstances(self, request: Values) -> Values:
        """List instances, or the one that is named."""
        for each in self.instances:
            self.look(each)
        return self.instances.described(request)

    def commits(self, name: str) -> list[DbCommit]:
        """Return every commit that the rows of an instance have, the oldest first."""
        return self.instances.find(name).journal.commits()

    def RebootDBInstance(self, request: Values) -> Values:
        """Restart the database, or let the standby take over."""
        found = self.instances.ready(request["DBInstanceIdentifier"])
        forced = request.get("ForceFailover", False)
        refuse_if(forced and found.copies == 1, "db no failover")
        if forced and self.now < found.failed_over + SOON:
            self.tell("failover refused", found.id)
        else:
            self.away(found, "db failover" if forced else "reboot db")
        return self.answer(found)

    def kill(self, name: str) -> None:
        """Let the machine of an instance die now: the standby takes over, or the service repairs it."""
        found = self.instances.find(name)
        if found.status in ("available", "backing-up"):
            self.away(found, "db failover" if found.copies == 2 else "db recovery")

    def away(self, instance: DbInstance, step: str) -> None:
        """Let an instance be away for a step; all connections end."""
        status, before, after = STEPS[step]

        def back() -> None:
            for event in after.split(","):
                self.tell(event, instance.id)
            self.settled(instance)

        instance.status = status
        self.tell(before, instance.id)
        self.account.calendar.at(self.outage(instance, step), back)

    def outage(self, instance: DbInstance, step: str, frozen: bool = False) -> float:
        """Draw how long an instance is away, from now on; return it. A failover changes its zone."""
        now, seconds = self.now, self.account.timings.draw(step)
        if step == "db failover":
            least, most = FAILOVER
            seconds = min(max(seconds, least), most) if seconds else 0.0
            instance.failed_over, instance.zones[:2] = now, instance.zones[1::-1]
        instance.outages.append(Outage(now, seconds, frozen))
        return float(seconds)
