"""Which key goes when memory runs out: sampling, and the pool of candidates.

Redis knows no exact order of use. It samples a few keys, keeps the best candidates seen so far in
a pool, and evicts the best of them: of all databases, though each is sampled for itself.
"""

from bisect import bisect_left

from cachesim.engines.base import EVICTED
from cachesim.engines.redis.db import DATABASES, Entry, Keyspace
from cachesim.engines.redis.policy import LFU_HIGHEST, LRU_CLOCK_MAX, frequency

POOL_SIZE = 16  # candidates (redis 7: evict.c, EVPOOL_SIZE)

Candidate = tuple[int, str, int]  # idle, key, and the number of its database


class Evictor:
    """Evicts keys of a keyspace by its policy; remembers candidates from one call to the next."""

    def __init__(self, db: Keyspace, samples: int) -> None:
        self.db = db
        self.samples = samples  # keys looked at each time
        self.pool: list[Candidate] = []  # ascending by idle: the last goes first
        self.next_database = 0  # random policies take from each in turn

    def make_room(self) -> bool:
        """Evict keys until memory is within its limit; return whether it is.

        Nothing bounds how long this takes, as in a server whose clock stands still meanwhile.
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

    def pooled_victim(self) -> Entry | None:
        """Return the best candidate, or None if the policy lets none go; selects its database."""
        db, (volatile, by) = self.db, self.db.policy
        while by and self.sample():
            while self.pool:
                _, key, index = self.pool.pop()
                if index != db.selected:
                    db.select(index)
                entry = db.keys.nodes.get(key)
                if entry is not None and (entry.when is not None or not volatile):
                    return entry  # the others are ghosts: keys that left since they were sampled
        return None

    def random_victim(self) -> Entry | None:
        """Return any key that may go, of the first database in turn that has one; selects it."""
        db = self.db
        if len(db.databases) == 1:  # there are no turns
            return self.any_key()
        for _ in range(DATABASES):
            self.next_database = (self.next_database + 1) % DATABASES
            db.select(self.next_database)
            victim = self.any_key()
            if victim is not None:
                return victim
        return None

    def any_key(self) -> Entry | None:
        """Return any key of the selected database that may go, or None."""
        db = self.db
        if not db.policy.volatile:
            return db.keys.any() if db.keys.nodes else None
        return db.expires.any().entry if db.expires.nodes else None

    def sample(self) -> bool:
        """Look at some keys of each database; return whether any has a key that may go."""
        db, found = self.db, False
        for index in db.databases:
            if index != db.selected:
                db.select(index)
            if db.expires.nodes if db.policy.volatile else db.keys.nodes:
                self.populate(self.sampled())
                found = True
        return found

    def populate(self, candidates: list[Candidate]) -> None:
        """Take those into the pool that are better than the worst there, or all while it has room.

        The pool is never refreshed: a key used since keeps its place, and may be in it twice.
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
        """Return a few of the keys that may go, each with its idle: what the policy goes by."""
        db, (volatile, by) = self.db, self.db.policy
        at = db.selected
        expiring = db.expires.some(self.samples) if volatile else []
        entries = [node.entry for node in expiring] if volatile else db.keys.some(self.samples)
        # policy.idle_time and policy.frequency, written out: this runs for every key looked at
        if by == "lru":
            clock = db.lru_clock
            return [((clock - e.lru) % LRU_CLOCK_MAX, e.key, at) for e in entries]
        if by == "lfu":
            minute, decay = db.minute, db.lfu_decay_time
            return [(LFU_HIGHEST - frequency(e.lru, minute, decay), e.key, at) for e in entries]
        # the soonest dead goes first
        return [(-e.when, e.key, at) for e in entries if e.when is not None]
