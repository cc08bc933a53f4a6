"""The eight maxmemory policies, and the 24 bits that remember how a key was used.

LRU keeps a time in these bits, in seconds. LFU keeps two numbers there:

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
LFU_INITIAL = 5  # counter of a new key, so that it is not evicted first (redis 7: server.h)
LFU_HIGHEST = 255


class MaxmemoryPolicy(NamedTuple):
    """A maxmemory-policy: which keys may be evicted, and in which order."""

    volatile: bool  # only keys with a TTL may be evicted
    by: str  # "lru", "lfu", "ttl", "random"; "" if no key may be evicted


POLICIES = {  # in the order of Redis's own error text
    "volatile-lru": MaxmemoryPolicy(True, "lru"),
    "volatile-lfu": MaxmemoryPolicy(True, "lfu"),
    "volatile-random": MaxmemoryPolicy(True, "random"),
    "volatile-ttl": MaxmemoryPolicy(True, "ttl"),
    "allkeys-lru": MaxmemoryPolicy(False, "lru"),
    "allkeys-lfu": MaxmemoryPolicy(False, "lfu"),
    "allkeys-random": MaxmemoryPolicy(False, "random"),
    "noeviction": MaxmemoryPolicy(False, ""),
}


def idle_time(clock: int, last: int) -> int:
    """Return the seconds from `last` to `clock`, both of 24 bits; the clock may have wrapped once.

    >>> idle_time(12, last=2), idle_time(1, last=LRU_CLOCK_MAX)
    (10, 1)
    """
    # redis 7: evict.c, estimateObjectIdleTime
    return clock - last if clock >= last else clock + LRU_CLOCK_MAX - last


def lfu_bits(minute: int, counter: int) -> int:
    """Put the two numbers of LFU into one."""
    return minute << 8 | counter


def frequency(bits: int, minute: int, decay_time: int) -> int:
    """Return the LFU counter, minus one for each `decay_time` minutes since the last use.

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
    """Return the LFU counter after one more use. The higher it is, the less likely it rises by one.

    So 8 bits can tell a key that was used a million times from one that was used a thousand times.
    """
    # redis 7: evict.c, LFULogIncr
    if counter == LFU_HIGHEST:
        return counter
    over = max(0, counter - LFU_INITIAL)
    return counter + (random() < 1 / (over * log_factor + 1))
