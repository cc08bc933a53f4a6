"""What a primary remembers of a replica that it no longer hears, and that has another primary by now."""

import math

from cachesim.model.fleet.replica import LazyReplica


class Ghost:
    """A reader of the old primary's log in the place of a replica: its last ACK grows old.

    The log keeps all that came after it, so each write that is lost has a name.
    """

    def __init__(self, replica: LazyReplica) -> None:
        self._acks, self._received = replica.acks, replica.received

    def needs(self) -> int:
        """Return the offset behind which the log keeps everything."""
        return self._received

    def catch_up(self, now: float) -> None:
        """Receive nothing."""

    def is_good(self, now: float, max_lag: int, look: float) -> bool:
        """Whether its last ACK is young enough; see `LazyReplica.is_good`."""
        return self._acks.is_good(now, max_lag, look)

    def acknowledges(self, offset: int) -> float:
        """Return when it will have answered a WAIT: never."""
        return math.inf
