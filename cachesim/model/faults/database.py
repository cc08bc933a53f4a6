"""Faults of a database that has a standby or replicas."""

from cachesim.errors import BadInput
from cachesim.model.events import Steps
from cachesim.model.faults.base import Condition, Fault
from cachesim.model.unreliable.system import UnreliableSystem
from cachesim.records import DATABASE


class FailOverDatabase(Fault):
    """A planned failover: the standby becomes the primary (RebootDBInstance with failover, a patch of the system).

    Queries under way are lost, later ones are refused until the standby has taken over: `Database.failover`
    says how long that takes. No committed row is lost, for every commit has waited for the standby.

    >>> str(FailOverDatabase(at=40))
    'FailOverDatabase at 40 s'
    """

    tier = DATABASE

    def play(self, system: UnreliableSystem) -> Steps:
        """Fail over once."""
        if not system.db.has_standby:
            raise BadInput("FailOverDatabase needs a standby; set Database(standby=True)")
        yield system.until(self.at)
        system.db.crash()
        yield system.until(self.at + system.db.outage(0.0))
        system.db.restart()


class StopReplication(Condition):
    """The primary sends no commits to its replicas for a while; then all of them arrive at once.

    So a replica lags by up to `duration` seconds: a long transaction does that, or a change of a large table.
    """

    tier = DATABASE

    def begin(self, system: UnreliableSystem) -> None:
        """Hold the commits back until the end."""
        if not system.db.has_replicas:
            raise BadInput("StopReplication needs replicas; set Database(replicas=1) or more")
        system.db.log.hold(self.at + self.duration)

    def end(self, system: UnreliableSystem) -> None:
        """Do nothing: when a commit arrives was known from the beginning."""
