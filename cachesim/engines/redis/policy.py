"""The eight maxmemory policies, and the 24 bits in which a key remembers how it was used.

LRU keeps a time there, in seconds; LFU puts two numbers into the same place:

     16 bits            8 bits
    +------------------+---------+
    | minute of the    | counter |
    | last use         |         |
    +------------------+---------+
"""

from typing import NamedTuple

from cachesim.engines.base import Random

LRU_CLOCK_MAX = (1 << 24) - 1  # seconds: the clock wraps after 194 days
LFU_MINUTES = (1 << 16) - 1  # minutes: they wrap after 45 days
LFU_INITIAL = 5  # counter of a new key, so that it is not the first to go (redis 7: server.h)
LFU_HIGHEST = 255


class Policy(NamedTuple):
    """What a maxmemory-policy says: which keys may go, and in which order."""

    volatile: bool  # only keys with a TTL may go
    by: str  # "lru", "lfu", "ttl", "random"; "" when nothing may go


POLICIES = {  # in the order of Redis's own error text
    "volatile-lru": Policy(True, "lru"),
    "volatile-lfu": Policy(True, "lfu"),
    "volatile-random": Policy(True, "random"),
    "volatile-ttl": Policy(True, "ttl"),
    "allkeys-lru": Policy(False, "lru"),
    "allkeys-lfu": Policy(False, "lfu"),
    "allkeys-random": Policy(False, "random"),
    "noeviction": Policy(False, ""),
}


def idle_time(clock: int, last: int) -> int:
    """Return the seconds from `last` to `clock`, both of 24 bits; the clock may have wrapped once.

    >>> idle_time(12, last=2), idle_time(1, last=LRU_CLOCK_MAX)
    (10, 1)
    """
    # redis 7: evict.c, estimateObjectIdleTime
    return clock - last if clock >= last else clock + LRU_CLOCK_MAX - last


def lfu_bits(minute: int, counter: int) -> int:
    """Return both numbers of LFU in one."""
    return minute << 8 | counter


def frequency(bits: int, minute: int, decay_time: int) -> int:
    """Return the LFU counter, less one for each `decay_time` minutes since the last use.

    >>> frequency(lfu_bits(minute=3, counter=9), minute=7, decay_time=1)
    5
    """
    # redis 7: evict.c, LFUDecrAndReturn and LFUTimeElapsed
    elapsed = minute - (bits >> 8)
    if elapsed < 0:
        elapsed += LFU_MINUTES
    periods = elapsed // decay_time if decay_time else 0  # 0: counters never fall
    return max(0, (bits & LFU_HIGHEST) - periods)


def risen(counter: int, log_factor: int, random: Random) -> int:
    """Return the LFU counter after one more use: one higher, the less likely the higher it is.

    So 8 bits tell a key used a million times from one used a thousand times.
    """
    # redis 7: evict.c, LFULogIncr
    if counter == LFU_HIGHEST:
        return counter
    over = max(0, counter - LFU_INITIAL)
    return counter + (random() < 1 / (over * log_factor + 1))
