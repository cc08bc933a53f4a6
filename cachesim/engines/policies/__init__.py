"""Eviction policies, one file per family, and the one list of them: `ALL`.

A policy is told of every change and asked for a victim. queues.py looks at marks, recency.py at the last use,
adaptive.py learns from its mistakes, frequency.py counts, size.py weighs; baselines.py has the bounds.
"""

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
