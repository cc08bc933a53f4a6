"""Eviction when memory runs out: sampling, and the pool of candidates.

Redis does not know the exact order of use. It samples a few keys of each database, keeps the best
candidates of all databases in one pool, and evicts the best of them.
"""

from bisect import bisect_left

from cachesim.engines.base import EVICTED
from cachesim.engines.redis.database import DATABASES, KeyEntry
from cachesim.engines.redis.db import Keyspace
from cachesim.engines.redis.policy import LFU_HIGHEST, LRU_CLOCK_MAX, frequency

POOL_SIZE = 16  # candidates (redis 7: evict.c, EVPOOL_SIZE)

Candidate = tuple[int, str, int]  # idle, key, and the number of its database


class Evictor:
    """Evicts keys of a keyspace by its policy. It keeps its candidates from call to call."""

    def __init__(self, db: Keyspace, samples: int) -> None:
        self.db = db
        self.samples = samples  # keys looked at each time
        self.pool: list[Candidate] = []  # ascending by idle: the last is evicted first
        self.next_database = 0  # random policies take from each in turn

    def make_room(self) -> bool:
        """Evict keys until memory is within its limit. True if it is.

        There is no time limit, as in a server whose clock stands still while it works.
        """
        # redis 7: evict.c, performEvictions
        db = self.db
        selected = db.selected
        draw = self.random_victim if db.policy.by == "random" else self.pooled_victim
        while db.memory > db.limit:
            victim = draw()
            if victim is None:
                break
            db.remove(victim, EVICTED)
            db.evictions += 1
        if db.selected != selected:
            db.select(selected)
        return db.memory <= db.limit

    def pooled_victim(self) -> KeyEntry | None:
        """Return the best candidate, or None if no key may be evicted. Its database is selected."""
        db, (volatile, by) = self.db, self.db.policy
        while by and self.sample():
            while self.pool:
                _, key, index = self.pool.pop()
                if index != db.selected:
                    db.select(index)
                entry = db.table.entries.get(key)
                if entry is not None and (entry.when is not None or not volatile):
                    return entry  # the others are gone since they were sampled
        return None

    def random_victim(self) -> KeyEntry | None:
        """Return a random key that may be evicted; the databases take turns. It is selected."""
        db = self.db
        if len(db.databases) == 1:  # no turns
            return self.any_key()
        for _ in range(DATABASES):
            self.next_database = (self.next_database + 1) % DATABASES
            db.select(self.next_database)
            victim = self.any_key()
            if victim is not None:
                return victim
        return None

    def any_key(self) -> KeyEntry | None:
        """Return a random key of the selected database that may be evicted, or None."""
        db = self.db
        if not db.policy.volatile:
            return db.table.any() if db.table.entries else None
        return db.expires.any().entry if db.expires.entries else None

    def sample(self) -> bool:
        """Sample the keys of each database. True if any database has a key that may be evicted."""
        db, found = self.db, False
        for index in db.databases:
            if index != db.selected:
                db.select(index)
            if db.expires.entries if db.policy.volatile else db.table.entries:
                self.populate(self.sampled())
                found = True
        return found

    def populate(self, candidates: list[Candidate]) -> None:
        """Put candidates into the pool: all while it has room, then those better than its worst.

        The pool is never refreshed: a key that was used since keeps its place. A key may be in it
        twice.
        """
        # redis 7: evict.c, evictionPoolPopulate
        pool = self.pool
        for candidate in candidates:
            if len(pool) == POOL_SIZE:
                if candidate[0] <= pool[0][0]:
                    continue
                del pool[0]
            pool.insert(bisect_left(pool, candidate[:1]), candidate)  # left of its equals

    def sampled(self) -> list[Candidate]:
        """Return a few of the keys that may be evicted, each with the number that orders them."""
        db, (volatile, by) = self.db, self.db.policy
        at = db.selected
        expiring = db.expires.some(self.samples) if volatile else []
        entries = [expiry.entry for expiry in expiring] if volatile else db.table.some(self.samples)
        # policy.idle_time and policy.frequency, written out: this runs for every key looked at
        if by == "lru":
            clock = db.lru_clock
            return [((clock - e.lru) % LRU_CLOCK_MAX, e.key, at) for e in entries]
        if by == "lfu":
            minute, decay = db.minute, db.lfu_decay_time
            return [(LFU_HIGHEST - frequency(e.lru, minute, decay), e.key, at) for e in entries]
        # the key that expires first is evicted first
        return [(-e.when, e.key, at) for e in entries if e.when is not None]
