"""Which key goes when memory runs out: sampling, and the pool of candidates.

Redis knows no exact order of use. It samples a few keys, keeps the best candidates seen so far in
a pool, and evicts the best of them: of all databases, though each is sampled for itself.
"""

from bisect import bisect_left

from cachesim.engines.base import EVICTED
from cachesim.engines.redis.db import DATABASES, Entry, Keyspace
from cachesim.engines.redis.policy import LFU_HIGHEST, frequency, idle_time

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
        while db.memory > db.limit:
            victim = self.victim()
            if victim is None:
                break
            db.remove(victim, EVICTED)
            db.evictions += 1
        if db.selected != selected:
            db.select(selected)
        return db.memory <= db.limit

    def victim(self) -> Entry | None:
        """Return the key to evict next, or None if the policy lets none go; selects its database."""
        if self.db.policy.by == "random":
            return self.random_victim()
        while self.populate_from_all():
            while self.pool:
                _, key, index = self.pool.pop()
                if index != self.db.selected:
                    self.db.select(index)
                entry = self.db.keys.nodes.get(key)
                if entry is not None and (entry.when is not None or not self.db.policy.volatile):
                    return entry  # the others are ghosts: keys that left since they were sampled
        return None

    def random_victim(self) -> Entry | None:
        """Return any key, of the first database in turn that has one."""
        db = self.db
        turns = DATABASES if len(db.databases) > 1 else 0  # only one used: no turns to take
        if not turns and (db.expires.nodes if db.policy.volatile else db.keys.nodes):
            return db.expires.any().entry if db.policy.volatile else db.keys.any()
        for _ in range(turns):
            self.next_database = (self.next_database + 1) % DATABASES
            if self.next_database in db.databases:
                database = db.databases[self.next_database]
                if database.expires.nodes if db.policy.volatile else database.keys.nodes:
                    db.select(database.index)
                    return db.expires.any().entry if db.policy.volatile else db.keys.any()
        return None

    def populate_from_all(self) -> bool:
        """Sample each database; return whether any has a key that may go."""
        db, (volatile, by) = self.db, self.db.policy
        found = False
        if not by:
            return False
        for index, database in db.databases.items():
            if database.expires.nodes if volatile else database.keys.nodes:
                if index != db.selected:
                    db.select(index)
                self.populate(self.sampled())
                found = True
        return found

    def populate(self, candidates: list[Candidate]) -> None:
        """Take those into the pool that are better than the worst there, or all while it has room.

        The pool is never refreshed: a key used since keeps its place, and may be in it twice.
        """
        # redis 7: evict.c, evictionPoolPopulate
        pool = self.pool
        for idle, key, index in candidates:
            if len(pool) == POOL_SIZE:
                if idle <= pool[0][0]:
                    continue
                del pool[0]
            pool.insert(bisect_left(pool, (idle,)), (idle, key, index))  # left of its equals

    def sampled(self) -> list[Candidate]:
        """Return a few of the keys that may go, each with its idle: what the policy goes by."""
        db, (volatile, by) = self.db, self.db.policy
        at = db.selected
        expiring = db.expires.some(self.samples) if volatile else []
        entries = [node.entry for node in expiring] if volatile else db.keys.some(self.samples)
        if by == "lru":
            return [(idle_time(db.lru_clock, e.lru), e.key, at) for e in entries]
        if by == "lfu":
            minute, decay = db.minute, db.lfu_decay_time
            return [(LFU_HIGHEST - frequency(e.lru, minute, decay), e.key, at) for e in entries]
        # the soonest dead goes first
        return [(-e.when, e.key, at) for e in entries if e.when is not None]
