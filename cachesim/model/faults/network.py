"""Faults between the clients and a tier: partitions, lost packets, refused connections, wrong passwords."""

from typing import Annotated

from cachesim.model.careful.system import CarefulSystem
from cachesim.model.faults.base import Condition, OfCache, OfDatabase
from cachesim.spec import Rule

Loss = Annotated[float, Rule("from 0 to 1", lambda x: 0 <= x <= 1)]


class _Partition(Condition):
    """Every packet is lost."""

    def begin(self, system: CarefulSystem) -> None:
        """Cut the line."""
        self.tier(system).cut += 1

    def end(self, system: CarefulSystem) -> None:
        """Mend it."""
        self.tier(system).cut -= 1


class PartitionCache(OfCache, _Partition):
    """A black hole: packets to and from the cache vanish, as behind a wrong security group.

    New calls wait for a connection (ConnectTimedOut at last: 127 s unless clients have a time-out); calls
    under way take effect, and their answers are lost (TimedOut).

    >>> PartitionCache(at=10, duration=5)
    PartitionCache(at=10.0, duration=5.0)
    """


class PartitionDatabase(OfDatabase, _Partition):
    """A black hole between the clients and the database; see PartitionCache."""


class _Drop(Condition):
    """A share of the packets is lost, each way, and sent again after 0.2 s, 0.4 s, ..."""

    share: Loss = 0.01

    def begin(self, system: CarefulSystem) -> None:
        """Lose packets."""
        self.tier(system).losses.append(self.share)

    def end(self, system: CarefulSystem) -> None:
        """Lose none."""
        self.tier(system).losses.remove(self.share)


class DropCachePackets(OfCache, _Drop):
    """A share p of the packets to and from the cache is lost.

    A call loses one of its two with probability 1 − (1 − p)². TCP repeats it after 0.2 s: clients whose
    time-out is shorter see TimedOut, and with r retries fail with that probability to the power r + 1.
    """


class DropDatabasePackets(OfDatabase, _Drop):
    """A share of the packets to and from the database is lost; see DropCachePackets."""


class _Refuse(Condition):
    """The machine is there, and nobody listens at the port."""

    def begin(self, system: CarefulSystem) -> None:
        """Refuse."""
        self.tier(system).refusing += 1

    def end(self, system: CarefulSystem) -> None:
        """Accept."""
        self.tier(system).refusing -= 1


class RefuseCache(OfCache, _Refuse):
    """The cache refuses new calls at once (ConnectionRefused, after one round trip); its content stays."""


class RefuseDatabase(OfDatabase, _Refuse):
    """The database refuses new calls at once (ConnectionRefused, after one round trip)."""


class _Reject(Condition):
    """The server answers every call with an error about the password."""

    def begin(self, system: CarefulSystem) -> None:
        """Change the password without telling the clients."""
        self.tier(system).locked += 1

    def end(self, system: CarefulSystem) -> None:
        """Accept theirs again."""
        self.tier(system).locked -= 1


class RejectCacheLogin(OfCache, _Reject):
    """The cache does not accept the clients' password: AuthenticationFailed, after one round trip."""


class RejectDatabaseLogin(OfDatabase, _Reject):
    """The database does not accept the clients' password: AuthenticationFailed, after one round trip."""
