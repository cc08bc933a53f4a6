"""Clients that wait for a key: BLPOP and its kin (redis 7: blocked.c)."""

from collections import defaultdict
from collections.abc import Callable

Place = tuple[int, str]  # a key: the number of its database, its name


class Waiter:
    """Who waits for one of some keys.

    Parameters
    ----------
    places : list of Place
        The keys.
    attempt : callable
        Takes the key that is there; runs the command again. True if it found something.
    """

    def __init__(self, places: list[Place], attempt: Callable[[Place], bool]) -> None:
        self.places, self.attempt = places, attempt


class BlockedKeys:
    """The keys for which somebody waits, and those of them that came or went since the last look.

    >>> blocked, served = BlockedKeys(), []
    >>> blocked.add(Waiter([(0, "a"), (0, "b")], lambda place: served.append(place) is None))
    >>> blocked.note(0, "b")
    >>> blocked.serve()
    >>> served, dict(blocked.by_key)
    ([(0, 'b')], {})
    """

    def __init__(self) -> None:
        self.by_key: defaultdict[Place, dict[Waiter, None]] = defaultdict(dict)  # first come first
        self.ready: dict[Place, None] = {}
        self.clients = 0  # that wait for keys, or for replicas: INFO shows it
        self._serves = False

    def add(self, waiter: Waiter) -> None:
        """Let somebody wait."""
        for place in waiter.places:
            self.by_key[place][waiter] = None

    def remove(self, waiter: Waiter) -> None:
        """Let somebody wait no more."""
        for place in waiter.places:
            self.by_key[place].pop(waiter, None)
            if not self.by_key[place]:
                del self.by_key[place]

    def note(self, database: int, key: str) -> None:
        """Note that there is something under a key now, or nothing any more."""
        if (database, key) in self.by_key:
            self.ready[database, key] = None

    def note_all(self, *databases: int) -> None:
        """Note that every key of these databases may be there now, or may be gone."""
        for place in self.by_key:
            if place[0] in databases:
                self.ready[place] = None

    def serve(self) -> None:
        """Let those who wait for the keys that are there try again, first come first.

        A command that is served may bring another key; then its turn comes, too.
        """
        if self._serves:
            return
        self._serves = True
        while self.ready:
            place = next(iter(self.ready))
            del self.ready[place]
            for waiter in list(self.by_key.get(place, ())):
                if waiter.attempt(place):
                    self.remove(waiter)
        self._serves = False
