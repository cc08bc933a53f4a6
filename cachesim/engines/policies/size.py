"""Policies that look at how large a value is: GDSF."""

from cachesim.engines.base import Entry, EvictionPolicy
from cachesim.engines.policies.parts import RankHeap


class GDSF(EvictionPolicy):
    """Greedy dual with sizes and frequencies: the key with the fewest uses per byte goes, and the old ones age.

    A key's rank is the rank of the last victim plus its uses per byte, so that those who are not used any
    more are overtaken.

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
        """Begin with one use."""
        self._use(entry, 1)

    def on_use(self, entry: Entry) -> None:
        """Count one use more."""
        self._use(entry, self.uses[entry.key] + 1)

    def on_evict(self, entry: Entry) -> None:
        """Let every later use count from this rank."""
        self.inflation = self.ranks.ranks[entry.key]

    def on_remove(self, entry: Entry) -> None:
        """Forget the key."""
        self.ranks.drop(entry.key)
        del self.uses[entry.key]

    def victim(self) -> str:
        """Take the key of the lowest rank."""
        return self.ranks.lowest()

    def _use(self, entry: Entry, uses: int) -> None:
        self.uses[entry.key] = uses
        self.ranks.put(entry.key, self.inflation + uses / max(1, entry.size))
