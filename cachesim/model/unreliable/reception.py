"""How connections come about again after all of them were lost: one after the other, at the server's pace."""

from cachesim.model.station import Station


class Reception:
    """Opens connections in the order in which they are asked for. When the run begins, every user has one.

    >>> reception = Reception(rate=10.0)
    >>> reception.knows(7)
    True
    >>> reception.close_all()
    >>> reception.knows(7), reception.open(now=5.0), round(reception.open(now=5.0), 3)
    (False, 5.1, 5.2)
    >>> reception.admit(7, reception.era)
    >>> reception.knows(7), reception.knows(8)
    (True, False)
    """

    def __init__(self, rate: float) -> None:
        self._each = 1 / rate  # seconds
        self._door = Station(1)
        self._users: set[int] | None = None  # who has a connection; None: everybody
        self.era = 0  # how often all connections were lost

    def knows(self, user: int) -> bool:
        """Whether the user has a connection."""
        return self._users is None or user in self._users

    def close_all(self) -> None:
        """Lose every connection, and every one that is being opened."""
        self._users = set()
        self._door = Station(1)
        self.era += 1

    def open(self, now: float) -> float:
        """Join the line for a connection; return the moment in seconds at which it is there."""
        return self._door.depart(now, self._each)

    def admit(self, user: int, era: int) -> None:
        """Note that a user has a connection that was asked for in `era`."""
        if self._users is not None and era == self.era:
            self._users.add(user)
