"""Eviction policies, one file per family, and the one list of them.

queues.py looks at marks, recency.py at the last use, frequency.py counts uses, size.py weighs keys by their
size, adaptive.py learns from its mistakes. baselines.py has the bounds.

To add a policy, write it in the file of its family, import it here and give it a row. The command line,
scenario files, curves, tests and the table in docs/background/policies.md all follow the list.
"""

from cachesim.engines.base import EvictionPolicy
from cachesim.engines.policies.adaptive import ARC, LIRS
from cachesim.engines.policies.baselines import Belady as Belady
from cachesim.engines.policies.baselines import Random
from cachesim.engines.policies.frequency import LFU, WTinyLFU
from cachesim.engines.policies.queues import CLOCK, FIFO, S3FIFO, SIEVE
from cachesim.engines.policies.recency import LRU, LRU2, SLRU, TwoQ
from cachesim.engines.policies.size import GDSF

# Every policy that does not need the future; the keys that are gone but that it still remembers, as a
# share of the keys it holds; and when to choose it.
ROWS: tuple[tuple[type[EvictionPolicy], str, str], ...] = (
    (FIFO, "–", "hits must cost nothing at all"),
    (LRU, "–", "keys used lately are used again; no scans"),
    (CLOCK, "–", "LRU, where moving a key at every hit is too dear"),
    (SIEVE, "–", "as simple as CLOCK, and popular keys stay"),
    (S3FIFO, "90 %", "many keys are requested only once; a hit must be cheap"),
    (SLRU, "–", "scans pass, and little may change in LRU"),
    (TwoQ, "50 %", "scans pass; the two sizes may be set by hand"),
    (LRU2, "100 %", "databases: pages read twice matter, pages read once do not"),
    (LIRS, "200 %", "loops that are a little larger than the cache"),
    (ARC, "100 %", "the requests change: it moves its own border"),
    (LFU, "–", "popular keys stay popular for ever"),
    (WTinyLFU, "counters", "popular keys matter, and popularity changes"),
    (GDSF, "–", "values differ in size, and hits count, not bytes"),
    (Random, "–", "for comparison; it needs no book-keeping"),
)
ALL: dict[str, type[EvictionPolicy]] = {kind.named(): kind for kind, *_ in ROWS}
