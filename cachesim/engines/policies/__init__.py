"""Eviction policies, one file per family, and the one list of them: `ALL`.

A policy is told of every change and asked for a victim. queues.py looks at marks, recency.py at the last use,
adaptive.py learns from its mistakes, frequency.py counts, size.py weighs; baselines.py has the bounds.
"""

from collections.abc import Iterable

from cachesim.engines.base import EvictionPolicy
from cachesim.engines.policies.adaptive import ARC, LIRS
from cachesim.engines.policies.baselines import Belady as Belady
from cachesim.engines.policies.baselines import Random
from cachesim.engines.policies.frequency import LFU, WTinyLFU
from cachesim.engines.policies.queues import CLOCK, FIFO, S3FIFO, SIEVE
from cachesim.engines.policies.recency import LRU, LRU2, SLRU, TwoQ
from cachesim.engines.policies.size import GDSF

# Every policy that needs no future, by the name that the command line, TOML files and curves use. To add one:
# write it in the file of its family and add it here.
ALL: dict[str, type[EvictionPolicy]] = {
    kind.named(): kind
    for kind in (
        *(FIFO, LRU, CLOCK, SIEVE, S3FIFO, SLRU, TwoQ, LRU2, LIRS, ARC, LFU, WTinyLFU, GDSF),
        Random,
    )
}


def hits_of(policy: type[EvictionPolicy], items: int, keys: Iterable[str]) -> int:
    """Count the hits of reads that store what they miss, in a cache of so many keys.

    >>> hits_of(LRU, items=2, keys="aba"), hits_of(LRU, items=1, keys="aba")
    (1, 0)
    """
    from cachesim.engines.simple import Simple  # which itself needs LRU

    cache = Simple(items=items, policy=policy).build(lambda: 0.0, lambda: 0.5)
    keys = list(keys)
    return len(keys) - sum(cache.read_through(keys, b"").values())
