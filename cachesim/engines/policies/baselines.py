"""The bounds for other policies: Random from below, Belady from above."""

import math
from collections.abc import Callable, Iterable, Sequence
from heapq import heappop, heappush

from cachesim.engines.base import Entry, EvictionPolicy
from cachesim.errors import BadInput, PolicyError


class Random(EvictionPolicy):
    """Evicts a random key, each with the same probability."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.place: dict[str, int] = {}

    def on_add(self, entry: Entry) -> None:
        """Put the key at the last place."""
        self.place[entry.key] = len(self.keys)
        self.keys.append(entry.key)

    def on_remove(self, entry: Entry) -> None:
        """Move the last key to the free place, so that no gap is left."""
        place, last = self.place.pop(entry.key), self.keys.pop()
        if last != entry.key:
            self.keys[place], self.place[last] = last, place

    def victim(self) -> str:
        """Choose the key at a random place."""
        return self.keys[int(self.random() * len(self.keys))]


class _Belady(EvictionPolicy):
    """The policy that `Belady(keys)` makes: it knows the next request of each key."""

    def __init__(self, keys: Sequence[str], next_uses: Sequence[float]) -> None:
        self.keys, self.next_uses = keys, next_uses
        self.number = 0  # of the next request
        self.held: dict[str, float] = {}  # key -> number of its next request
        # A heap of (-number, key), with outdated entries.
        self.farthest: list[tuple[float, str]] = []

    def on_add(self, entry: Entry) -> None:
        """Note the next request of the key."""
        self.on_use(entry)

    def on_use(self, entry: Entry) -> None:
        """Note the request of the key after this one."""
        number, self.number = self.number, self.number + 1
        expected = self.keys[number] if number < len(self.keys) else None
        if expected != entry.key:
            what = "nothing more" if expected is None else f'"{expected}"'
            raise PolicyError(
                f'Belady expects that request {number} asks for {what}, not for "{entry.key}"; '
                "make it with Belady(keys) from the very requests that read or store, in their order"
            )
        self.held[entry.key] = self.next_uses[number]
        heappush(self.farthest, (-self.next_uses[number], entry.key))

    def on_remove(self, entry: Entry) -> None:
        """Forget the key."""
        del self.held[entry.key]

    def victim(self) -> str:
        """Choose the key whose next request is latest, or never comes."""
        while True:
            when, key = self.farthest[0]
            if self.held.get(key) == -when:
                return key
            heappop(self.farthest)


def Belady(keys: Iterable[str] | None = None) -> Callable[[], EvictionPolicy]:  # noqa: N802 (used like a class)
    """Return a function that makes the optimal policy for these requests; a miss must store its key.

    No policy hits more often if all items have the same size. The policy follows the requests one by
    one. It refuses any other order, such as the mixed order of several clients.

    >>> from cachesim.engines.simple import Simple
    >>> keys = ["a", "b", "c", "a"]
    >>> cache = Simple(items=2, policy=Belady(keys)).build(lambda: 0.0, lambda: 0.5)
    >>> for key in keys:
    ...     if cache.get(key) is None:
    ...         cache.set(key, b"")
    >>> cache.evictions, cache.why_missed("b")
    (1, 'evicted')

    Raises
    ------
    BadInput
        The keys are missing. Later, a request for another key raises PolicyError.

    References
    ----------
    Belady, "A study of replacement algorithms for a virtual-storage computer", IBM Systems J. 5 (1966).
    """
    if keys is None:
        raise BadInput(
            "Belady needs the future: give policy=Belady(keys), the keys of all requests"
        )
    known, upcoming = list(keys), dict[str, float]()
    next_uses = [math.inf] * len(known)
    for number in range(len(known) - 1, -1, -1):
        next_uses[number] = upcoming.get(known[number], math.inf)
        upcoming[known[number]] = number

    def belady() -> EvictionPolicy:
        return _Belady(known, next_uses)

    return belady
