"""How keys whose time is up leave: lazily, when somebody asks for them, and by a cycle that samples.

Times are whole milliseconds. A key is dead when now > when: at the very millisecond it still lives.
"""

from typing import TYPE_CHECKING

from cachesim.engines.base import EXPIRED

if TYPE_CHECKING:
    from cachesim.engines.redis.db import Entry, Keyspace

KEYS_PER_LOOP = 20  # at effort 1 (redis 7: expire.c, ACTIVE_EXPIRE_CYCLE_KEYS_PER_LOOP)
ACCEPTABLE_STALE = 10  # per cent of the sampled keys, at effort 1 (redis 7: expire.c)
BUCKETS_PER_KEY = 20  # buckets looked at for each key wanted, before the loop gives up


def expire(db: "Keyspace", entry: "Entry") -> None:
    """Remove a key because its time is up, and count it."""
    db.remove(entry, EXPIRED)
    db.expirations += 1


def active_cycle(db: "Keyspace", now: int) -> None:
    """Look at keys with a TTL, bucket after bucket, and remove the dead (`now` in milliseconds).

    Goes on from where the last cycle stopped, and stops when
    1. no key has a TTL, or the table is filled to less than 1 % (it will shrink soon), or
    2. of the keys of one loop at most 10 % (less with more effort) were dead.

    SIMPLIFIED: no time limit and no fast cycle between commands: both exist to share a processor.
    """
    # redis 7: expire.c, activeExpireCycle
    effort = db.active_expire_effort - 1
    while keys := len(db.expires.nodes):
        slots = len(db.expires.table)
        if slots > 4 and keys * 100 // slots < 1:
            return
        sampled, dead = _loop(db, min(keys, KEYS_PER_LOOP + 5 * effort), now)
        if sampled and dead * 100 // sampled <= ACCEPTABLE_STALE - effort:
            return
    db.average_ttl = 0


def _loop(db: "Keyspace", wanted: int, now: int) -> tuple[int, int]:
    """Look at about `wanted` keys; return how many were looked at and how many were dead."""
    sampled = 0
    left = []  # milliseconds
    dead = 0
    for _ in range(wanted * BUCKETS_PER_KEY):
        if sampled >= wanted or not db.expires.table:
            break
        for node in db.expires.bucket(db.expires_cursor & db.expires.mask):
            left.append(node.entry.when - now)
            if left[-1] < 0:
                expire(db, node.entry)
                dead += 1
            sampled += 1
        db.expires_cursor += 1
    _note_average([ttl for ttl in left if ttl > 0], db)
    return sampled, dead


def _note_average(left: list[int], db: "Keyspace") -> None:
    """Move the running average of the time left (INFO's avg_ttl) by a fiftieth."""
    if left:
        average = sum(left) // len(left)
        old = db.average_ttl
        db.average_ttl = old // 50 * 49 + average // 50 if old else average
