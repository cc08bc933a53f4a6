"""The maintainer thread: keeps the lists in order, and once a second calls the crawler and the automover.

It works in rounds, between which it sleeps from nothing to a second: a class where something moved is looked
at again at once, one where nothing moved after a pause that grows by an eighth each time.

SIMPLIFIED: rounds that fall between two commands are done as one, when the second command comes.
"""

from heapq import heapify, heapreplace
from typing import TYPE_CHECKING

from cachesim.engines.memcached.automove import POOL, Automover
from cachesim.engines.memcached.items import ClassLRU
from cachesim.engines.memcached.rebalance import ANY

if TYPE_CHECKING:
    from cachesim.engines.memcached.engine import MemcachedEngine

SHORTEST, LONGEST = 1_000, 1_000_000  # microseconds between two rounds
PAGE_PER_EVICTION = 2  # the level of `slabs automove` at which every eviction asks for a page


class Maintainer:
    """The thread of one engine.

    References
    ----------
    memcached 1.6: items.c, lru_maintainer_thread.
    """

    def __init__(self, engine: "MemcachedEngine", *, automove: bool) -> None:
        self.engine = engine
        self.automove = 1 if automove else 0  # or PAGE_PER_EVICTION
        self.evicted: dict[int, int] = {}  # by class, when last looked at
        self.ratio = 0.8  # setting slab_automove_ratio
        self.automover = Automover(engine.lrus, self.ratio)
        self.moves: list[tuple[int, int]] = []  # of pages, between two classes, to be done
        self.rounds = 0
        self.sleep = SHORTEST
        self.slept = 0  # microseconds in all, by the thread's own account
        self.last_crawl = self.last_automove = 0  # whole seconds
        # When each class is due; the first of the heap first. Classes do not touch each other, so the order
        # in which those that are due come does not matter.
        self.due = [(0, lru.slab.number) for lru in engine.lrus]
        heapify(self.due)

    def round(self) -> int:
        """Do one round; return for how many microseconds the thread then sleeps, which may be none."""
        self.rounds += 1
        self.slept += max(self.sleep, SHORTEST)
        again = self._juggle()
        self.sleep = 0 if again else min(LONGEST, self.due[0][0] - self.slept)
        engine = self.engine
        if engine.bumps:
            engine.settle_bumps()
            self.sleep = min(self.sleep, SHORTEST)
        if self.last_crawl != engine.now and engine.crawler.enabled:
            self.last_crawl = engine.now
            engine.crawler.check(engine.now)
        if self.last_automove != engine.now:
            self._automove()
        if self.sleep:
            self._rest()
        return self.sleep

    def _rest(self) -> None:
        """Let the crawler and the page mover work: they begin when this thread rests (live/threads.c)."""
        engine = self.engine
        if engine.crawler.called:
            engine.crawler.work(engine.now)
        for source, target in self.moves:
            engine.mover.reassign(source, target)
        self.moves.clear()

    def _juggle(self) -> bool:
        """Look at every class that is due, and set when it is due again; return whether one is at once."""
        slept, now, lrus, due = self.slept, self.engine.now, self.engine.lrus, self.due
        again = False
        while due[0][0] <= slept:
            number = due[0][1]
            pause = _pause_after(lrus[number - 1], now)
            again |= not pause
            # At least 1: due again in the next round, not in this one.
            heapreplace(due, (slept + (pause or 1), number))
        return again

    def _automove(self) -> None:
        if self.automove == PAGE_PER_EVICTION:
            self._move_to_evicting()
        if self.automove != 1:
            return
        if self.automover.ratio != self.ratio:
            self.automover = Automover(self.engine.lrus, self.ratio)
        move = self.automover.decide(self.engine.now)
        if move is not None:
            self.moves.append(move)
        if move is None or move[1] != POOL:
            self.last_automove = self.engine.now
        else:  # more may be given back at once
            self.sleep = SHORTEST

    def _move_to_evicting(self) -> None:
        """Give a page to every class that evicted since the last time (items.c, lru_pull_tail).

        SIMPLIFIED: once a second; the server tries at every eviction, but moves one page at a time.
        """
        for lru in self.engine.lrus:
            if lru.evicted > self.evicted.get(lru.slab.number, 0):
                self.moves.append((ANY, lru.slab.number))
            self.evicted[lru.slab.number] = lru.evicted
        self.last_automove = self.engine.now


def _pause_after(lru: ClassLRU, now: int) -> int:
    """Look at one class; return after how many microseconds to look again."""
    if lru.juggle(now):
        lru.pause //= 2
        if lru.pause < SHORTEST:
            lru.pause = 0
    else:
        lru.pause = min(LONGEST, lru.pause + lru.pause // 8 if lru.pause else SHORTEST)
    return lru.pause
