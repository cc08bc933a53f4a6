"""The crawler: looks through the lists for what has expired, so that memory comes back though nobody asks.

How soon it comes again depends on what it saw: it notes how many items will expire in which minute of the
next hour, and comes when one in a hundred will have, each list by itself, at least once an hour.
"""

from collections.abc import Callable
from typing import NamedTuple

from cachesim.engines.memcached.items import ClassLRU, Item, Segment

MINUTES, MINUTE = 60, 60  # in an hour; seconds
LONGEST_WAIT = 3600  # seconds between two looks at a list
RETRY = 5  # seconds from a start to the next one at the earliest


class Seen(NamedTuple):
    """What one pass over one list found alive."""

    mortal: int  # items with an expiration
    minutes: list[int]  # how many of them will expire in each minute of the next hour


class Crawler:
    """Decides once a second which lists to look through.

    References
    ----------
    memcached 1.6: items.c, lru_maintainer_crawler_check; crawler.c, crawler_expired_eval.
    """

    def __init__(self, lrus: list[ClassLRU], drop: Callable[[Item], None]) -> None:
        # HOT of every class, then WARM, COLD and TEMP: the order of the server's numbers for them.
        self.segments = [
            segment
            for kind in zip(*(lru.segments for lru in lrus), strict=True)
            for segment in kind
        ]
        self.drop = drop
        self.enabled = True
        self.most = 0  # items a list in one pass; 0: all (lru_crawler tocrawl)
        self.pause = 100  # microseconds between two batches; only shown: a pass takes no time here
        self.starts = 0
        self.seen: dict[Segment, Seen] = {}  # what is not yet planned with
        self.next_check = 0  # whole seconds: nothing is due before
        self.called: list[Segment] = []  # to look through, as soon as the maintainer rests

    def check(self, now: int) -> None:
        """Plan with what the last pass saw, and call the crawler to the lists that are due."""
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
        """Do what `check` has called for."""
        self.crawl(self.called, now, planned=True)
        self.called = []

    def crawl(self, segments: list[Segment], now: int, *, planned: bool = False) -> None:
        """Look through lists, dropping what is dead. SIMPLIFIED: it takes no time."""
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
    """Set when to look through a list again."""
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
