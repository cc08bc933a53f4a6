"""The ways from the processes of the application to one node: short within a zone, long between two."""

from collections.abc import Callable, Iterator, Sequence

from cachesim.model.events import Visit
from cachesim.model.journey import Journey
from cachesim.rng import Draw

Send = Callable[..., Visit]


class Ways:
    """How far each process is from a node, and how many bytes have come from other zones, or gone there.

    Parameters
    ----------
    near, far : iterator of float
        Seconds there and back, without end: within the node's zone, and from another zone.
    is_far : sequence of bool
        For each process, whether it is in another zone. User u belongs to process u % processes.

    >>> from itertools import repeat
    >>> ways = Ways(repeat(0.25), repeat(1.0), is_far=[False, True])
    >>> [ways.leg_of(user)() for user in (0, 1, 2)]
    [0.25, 1.0, 0.25]
    >>> ways.count(user=0, size=100), ways.count(user=1, size=100), ways.crossed
    (None, None, 100)
    """

    def __init__(self, near: Iterator[float], far: Iterator[float], is_far: Sequence[bool]) -> None:
        self._near, self._far, self._is_far = near, far, is_far
        self.crossed = 0  # bytes, so far

    def leg_of(self, user: int) -> Draw:
        """Give the function that draws a leg of this user."""
        legs = self._far if self._is_far[user % len(self._is_far)] else self._near
        return legs.__next__

    def count(self, user: int, size: int) -> None:
        """Count bytes between this user and the node, if they are in two zones."""
        if self._is_far[user % len(self._is_far)]:
            self.crossed += size

    def sender(self, make: Callable[[Iterator[float]], Send]) -> Send:
        """Make a function that sends each command the right way; `make` makes one for given legs."""
        near, far, is_far = make(self._near), make(self._far), self._is_far
        processes = len(is_far)

        def send(journey: Journey, *command: object) -> Visit:
            way = far if is_far[journey.client % processes] else near
            return way(journey, *command)

        return send
