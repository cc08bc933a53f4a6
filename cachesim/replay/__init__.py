"""A trace straight into an engine, fast: hit ratios, their bounds, and curves over the size of the cache.

`replay` plays one engine, `hit_ratio_curve` plays policies at many sizes. kernels/ has some policies a second time,
over whole numbers, for numba; they count the same as the engines do.
"""

from cachesim.replay.bounds import bound, infinite, optimum
from cachesim.replay.columns import PACE
from cachesim.replay.curves import POLICIES, hit_ratio_curve, lru_hits
from cachesim.replay.run import KEPT, Replay, replay

__all__ = [
    "KEPT",
    "PACE",
    "POLICIES",
    "Replay",
    "bound",
    "hit_ratio_curve",
    "infinite",
    "lru_hits",
    "optimum",
    "replay",
]
