"""Which class should give a page to another: so memcached follows a changing mix of sizes.

Once per second, every class notes the age of COLD's tail, and whether it evicted. These notes are kept
for 30 seconds. The class with the oldest tail gives a page to the evicting class with the youngest
tail, if their ages differ enough.
"""

from cachesim.engines.memcached.items import ClassLRU

WINDOW = 30  # notes; setting slab_automove_window
PAGES_FOR_SOURCE = 2  # a class with only so many pages gives none
PAGES_FOR_RECLAIM = 2.5  # a class without trouble gives a page to the pool if more are free
POOL = 0  # the class number of pages that belong to no class


class Window:
    """The notes of one class for the last seconds, and its counters at the last note."""

    def __init__(self) -> None:
        self.ages = [0] * WINDOW  # seconds, of COLD's tail
        self.dirty = [False] * WINDOW  # evicted, ran out of memory or got a page
        self.evicting = [False] * WINDOW
        self.shares = [0.0] * WINDOW  # of the evictions of all classes in that second
        self.evicted = self.out_of_memory = self.pages = 0

    def note(self, at: int, lru: ClassLRU, now: int, evictions: int) -> None:
        """Note this second; `evictions` is their number in all classes."""
        evicted = lru.evicted - self.evicted
        grew = len(lru.slab.pages) > self.pages
        self.ages[at] = lru.age(lru.cold, now)
        self.dirty[at] = evicted > 0 or grew or lru.out_of_memory > self.out_of_memory
        self.evicting[at] = evicted > 0
        self.shares[at] = evicted / evictions if evicted > 0 else 0.0
        self.remember(lru)

    def remember(self, lru: ClassLRU) -> None:
        """Remember the counters."""
        self.evicted, self.out_of_memory = lru.evicted, lru.out_of_memory
        self.pages = len(lru.slab.pages)

    @property
    def age(self) -> int:
        """The average age, in whole seconds."""
        return sum(self.ages) // WINDOW

    @property
    def evicts_much(self) -> bool:
        """Whether it evicted in over half of the seconds, or did over a quarter of all evictions."""
        return sum(self.evicting) > WINDOW // 2 or sum(self.shares) / WINDOW > 0.25


class Automover:
    """Decides once per second; rebalance.py moves the pages.

    References
    ----------
    memcached 1.6: slab_automove.c, slab_automove_run.
    """

    def __init__(self, lrus: list[ClassLRU], ratio: float) -> None:
        self.lrus = lrus
        self.ratio = ratio  # the youngest age must be below this share of the oldest
        self.windows = [Window() for _ in lrus]
        for lru, window in zip(lrus, self.windows, strict=True):
            window.remember(lru)
        self.turn = 0

    def decide(self, now: int) -> tuple[int, int] | None:
        """Note this second; return the numbers of the classes (from, to) for one page, or None."""
        self.turn += 1
        pairs = [(lru, w) for lru, w in zip(self.lrus, self.windows, strict=True) if lru.slab.pages]
        evictions = sum(lru.evicted - window.evicted for lru, window in pairs)
        aged: list[tuple[int, ClassLRU, Window]] = []
        reclaimed = None
        for lru, window in pairs:
            if reclaimed is not None:
                window.remember(lru)  # the server leaves its loop here, without a note for the rest
                continue
            window.note(self.turn % WINDOW, lru, now, evictions)
            if self._has_spare_pages(lru, window):
                reclaimed = (lru.slab.number, POOL)
            aged.append((window.age, lru, window))
        return reclaimed or self._from_oldest_to_youngest(aged)

    def _has_spare_pages(self, lru: ClassLRU, window: Window) -> bool:
        spare = len(lru.slab.free) > lru.slab.per_page * PAGES_FOR_RECLAIM
        return spare and not any(window.dirty)

    def _from_oldest_to_youngest(
        self, aged: list[tuple[int, ClassLRU, Window]]
    ) -> tuple[int, int] | None:
        if self.turn <= WINDOW:
            return None
        givers = [x for x in aged if x[0] > 0 and len(x[1].slab.pages) > PAGES_FOR_SOURCE]
        takers = [x for x in aged if x[2].evicts_much]
        if not givers or not takers:
            return None
        oldest_age, oldest, _ = max(givers, key=lambda x: x[0])  # the first of equals
        youngest_age, youngest, window = min(takers, key=lambda x: x[0])
        evicting = window.evicting[self.turn % WINDOW]
        if evicting and youngest_age < oldest_age * self.ratio:
            return oldest.slab.number, youngest.slab.number
        return None
