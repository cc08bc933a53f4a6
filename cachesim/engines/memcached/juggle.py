"""One round of the maintainer in one slab class: items move between HOT, WARM, COLD and TEMP.

References
----------
memcached 1.6: items.c, lru_maintainer_juggle.
"""

from cachesim.engines.memcached.items import ClassLRU

MOVES = 500  # per class, in one round


def juggle(lru: ClassLRU, now: int) -> int:
    """Do one round; return the number of moves."""
    hot, warm, cold, segmented = lru.hot, lru.warm, lru.cold, lru.settings.segmented
    moves = _juggle_temp(lru, now) if lru.settings.temp_ttl is not None else 0
    hot_limit, hot_age, warm_limit, warm_age = _bounds(lru, now)
    for more in range(MOVES):
        moved = hot.count and lru.pull(hot, now, hot_limit, hot_age)
        moved = moved or (warm.count and lru.pull(warm, now, warm_limit, warm_age))
        if segmented and cold.count:
            moved += lru.pull_cold(now)
        if not moved:
            return moves + more
    return moves + MOVES


def _juggle_temp(lru: ClassLRU, now: int) -> int:
    for moves in range(MOVES):
        if not lru.pull_temp(now):
            return moves
    return MOVES


def _bounds(lru: ClassLRU, now: int) -> tuple[int, float, int, float]:
    """Return the most bytes and the highest age of the tail, for HOT and then for WARM."""
    settings, cold = lru.settings, lru.cold
    if not settings.segmented:  # everything moves to COLD
        return 0, 0, 0, 0
    total = lru.hot.bytes + lru.warm.bytes + cold.bytes
    age = now - cold.prev.time if cold.count else 0
    return (
        total * settings.hot_percent // 100,
        age * settings.hot_factor // 1,
        total * settings.warm_percent // 100,
        age * settings.warm_factor // 1,
    )
