"""Which key goes when memory runs out: sampling, the pool of candidates, the LFU counter.

Redis knows no exact order of use. It samples a few keys, keeps the best candidates seen so far in
a pool, and evicts the best of them. `db` below is the Keyspace of db.py.
"""

from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

from cachesim.engines.base import EVICTED

if TYPE_CHECKING:
    from cachesim.engines.redis.db import Entry, Keyspace

POOL_SIZE = 16  # candidates (redis 7: evict.c, EVPOOL_SIZE)
LRU_CLOCK_MAX = (1 << 24) - 1  # seconds; the clock of 24 bits wraps after 194 days
LFU_INITIAL = 5  # counter of a new key, so that it is not the first to go (redis 7: server.h)
LFU_MINUTES = (1 << 16) - 1  # minutes; what the upper 16 bits hold


class Policy(NamedTuple):
    """What a maxmemory-policy says: which keys may go, and by which order."""

    volatile: bool  # only keys with a TTL may go
    by: str  # "lru", "lfu", "ttl", "random"; "" when nothing may go


POLICIES = {
    "noeviction": Policy(False, ""),
    "allkeys-lru": Policy(False, "lru"),
    "allkeys-lfu": Policy(False, "lfu"),
    "allkeys-random": Policy(False, "random"),
    "volatile-lru": Policy(True, "lru"),
    "volatile-lfu": Policy(True, "lfu"),
    "volatile-random": Policy(True, "random"),
    "volatile-ttl": Policy(True, "ttl"),
}


class Candidate(NamedTuple):
    """A place in the pool: higher idle goes first. The key may have left since, or been renewed."""

    idle: int
    key: str


def make_room(db: "Keyspace") -> bool:
    """Evict keys until memory is within its limit; return whether it is.

    As in a server whose clock stands still during a command, nothing bounds the time this takes.
    """
    # redis 7: evict.c, performEvictions
    while db.memory > db.limit:
        victim = choose_victim(db)
        if victim is None:
            return False
        db.remove(victim, EVICTED)
        db.evictions += 1
    return True


def choose_victim(db: "Keyspace") -> "Entry | None":
    """Return the key to evict next, or None if the policy lets none go."""
    policy = db.policy
    if not policy.by or not (db.expires.nodes if policy.volatile else db.keys.nodes):
        return None
    if policy.by == "random":
        return db.expires.any().entry if policy.volatile else db.keys.any()
    while True:
        populate(db)
        while db.pool:
            entry = db.keys.nodes.get(db.pool.pop().key)
            if entry is not None and (entry.when is not None or not policy.volatile):
                return entry  # else a ghost: the key left after it was sampled


def populate(db: "Keyspace") -> None:
    """Sample keys into the pool: ascending by idle; a candidate in the pool is never refreshed."""
    # redis 7: evict.c, evictionPoolPopulate. A key may stand in the pool twice, there as here.
    pool = db.pool
    if db.policy.volatile:
        entries = [node.entry for node in db.expires.some(db.samples)]
    else:
        entries = db.keys.some(db.samples)
    score = SCORES[db.policy.by]
    for entry in entries:
        idle = score(db, entry)
        place = bisect_left(pool, (idle,))  # before candidates with the same idle
        if len(pool) < POOL_SIZE:
            pool.insert(place, Candidate(idle, entry.key))
        elif place > 0:  # the pool is full: its leftmost makes room, unless the new one is worse
            pool.insert(place, Candidate(idle, entry.key))
            del pool[0]


def idle_time(db: "Keyspace", entry: "Entry") -> int:
    """Return for how many seconds of the LRU clock the key was not used."""
    # redis 7: evict.c, estimateObjectIdleTime
    if db.lru_clock >= entry.lru:
        return db.lru_clock - entry.lru
    return db.lru_clock + LRU_CLOCK_MAX - entry.lru  # the clock has wrapped


def rarity(db: "Keyspace", entry: "Entry") -> int:
    """Return 255 minus the LFU counter: rarely used keys go first."""
    return 255 - frequency(db, entry)


def urgency(db: "Keyspace", entry: "Entry") -> int:
    """Return a number that is the higher the sooner the key expires."""
    assert entry.when is not None
    return -entry.when


SCORES = {"lru": idle_time, "lfu": rarity, "ttl": urgency}

# LFU puts two numbers into the 24 bits where LRU has its time:
#
#      16 bits            8 bits
#     +------------------+---------+
#     | minute of last   | counter |
#     | decrement        |         |
#     +------------------+---------+


def frequency(db: "Keyspace", entry: "Entry") -> int:
    """Return the LFU counter, less one for each `lfu_decay_time` minutes since the last use."""
    # redis 7: evict.c, LFUDecrAndReturn and LFUTimeElapsed
    minute, counter = entry.lru >> 8, entry.lru & 255
    elapsed = db.minute - minute
    if elapsed < 0:
        elapsed += LFU_MINUTES
    if not elapsed or not db.lfu_decay_time:
        return counter
    return max(0, counter - elapsed // db.lfu_decay_time)


def touch_lfu(db: "Keyspace", entry: "Entry") -> None:
    """Count one use: the higher the counter, the less likely it rises (so 8 bits hold millions)."""
    # redis 7: db.c, updateLFU; evict.c, LFULogIncr
    counter = frequency(db, entry)
    if counter < 255:
        over = max(0, counter - LFU_INITIAL)
        if db.random() < 1 / (over * db.lfu_log_factor + 1):
            counter += 1
    entry.lru = db.minute << 8 | counter
