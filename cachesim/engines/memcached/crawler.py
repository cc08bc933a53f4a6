"""The crawler: it removes expired items from the lists, even if nobody asks for them.

In each list it counts the items that will expire in each minute of the next hour. It returns to the
list when one in a hundred of these will have expired, and at least once per hour.
"""

from collections.abc import Callable
from typing import NamedTuple

from cachesim.engines.memcached.items import ClassLRU, Item, Segment

MINUTES, MINUTE = 60, 60  # in an hour; seconds
LONGEST_WAIT = 3600  # seconds between two looks at a list
RETRY = 5  # seconds between two starts, at least


class Seen(NamedTuple):
    """The live items that one pass found in one list."""

    mortal: int  # items with an expiration time
    minutes: list[int]  # those that will expire, in each minute of the next hour


class Crawler:
    """Decides once per second which lists to look through.

    References
    ----------
    memcached 1.6: items.c, lru_maintainer_crawler_check; crawler.c, crawler_expired_eval.
    """

    def __init__(self, lrus: list[ClassLRU], drop: Callable[[Item], None]) -> None:
        # HOT of every class, then WARM, COLD and TEMP: the order of their numbers in the server.
        self.segments = [
            segment
            for kind in zip(*(lru.segments for lru in lrus), strict=True)
            for segment in kind
        ]
        self.drop = drop
        self.enabled = True
        self.most = 0  # items per list in one pass; 0: all (lru_crawler tocrawl)
        self.pause = 100  # microseconds between two batches; only shown: a pass takes no time here
        self.starts = 0
        self.seen: dict[Segment, Seen] = {}  # results that no plan has used yet
        self.next_check = 0  # whole seconds: no list is due before
        self.called: list[Segment] = []  # lists to look through when the maintainer rests

    def check(self, now: int) -> None:
        """Plan with the results of the last pass, and choose the lists that are due."""
        if not self.seen and now <= self.next_check:
            return
        for segment, seen in self.seen.items():
            _plan(segment, seen, now)
        self.seen = {}
        due = [segment for segment in self.segments if now > segment.next_crawl]
        for segment in due:
            segment.next_crawl = now + RETRY
        self.called = due
        self.next_check = min(segment.next_crawl for segment in self.segments)

    def work(self, now: int) -> None:
        """Look through the lists that `check` has chosen."""
        self.crawl(self.called, now, planned=True)
        self.called = []

    def crawl(self, segments: list[Segment], now: int, *, planned: bool = False) -> None:
        """Look through lists and drop dead items. SIMPLIFIED: it takes no time."""
        self.starts += 1
        for segment in segments:
            seen = self._look_through(segment, now)
            if planned:
                self.seen[segment] = seen

    def _look_through(self, segment: Segment, now: int) -> Seen:
        lru, minutes, mortal = segment.lru, [0] * MINUTES, 0
        for item in segment.items()[: self.most or None]:
            lru.crawler_checked += 1
            if item.is_dead(lru.settings, now):
                lru.crawler_reclaimed += 1
                lru.expired_unfetched += item.hits == 0
                self.drop(item)
            elif item.expires:
                mortal += 1
                minute = (item.expires - now) // MINUTE
                if minute < MINUTES:
                    minutes[minute] += 1
        return Seen(mortal, minutes)


def _plan(segment: Segment, seen: Seen, now: int) -> None:
    """Set the time of the next look at a list."""
    enough = seen.mortal // 100 + 1
    soon = 0
    for minute, expiring in enumerate(seen.minutes):
        soon += expiring
        if soon > enough:
            if segment.crawl_wait < minute * MINUTE:
                segment.crawl_wait += MINUTE
            elif segment.crawl_wait >= MINUTE:
                segment.crawl_wait -= MINUTE
            break
    if soon == 0:
        segment.crawl_wait += MINUTE
    segment.crawl_wait = min(segment.crawl_wait, LONGEST_WAIT)
    segment.next_crawl = now + segment.crawl_wait + RETRY
