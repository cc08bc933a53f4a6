"""What other policies are measured against: Random from below, Belady from above."""

import math
from collections.abc import Callable, Iterable, Sequence
from heapq import heappop, heappush

from cachesim.engines.base import Entry, EvictionPolicy
from cachesim.errors import BadInput, PolicyError


class Random(EvictionPolicy):
    """Any key, each as likely as the others."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.place: dict[str, int] = {}

    def on_add(self, entry: Entry) -> None:
        """Take the last place."""
        self.place[entry.key] = len(self.keys)
        self.keys.append(entry.key)

    def on_remove(self, entry: Entry) -> None:
        """Give the place to the last key: removal without a gap."""
        place, last = self.place.pop(entry.key), self.keys.pop()
        if last != entry.key:
            self.keys[place], self.place[last] = last, place

    def victim(self) -> str:
        """Draw a place."""
        return self.keys[int(self.random() * len(self.keys))]


class _Belady(EvictionPolicy):
    """What `Belady(keys)` makes: follows the requests and knows when each key is asked for next."""

    def __init__(self, keys: Sequence[str], next_uses: Sequence[float]) -> None:
        self.keys, self.next_uses = keys, next_uses
        self.number = 0  # of the request that comes next
        self.held: dict[str, float] = {}  # key -> number of the request that asks for it next
        self.farthest: list[
            tuple[float, str]
        ] = []  # a heap of (-number, key), the outdated included

    def on_add(self, entry: Entry) -> None:
        """Note the next use."""
        self.on_use(entry)

    def on_use(self, entry: Entry) -> None:
        """Note the use after this one."""
        number, self.number = self.number, self.number + 1
        expected = self.keys[number] if number < len(self.keys) else None
        if expected != entry.key:
            what = "nothing more" if expected is None else f'"{expected}"'
            raise PolicyError(
                f'Belady was told that request {number} asks for {what}, not for "{entry.key}"; '
                "make it with Belady(keys) from the very requests that read or store, in their order"
            )
        self.held[entry.key] = self.next_uses[number]
        heappush(self.farthest, (-self.next_uses[number], entry.key))

    def on_remove(self, entry: Entry) -> None:
        """Forget the key; its future stays known."""
        del self.held[entry.key]

    def victim(self) -> str:
        """Return the key that is needed again last, or never."""
        while True:
            when, key = self.farthest[0]
            if self.held.get(key) == -when:
                return key
            heappop(self.farthest)


def Belady(keys: Iterable[str] | None = None) -> Callable[[], EvictionPolicy]:  # noqa: N802 (used like a class)
    """Return a maker of the optimum for these very requests, each asked once and filled on a miss.

    No policy can hit more on equal-sized items. It follows the requests one by one, so any other order,
    such as that of several clients, is refused.

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
        It is made without the keys; PolicyError, later, if others are asked for.

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
    return lambda: _Belady(known, next_uses)
