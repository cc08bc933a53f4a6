"""Which key goes when memory runs out: sampling, and the pool of candidates.

Redis knows no exact order of use. It samples a few keys, keeps the best candidates seen so far in
a pool, and evicts the best of them. A candidate is a pair (idle, key): higher idle goes first.
"""

from bisect import bisect_left

from cachesim.engines.base import EVICTED
from cachesim.engines.redis.db import Entry, Keyspace
from cachesim.engines.redis.policy import LFU_HIGHEST, frequency, idle_time

POOL_SIZE = 16  # candidates (redis 7: evict.c, EVPOOL_SIZE)

Candidate = tuple[int, str]  # idle and key, as they were when the key was sampled


class Evictor:
    """Evicts keys of a keyspace by its policy; remembers candidates from one call to the next."""

    def __init__(self, db: Keyspace, samples: int) -> None:
        self.db = db
        self.samples = samples  # keys looked at each time
        self.pool: list[Candidate] = []  # ascending by idle

    def make_room(self) -> bool:
        """Evict keys until memory is within its limit; return whether it is.

        Nothing bounds how long this takes, as in a server whose clock stands still meanwhile.
        """
        # redis 7: evict.c, performEvictions
        db = self.db
        while db.memory > db.limit:
            victim = self.victim()
            if victim is None:
                return False
            db.remove(victim, EVICTED)
            db.evictions += 1
        return True

    def victim(self) -> Entry | None:
        """Return the key to evict next, or None if the policy lets none go."""
        db, (volatile, by) = self.db, self.db.policy
        if not by or not (db.expires.nodes if volatile else db.keys.nodes):
            return None
        if by == "random":  # needs no pool
            return db.expires.any().entry if volatile else db.keys.any()
        while True:
            self.populate(self.sampled())
            while self.pool:
                entry = db.keys.nodes.get(self.pool.pop()[1])
                if entry is not None and (entry.when is not None or not volatile):
                    return entry  # the others are ghosts: keys that left since they were sampled

    def populate(self, candidates: list[Candidate]) -> None:
        """Take those into the pool that are better than the worst there, or all while it has room.

        The pool is never refreshed: a key used since keeps its place, and may be in it twice.
        """
        # redis 7: evict.c, evictionPoolPopulate
        pool = self.pool
        for idle, key in candidates:
            if len(pool) == POOL_SIZE:
                if idle <= pool[0][0]:
                    continue
                del pool[0]
            pool.insert(bisect_left(pool, (idle,)), (idle, key))  # left of its equals

    def sampled(self) -> list[Candidate]:
        """Return a few of the keys that may go, each with its idle: what the policy goes by."""
        db, (volatile, by) = self.db, self.db.policy
        expiring = db.expires.some(self.samples) if volatile else []
        entries = [node.entry for node in expiring] if volatile else db.keys.some(self.samples)
        if by == "lru":
            return [(idle_time(db.lru_clock, e.lru), e.key) for e in entries]
        if by == "lfu":
            minute, decay = db.minute, db.lfu_decay_time
            return [(LFU_HIGHEST - frequency(e.lru, minute, decay), e.key) for e in entries]
        return [(-e.when, e.key) for e in entries if e.when is not None]  # soonest dead, first gone
