"""Active expiry: the cron removes keys whose TTL has run out, even if no client asks for them.

A dead key that a client asks for is removed by db.py. Times are whole milliseconds. A key is dead
when now > when: in the very millisecond `when` it still lives.
"""

from typing import Any

from cachesim.engines.redis.database import NumberedDatabase
from cachesim.engines.redis.db import Keyspace

KEYS_PER_LOOP = 20  # at effort 1 (redis 7: expire.c, ACTIVE_EXPIRE_CYCLE_KEYS_PER_LOOP)
ACCEPTABLE_STALE = 10  # per cent of the sampled keys, at effort 1 (redis 7: expire.c)
BUCKETS_PER_KEY = 20  # buckets looked at for each key wanted, before a loop ends


def active_cycle(db: Keyspace, now: int, effort: int = 1) -> None:
    """Look at keys with a TTL, bucket after bucket, and remove the dead (`now` in milliseconds).

    It starts where the last cycle stopped, and it stops when

    1. no key has a TTL, or the table is filled to less than 1 % (it will shrink soon), or
    2. at most 10 % of the keys of one loop were dead (less with more effort).

    There is no time limit, as in a server whose clock stands still while it works. So there is no
    fast cycle between commands either: the server starts one only after a cycle hit its limit.
    """
    # The other condition for a fast cycle (10 % of the keys are stale) never holds: in redis 7.0
    # stat_expired_stale_perc is a share from 0 to 1 and is compared with 10.
    # redis 7: expire.c, activeExpireCycle; a cycle visits all 16 databases (CRON_DBS_PER_CALL)
    selected = db.selected
    for index in list(db.databases):
        if index != db.selected:
            db.select(index)
        if db.expires.entries:
            database_cycle(db, now, effort)
    if db.selected != selected:
        db.select(selected)


def database_cycle(db: Keyspace, now: int, effort: int) -> None:
    """Remove dead keys of the selected database, until one of the two conditions holds."""
    database = db.databases[db.selected]
    while keys := len(db.expires.entries):
        slots = len(db.expires.buckets)
        if slots > 4 and keys * 100 // slots < 1:
            return
        sampled, dead = loop(db, min(keys, KEYS_PER_LOOP + 5 * (effort - 1)), now)
        if sampled and dead * 100 // sampled <= ACCEPTABLE_STALE - (effort - 1):
            return
    database.average_ttl = 0


def loop(db: Keyspace, wanted: int, now: int) -> tuple[int, int]:
    """Look at about `wanted` keys. Return the number looked at and the number of dead ones."""
    # HashTable.bucket, written out: most of the cron's work is here
    database = db.databases[db.selected]
    buckets, mask, first = db.expires.buckets, db.expires.mask, database.expires_cursor
    sampled = dead = 0
    left = []  # milliseconds
    for cursor in range(first, first + wanted * BUCKETS_PER_KEY):
        if sampled >= wanted:
            break
        expiry: Any = buckets[cursor & mask]
        while expiry is not None:
            expiry, entry = expiry.next, expiry.entry
            ttl = entry.when - now
            sampled += 1
            if ttl > 0:
                left.append(ttl)
            elif ttl < 0:
                db.expire(entry)
                dead += 1
        database.expires_cursor = cursor + 1
    note_average(database, left)
    return sampled, dead


def note_average(database: NumberedDatabase, left: list[int]) -> None:
    """Move the running average of the TTLs left (INFO's avg_ttl) by a fiftieth."""
    if left:
        average = sum(left) // len(left)
        database.average_ttl = (database.average_ttl or average) // 50 * 49 + average // 50
