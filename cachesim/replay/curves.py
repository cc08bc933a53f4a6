"""Hit ratios against the size of the cache: LRU at all sizes in one pass, the other policies size by size."""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from cachesim.engines import policies as simple
from cachesim.engines.base import EngineSpec
from cachesim.engines.simple import Simple
from cachesim.errors import BadInput
from cachesim.replay.bounds import infinite, optima
from cachesim.replay.columns import KeysAndOps, keys_and_ops, ratio, times
from cachesim.replay.compiled import call, choose
from cachesim.replay.kernels import stack
from cachesim.replay.one_size import REDIS_BY, SIMPLE, redis_by_items
from cachesim.replay.run import replay
from cachesim.traces import Stream, Trace

Curve = list[tuple[float, float]]  # (items, hit ratio)
Policies = Iterable[str] | Mapping[str, str | Callable[[int], EngineSpec]]
REDIS = {f"redis-{name.removeprefix('allkeys-')}": name for name in REDIS_BY}  # redis-lru ...
POLICIES = (*simple.ALL, *REDIS)
SIZES = 10  # points of a curve without given sizes
OPTIMUM, INFINITE = "optimum", "infinite cache"


def hit_ratio_curve(
    trace: Trace | Stream | Iterable[str],
    policies: Policies = ("lru",),
    sizes: Sequence[int] | None = None,
    *,
    seed: int = 1,
    compiled: bool | None = None,
) -> dict[str, Curve]:
    """Compute the hit ratios of policies at every size, and two bounds: name -> points (items, hit ratio).

    One minus a hit ratio is a miss ratio, so these are miss-ratio curves turned upside down. A size is a number of
    keys, whatever their bytes. Only engines of your own follow the TTLs of a trace.

    Parameters
    ----------
    trace : Trace, Stream or iterable of str
        The requests. All are read into memory, and their keys are numbered once, which for a million texts
        takes longer than LRU's curve.
    policies : iterable of str, or mapping
        Names from `cs.policies.ALL`, or redis-lru, redis-lfu and redis-random. In a mapping the value is such a
        name, or a function that makes an engine for a number of items. Policies without a kernel (all but
        fifo, lru, clock, sieve, lfu, random and Redis's) are played by the engine, which takes longer.
    sizes : sequence of int, optional
        Numbers of items; by default ten, from a thousandth of the keys up to all, evenly on a log scale.
    seed : int
        Of the random draws.
    compiled : bool, optional
        Whether to play by machine code (numba) or in Python; the numbers are the same, bit for bit. By
        default by machine code if numba is installed and there is enough work.

    Raises
    ------
    BadInput
        An unknown policy, a size below 1, an empty trace, or a trace with TTLs, which a policy would ignore.

    >>> curve = hit_ratio_curve(["a", "b", "a", "c", "b", "a"], ["lru", "sieve"], sizes=[1, 2, 3])
    >>> [size for size, ratio in curve["lru"]], curve["lru"][2] == curve["infinite cache"][2]
    ([1.0, 2.0, 3.0], True)
    >>> from cachesim.engines.simple import Simple
    >>> mine = {"mine": lambda n: Simple(items=n)}
    >>> hit_ratio_curve(["a", "b", "a"], mine, [1, 2])["mine"][1]
    (2.0, 0.3333333333333333)
    """
    if not isinstance(trace, Trace):
        trace = trace.whole() if isinstance(trace, Stream) else Trace.of_keys(trace)
    wanted = _checked(trace, policies)
    points = _sizes(trace, sizes)
    is_fast = choose(compiled, work=len(trace) * len(points) * (len(wanted) + 1))
    player = _Player(trace, keys_and_ops(trace), points, seed, is_fast)
    found = {name: player.ratios(what) for name, what in wanted.items()}
    most = infinite(trace, compiled=is_fast)
    # Belady knows no TTLs; the infinite cache does.
    found[OPTIMUM] = [min(best, most) for best in optima(player.given, points, compiled=is_fast)]
    found[INFINITE] = [most] * len(points)
    return {
        name: list(zip(map(float, points), ratios, strict=True)) for name, ratios in found.items()
    }


