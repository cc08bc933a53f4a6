"""The maintainer thread: it keeps the lists in order and calls the crawler and the automover once per second.

It works in rounds and sleeps up to a second between them. A class where something moved has its next
round at once. A class where nothing moved waits; the wait grows by an eighth each time.

SIMPLIFIED: all rounds that fall between two commands are done as one, when the second command comes.
"""

from heapq import heapify, heapreplace

from cachesim.engines.memcached.automove import POOL, Automover
from cachesim.engines.memcached.crawler import Crawler
from cachesim.engines.memcached.items import ClassLRU
from cachesim.engines.memcached.juggle import juggle
from cachesim.engines.memcached.rebalance import ANY, Mover
from cachesim.engines.memcached.table import ItemTable

SHORTEST, LONGEST = 1_000, 1_000_000  # microseconds between two rounds
PAGE_PER_EVICTION = 2  # the level of `slabs automove` at which every eviction asks for a page


class Maintainer:
    """The thread of one server.

    References
    ----------
    memcached 1.6: items.c, lru_maintainer_thread.
    """

    def __init__(self, table: ItemTable, crawler: Crawler, mover: Mover) -> None:
        self.table = table
        self.crawler = crawler
        self.mover = mover
        self.evicted: dict[int, int] = {}  # evictions by class, when last looked at
        self.automover = Automover(table.lrus, table.settings.automove_ratio)
        self.moves: list[tuple[int, int]] = []  # classes between which a page is to be moved
        self.rounds = 0
        self.sleep = SHORTEST
        self.slept = 0  # microseconds in all, by the thread's own account
        self.last_crawl = self.last_automove = 0  # whole seconds
        # When each class is due, as a heap. Classes do not touch each other, so the order among those
        # that are due does not matter.
        self.due = [(0, lru.slab.number) for lru in table.lrus]
        heapify(self.due)

    def round(self) -> int:
        """Do one round; return the microseconds that the thread then sleeps, which may be 0."""
        self.rounds += 1
        self.slept += max(self.sleep, SHORTEST)
        again = self._juggle()
        self.sleep = 0 if again else min(LONGEST, self.due[0][0] - self.slept)
        table = self.table
        if table.bumps:
            table.settle_bumps()
            self.sleep = min(self.sleep, SHORTEST)
        if self.last_crawl != table.now and self.crawler.enabled:
            self.last_crawl = table.now
            self.crawler.check(table.now)
        if self.last_automove != table.now:
            self._automove()
        if self.sleep:
            self._rest()
        return self.sleep

    def _rest(self) -> None:
        """Let the crawler and the page mover work: they start when this thread rests (live/threads.c)."""
        if self.crawler.called:
            self.crawler.work(self.table.now)
        for source, target in self.moves:
            self.mover.reassign(source, target)
        self.moves.clear()

    def _juggle(self) -> bool:
        """Do a round in every class that is due; True if one of them is due again at once."""
        slept, now, lrus, due = self.slept, self.table.now, self.table.lrus, self.due
        again = False
        while due[0][0] <= slept:
            number = due[0][1]
            pause = _pause_after(lrus[number - 1], now)
            again |= not pause
            # At least 1: due again in the next round, not in this one.
            heapreplace(due, (slept + (pause or 1), number))
        return again

    def _automove(self) -> None:
        settings = self.table.settings
        if settings.automove == PAGE_PER_EVICTION:
            self._move_to_evicting()
        if settings.automove != 1:
            return
        if self.automover.ratio != settings.automove_ratio:
            self.automover = Automover(self.table.lrus, settings.automove_ratio)
        move = self.automover.decide(self.table.now)
        if move is not None:
            self.moves.append(move)
        if move is None or move[1] != POOL:
            self.last_automove = self.table.now
        else:  # more may be given back at once
            self.sleep = SHORTEST

    def _move_to_evicting(self) -> None:
        """Give a page to every class that evicted since the last time (items.c, lru_pull_tail).

        SIMPLIFIED: once per second. The server tries at every eviction, but moves one page at a time.
        """
        for lru in self.table.lrus:
            if lru.evicted > self.evicted.get(lru.slab.number, 0):
                self.moves.append((ANY, lru.slab.number))
            self.evicted[lru.slab.number] = lru.evicted
        self.last_automove = self.table.now


def _pause_after(lru: ClassLRU, now: int) -> int:
    """Do a round in one class; return the microseconds until its next round."""
    if juggle(lru, now):
        lru.pause //= 2
        if lru.pause < SHORTEST:
            lru.pause = 0
    else:
        lru.pause = min(LONGEST, lru.pause + lru.pause // 8 if lru.pause else SHORTEST)
    return lru.pause
