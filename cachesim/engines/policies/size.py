"""Policies that look at the size of a value: GDSF."""

from cachesim.engines.base import Entry, EvictionPolicy
from cachesim.engines.policies.parts import RankHeap


class GDSF(EvictionPolicy):
    """Greedy dual with sizes and frequencies: evicts the key with the fewest uses per byte; keys age.

    At each use, a key's rank becomes the rank of the last victim plus the key's uses per byte. So the
    keys in use overtake the keys that nobody uses any more.

    References
    ----------
    Cherkasova, "Improving WWW proxies performance with greedy-dual-size-frequency caching policy", HP
    Laboratories HPL-98-69R1 (1998).

    >>> from cachesim.engines.base import Entry
    >>> policy = GDSF()
    >>> policy.on_add(Entry("small", b"", 10, 9.0)), policy.on_add(Entry("large", b"", 1000, 9.0))
    (None, None)
    >>> policy.victim()
    'large'
    """

    def __init__(self) -> None:
        self.ranks = RankHeap()
        self.uses: dict[str, int] = {}
        self.inflation = 0.0  # the rank of the last victim

    def on_add(self, entry: Entry) -> None:
        """Count the first use."""
        self._use(entry, 1)

    def on_use(self, entry: Entry) -> None:
        """Count one more use."""
        self._use(entry, self.uses[entry.key] + 1)

    def on_evict(self, entry: Entry) -> None:
        """Start from this rank at every later use."""
        self.inflation = self.ranks.ranks[entry.key]

    def on_remove(self, entry: Entry) -> None:
        """Forget the key."""
        self.ranks.drop(entry.key)
        del self.uses[entry.key]

    def victim(self) -> str:
        """Choose the key with the lowest rank."""
        return self.ranks.lowest()

    def _use(self, entry: Entry, uses: int) -> None:
        self.uses[entry.key] = uses
        self.ranks.put(entry.key, self.inflation + uses / max(1, entry.size))