def lru_hits(trace: Trace, *, compiled: bool | None = None) -> np.ndarray:
    """Count LRU's hits for each number of items, from 0 to all keys.

    One pass is enough, because a larger LRU cache holds every key of a smaller one (Mattson et al. 1970). See
    kernels/stack.py.

    >>> lru_hits(Trace.of_keys(["a", "b", "a", "c", "b", "b"]))
    array([0, 1, 2, 3])
    """
    return _lru_hits(keys_and_ops(trace), choose(compiled, work=len(trace) * SIZES))


def _lru_hits(given: KeysAndOps, is_fast: bool) -> np.ndarray:
    found = np.zeros(given.unique + 1, np.intp)
    empty = stack.stack_columns(given.unique)
    depths = np.asarray(call(stack.depths, given.keys, given.ops, empty, found, compiled=is_fast))
    depths[0] = 0  # reads of keys that were not in the stack
    return np.cumsum(depths)


@dataclass(frozen=True)
class _Player:
    """Plays a trace at every size."""

    trace: Trace
    given: KeysAndOps
    sizes: list[int]
    seed: int
    is_fast: bool

    def ratios(self, what: str | Callable[[int], EngineSpec]) -> list[float]:
        """Compute the hit ratio at every size."""
        if what == "lru":
            hits = _lru_hits(self.given, self.is_fast)
            return [
                ratio(int(hits[min(items, self.given.unique)]), self.given.reads)
                for items in self.sizes
            ]
        if what in SIMPLE or what in REDIS:
            return [self.by_name(str(what), items) for items in self.sizes]
        make = engine_of(what) if isinstance(what, str) else what
        return [self.by_engine(make, items) for items in self.sizes]

    def by_name(self, name: str, items: int) -> float:
        """Compute the hit ratio of a policy that has a kernel."""
        if name in SIMPLE:
            play = partial(SIMPLE[name], self.given, items, self.seed)
            return ratio(play(compiled=self.is_fast).hits, self.given.reads)
        names, when = self.trace.names, times(self.trace)
        found = redis_by_items(
            self.given, names, when, REDIS[name], items, self.seed, compiled=self.is_fast
        )
        return ratio(found.hits, self.given.reads)

    def by_engine(self, make: Callable[[int], EngineSpec], items: int) -> float:
        """Compute the hit ratio of an engine."""
        found = replay(self.trace, make(items), bounds=False, seed=self.seed, compiled=self.is_fast)
        return found.hit_ratio


def engine_of(policy: str) -> Callable[[int], EngineSpec]:
    """Make a function from a number of items to an engine, for a policy without a kernel."""
    return lambda items: Simple(items=items, memory=sys.maxsize, policy=simple.ALL[policy])


def _checked(trace: Trace, policies: Policies) -> dict[str, str | Callable[[int], EngineSpec]]:
    """Check the input; give name -> policy or function that makes an engine."""
    if not len(trace):
        raise BadInput("the trace has no request; give at least one")
    if isinstance(policies, str):
        raise BadInput(f'policies must be a list such as ["{policies}"], got a single text')
    wanted = dict(policies) if isinstance(policies, Mapping) else {name: name for name in policies}
    for what in wanted.values():
        if not callable(what) and what not in POLICIES:
            raise BadInput(f'unknown policy "{what}"; choose from {", ".join(POLICIES)}')
        if not callable(what) and trace.columns.ttls is not None:
            raise BadInput(
                f'the trace has TTLs, which a curve of "{what}" would ignore; give an engine instead: '
                '{"LRU": lambda items: Simple(items=items)}'
            )
    return wanted


def _sizes(trace: Trace, sizes: Sequence[int] | None) -> list[int]:
    if sizes is None:
        unique = trace.unique
        return sorted({round(n) for n in np.geomspace(max(1, unique / 1000), unique, SIZES)})
    if not sizes or min(sizes) < 1:
        raise BadInput(f"sizes must be numbers of items, all >= 1, got {list(sizes)}")
    return [int(items) for items in sizes]
