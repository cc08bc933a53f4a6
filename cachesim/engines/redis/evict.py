"""Which key goes when memory runs out: sampling, and the pool of candidates.

Redis knows no exact order of use. It samples a few keys, keeps the best candidates seen so far in
a pool, and evicts the best of them.
"""

from bisect import bisect_left
from typing import NamedTuple

from cachesim.engines.base import EVICTED
from cachesim.engines.redis.db import Entry, Keyspace
from cachesim.engines.redis.policy import LFU_HIGHEST, frequency, idle_time

POOL_SIZE = 16  # candidates (redis 7: evict.c, EVPOOL_SIZE)


class Candidate(NamedTuple):
    """A place in the pool: higher idle goes first. The key may have left since, or been used."""

    idle: int
    key: str


class Evictor:
    """Evicts keys of a keyspace by its policy; remembers its candidates from one time to the next."""

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
        db, volatile, by = self.db, *self.db.policy
        if not by or not (db.expires.nodes if volatile else db.keys.nodes):
            return None
        if by == "random":  # needs no pool
            return db.expires.any().entry if volatile else db.keys.any()
        while True:
            self.populate()
            while self.pool:
                entry = db.keys.nodes.get(self.pool.pop().key)
                if entry is not None and (entry.when is not None or not volatile):
                    return entry  # the others are ghosts: keys that left since they were sampled

    def populate(self) -> None:
        """Sample keys into the pool; a candidate that is in it already is never refreshed."""
        # redis 7: evict.c, evictionPoolPopulate. A key may be in the pool twice, there as here.
        pool = self.pool
        for idle, key in self.sampled():
            place = bisect_left(pool, (idle,))  # left of the candidates with the same idle
            if len(pool) < POOL_SIZE:
                pool.insert(place, Candidate(idle, key))
            elif place > 0:  # full: the leftmost leaves, unless the new one would stand left of it
                pool.insert(place, Candidate(idle, key))
                del pool[0]

    def sampled(self) -> list[tuple[int, str]]:
        """Return a few keys of those that may go, each with its idle: what the policy goes by."""
        db, volatile, by = self.db, *self.db.policy
        if volatile:
            entries = [node.entry for node in db.expires.some(self.samples)]
        else:
            entries = db.keys.some(self.samples)
        if by == "lru":
            return [(idle_time(db.lru_clock, entry.lru), entry.key) for entry in entries]
        if by == "lfu":
            minute, decay = db.minute, db.lfu_decay_time
            return [(LFU_HIGHEST - frequency(e.lru, minute, decay), e.key) for e in entries]
        return [(-e.when, e.key) for e in entries if e.when is not None]  # the soonest dead first
