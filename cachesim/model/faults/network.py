"""Faults between the clients and a tier: partitions, lost packets, refused connections, wrong passwords."""

from typing import Annotated

from cachesim.model.faults.base import Condition, OfCache, Switched
from cachesim.model.unreliable.system import UnreliableSystem
from cachesim.records import DATABASE
from cachesim.spec import Rule

Loss = Annotated[float, Rule("from 0 to 1", lambda x: 0 <= x <= 1)]


class PartitionCache(OfCache, Switched):
    """A black hole: packets to and from the cache vanish, as behind a wrong security group.

    New calls wait for a connection and fail with ConnectTimedOut: after 127 s, unless clients have a
    time-out. Calls under way take effect, but their answers are lost (TimedOut).

    >>> PartitionCache(at=10, duration=5)
    PartitionCache(at=10.0, duration=5.0)
    """

    switch = "cut"


class PartitionDatabase(Switched):
    """A black hole between the clients and the database; see PartitionCache."""

    tier, switch = DATABASE, "cut"


class _Drop(Condition):
    """A share of the packets is lost, each way, and sent again after 0.2 s, 0.4 s, ..."""

    share: Loss = 0.01

    def begin(self, system: UnreliableSystem) -> None:
        """Lose packets."""
        self.struck(system).losses.append(self.share)

    def end(self, system: UnreliableSystem) -> None:
        """Lose none."""
        self.struck(system).losses.remove(self.share)


class DropCachePackets(OfCache, _Drop):
    """A share p of the packets to and from the cache is lost.

    A call loses one of its two packets with probability 1 − (1 − p)². TCP sends it again after 0.2 s.
    Clients with a shorter time-out see TimedOut; with r retries a call fails with that probability to the
    power r + 1.
    """


class DropDatabasePackets(_Drop):
    """A share of the packets to and from the database is lost; see DropCachePackets."""

    tier = DATABASE


class RefuseCache(OfCache, Switched):
    """The cache refuses new calls at once (ConnectionRefused, after one round trip); its content stays."""

    switch = "refusing"


class RefuseDatabase(Switched):
    """The database refuses new calls at once (ConnectionRefused, after one round trip)."""

    tier, switch = DATABASE, "refusing"


class RejectCacheLogin(OfCache, Switched):
    """The cache does not accept the clients' password: AuthenticationFailed, after one round trip."""

    switch = "locked"


class RejectDatabaseLogin(Switched):
    """The database does not accept the clients' password: AuthenticationFailed, after one round trip."""

    tier, switch = DATABASE, "locked"
