"""The server without its commands: the table of items, the allocator, and the threads in the background.

Nothing runs by itself here. What the threads would have done is done when the next command comes.
"""

from cachesim.clock import Clock
from cachesim.engines.base import EXPIRED, Random
from cachesim.engines.memcached.allocate import Allocator
from cachesim.engines.memcached.crawler import Crawler
from cachesim.engines.memcached.host import Host
from cachesim.engines.memcached.maintainer import Maintainer
from cachesim.engines.memcached.rebalance import Mover
from cachesim.engines.memcached.settings import Settings
from cachesim.engines.memcached.table import MICROSECONDS, UPDATE_INTERVAL, ItemTable

NEVER = 1 << 63  # microseconds
HEAD_START = UPDATE_INTERVAL + 2 + 1  # seconds on the server's clock, a second after it started


class Daemon(ItemTable):
    """What the commands work on."""

    def __init__(self, clock: Clock, random: Random, settings: Settings) -> None:
        super().__init__(clock, random)
        self.host = Host()
        self.start(settings)

    def start(self, settings: Settings) -> None:
        """Start, or start again, without items."""
        exact = self.clock()
        second = int(exact * MICROSECONDS + 0.5) // MICROSECONDS
        self.head_start = HEAD_START - second
        self.now = HEAD_START
        self.clear(settings)
        self.allocator = Allocator(self)
        self.mover = Mover(self)
        self.crawler = Crawler(self.lrus, lambda item: self.drop(item, EXPIRED))
        self.maintainer = Maintainer(self, self.crawler, self.mover)
        self.next_round = second * MICROSECONDS if settings.maintained else NEVER
        self._maintain(second * MICROSECONDS)
        self._wake(exact)

    def tick(self) -> None:
        """Look at the clock and let the threads catch up; every command does this first."""
        exact = self.clock()
        if exact >= self.next_wake:
            self._wake(exact)

    def _wake(self, exact: float) -> None:
        """Let the threads work: at the start of this second, if it is a new one, and now."""
        at = int(exact * MICROSECONDS + 0.5)
        second = at // MICROSECONDS
        if self.now < second + self.head_start:
            self.now = second + self.head_start
            self._maintain(second * MICROSECONDS)
        self._maintain(at)
        next_wake = min((second + 1) * MICROSECONDS, self.next_round)
        self.next_wake = (next_wake - 0.5) / MICROSECONDS  # the earliest time that is rounded to it

    def _maintain(self, at: int) -> None:
        while at >= self.next_round:
            self.next_round = at + self.maintainer.round()
