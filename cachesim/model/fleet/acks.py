"""The ACKs of a replica: once per second it tells its primary how far it has come."""

import math
from collections import deque

KEPT = 64  # the last ones


class Acks:
    """What a replica has told its primary, and when that came.

    Parameters
    ----------
    back : float
        Seconds that an ACK takes to the primary.
    phase : float
        The part of a second at which the replica sends its ACK, from 0 to 1.

    >>> acks = Acks(back=0.01, phase=0.25)
    >>> acks.connect(at=0.5, offset=0)
    >>> acks.send(before=1.5, offset=100)
    >>> acks.newest(1.2), acks.newest(1.3)
    ((0.51, 0), (1.26, 100))
    """

    def __init__(self, back: float, phase: float) -> None:
        self.back, self.phase = back, phase
        self.next = -math.inf  # seconds: when the next one is sent
        self._sent: deque[tuple[float, int]] = deque(maxlen=KEPT)  # when each comes, its offset

    def connect(self, at: float, offset: int) -> None:
        """Send an ACK at once, and then one per second."""
        self._sent.append((at + self.back, offset))
        self.next = self._second(at) + 1.0

    def forget(self) -> None:
        """Forget them: the primary does not count on this replica any more."""
        self._sent.clear()

    def _second(self, now: float) -> float:
        """Return the last time up to now at which an ACK is sent."""
        return math.floor(now - self.phase) + self.phase

    def send(self, before: float, offset: int, is_cut: bool = False) -> None:
        """Send the ACKs that are due before a moment; the offset was the same at all of them."""
        last = self._second(before)
        last -= last == before  # an ACK of this very moment comes after what is done now
        if not is_cut:
            self._sent.append((self.next + self.back, offset))
            if last > self.next:
                self._sent.append((last + self.back, offset))
        self.next = last + 1.0

    def newest(self, now: float) -> tuple[float, int]:
        """Return the newest ACK that has come by now: when, and its offset."""
        return next((ack for ack in reversed(self._sent) if ack[0] <= now), (-math.inf, 0))

    def is_good(self, now: float, max_lag: int, look: float) -> bool:
        """Whether the newest ACK was young enough when the primary looked, in whole seconds of its clock."""
        came, _ = self.newest(now)
        return came > -math.inf and math.floor(look) - math.floor(came) <= max_lag
