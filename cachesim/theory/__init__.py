"""Closed forms, as plain functions of numbers: what queues and caches must do on average.

Rates are per second, times in seconds, ratios between 0 and 1.
"""

from cachesim.theory.freshness import (
    herd,
    invalidate_hit_ratio,
    lazy_stale_ratio,
    poisoned_fill,
    sliding_ttl_hit_ratio,
    stale_hit_ratio,
    ttl_hit_ratio,
    versions_behind,
    write_through_hit_ratio,
)
from cachesim.theory.hits import (
    characteristic_time,
    cold_hit_ratio,
    fifo_hit_ratio,
    lfu_hit_ratio,
    lru_hit_ratio,
    lru_with_deletes_hit_ratio,
    zipf,
)
from cachesim.theory.queues import (
    cache_aside_visits,
    closed_network,
    erlang_c,
    mg1_wait,
    mm1_sojourn_quantile,
    mmc_wait,
    mmc_wait_tail,
    repairman,
)

__all__ = [
    "cache_aside_visits",
    "characteristic_time",
    "closed_network",
    "cold_hit_ratio",
    "erlang_c",
    "fifo_hit_ratio",
    "herd",
    "invalidate_hit_ratio",
    "lazy_stale_ratio",
    "lfu_hit_ratio",
    "lru_hit_ratio",
    "lru_with_deletes_hit_ratio",
    "mg1_wait",
    "mm1_sojourn_quantile",
    "mmc_wait",
    "mmc_wait_tail",
    "poisoned_fill",
    "repairman",
    "sliding_ttl_hit_ratio",
    "stale_hit_ratio",
    "ttl_hit_ratio",
    "versions_behind",
    "write_through_hit_ratio",
    "zipf",
]
