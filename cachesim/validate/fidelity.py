"""How near the embedded engines are to the real servers: the same requests into both, at simulated time."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple

from cachesim.engines.base import Engine, EngineSpec
from cachesim.engines.memcached.engine import Memcached
from cachesim.engines.redis.engine import Redis
from cachesim.engines.redis.policy import POLICIES
from cachesim.errors import BadInput, OutOfMemory
from cachesim.experiments.parallel import in_parallel
from cachesim.live.memcached_server import MemcachedServer
from cachesim.live.redis_server import RedisServer
from cachesim.live.server import ServerSpec
from cachesim.model.popularity import Zipf
from cachesim.model.workload import key_name, size_by_name, size_from_text
from cachesim.replay import PACE
from cachesim.rng import stream, uniform
from cachesim.spec import field_types, fields_of
from cachesim.traces import DELETE, READ, Trace, read_trace
from cachesim.units import MIB

LOOK_EVERY = 1000  # requests between two looks at the memory
VOLATILE_TTL = "100:2000"  # seconds, from:to, if a policy needs TTLs and the requests have none
TWINS: dict[type[EngineSpec], type[ServerSpec]] = {Redis: RedisServer, Memcached: MemcachedServer}
MEMCACHED_POLICIES = {"segmented": True, "flat": False}


class RequestSource(NamedTuple):
    """Where the requests come from: a trace file, or Zipf draws. A read that misses stores the key."""

    trace: str = ""  # a file; "": drawn by Zipf's law
    format: str = ""
    most: int = 1_000_000  # requests, at most
    keys: int = 200_000
    skew: float = 0.99
    value_size: str = "100"  # bytes, or lognormal:median,sigma: a key keeps its size
    ttl: str = ""  # seconds, or from:to: a key keeps its TTL; "": none
    seed: int = 1
    reading: tuple[tuple[str, Any], ...] = ()  # other options of `read_trace`; columns as pairs

    @property
    def name(self) -> str:
        """A short description for tables."""
        source = self.trace.rpartition("/")[2] or f"zipf {self.skew:g}, {self.keys:,} keys"
        sizes = self.value_size if ":" in self.value_size else f"{self.value_size} bytes"
        return f"{source}, {sizes}" + (f", ttl {self.ttl} s" if self.ttl else "")


class EngineComparison(NamedTuple):
    """One comparison: an embedded engine, the name of its policy, and the requests."""

    spec: EngineSpec
    policy: str
    requests: RequestSource


class Side(NamedTuple):
    """The figures of one engine."""

    version: str
    hit_ratio: float
    evictions: int
    expirations: int
    memory: int  # bytes, at the end
    items: int  # at the end
    refused: int  # values that were not stored


class FidelityRow(NamedTuple):
    """Both engines on the same requests: one row of the table."""

    engine: str
    policy: str
    memory: int  # bytes: the limit
    trace: str
    requests: int
    embedded: Side
    real: Side
    hit_ratio_diff_pp: float  # embedded minus real, percentage points
    memory_diff_percent: float  # the largest difference at any thousandth request


def fidelity(
    cases: Sequence[EngineComparison], *, n_jobs: int = -1, progress: Any = None
) -> Iterator[FidelityRow] | Iterable[FidelityRow]:
    """Run every case on the embedded engine and on the real server; yield one FidelityRow per case.

    Raises
    ------
    BadInput
        A server or the compiler is missing, a file cannot be read.
    """
    rows: Iterable[FidelityRow] = in_parallel(compared, cases, n_jobs)
    return progress(rows, len(cases)) if progress else rows


def compared(case: EngineComparison) -> FidelityRow:
    """Run one case on both engines."""
    trace = requests_of(case.requests)
    embedded, seen = play(trace, case.spec, case.requests.seed)
    real, seen_there = play(trace, twin(case.spec), case.requests.seed)
    apart = max((abs(a / b - 1) for a, b in zip(seen, seen_there, strict=True)), default=0.0)
    return FidelityRow(
        type(case.spec).__name__.lower(),
        case.policy,
        case.spec.memory,  # type: ignore[attr-defined]
        case.requests.name,
        len(trace),
        embedded,
        real,
        100 * (embedded.hit_ratio - real.hit_ratio),
        100 * apart,
    )


def twin(spec: EngineSpec) -> ServerSpec:
    """Return the real server for an embedded engine; all fields that both have are equal.

    >>> twin(Redis(memory=4 * MIB, policy="volatile-ttl"))
    RedisServer(memory=4194304, policy='volatile-ttl')
    """
    kind = TWINS[type(spec)]
    known = field_types(kind)
    return kind(**{name: value for name, value in fields_of(spec).items() if name in known})


def play(trace: Trace, spec: EngineSpec, seed: int) -> tuple[Side, list[int]]:
    """Play the requests; return the figures, and the memory at every thousandth request."""
    now = [0.0]
    found: Counter[str] = Counter()
    seen = []
    with closing(spec.build(lambda: now[0], uniform(seed, "eviction"))) as engine:
        for number, (now[0], key, op, value, ttl) in enumerate(_steps(trace), 1):
            found[_outcome(engine, key, op, value, ttl)] += 1
            if number % LOOK_EVERY == 0:
                seen.append(engine.memory)
        counted = engine.evictions, engine.expirations, engine.memory, len(engine)
        ratio = found["hit"] / max(1, trace.count(READ))
        return Side(engine.version, ratio, *counted, found["refused"]), seen


def _steps(trace: Trace) -> Iterator[tuple[float, str, str, bytes, float]]:
    """Yield time, key, operation, value and TTL of every request."""
    n, sizes = len(trace), trace.sizes or []
    values = {size: bytes(size) for size in set(sizes)}
    times = trace.times or (number / PACE for number in range(n))
    ops, ttls = trace.ops or [READ] * n, trace.ttls or [math.inf] * n
    return zip(times, trace.keys, ops, map(values.__getitem__, sizes), ttls, strict=True)


def _outcome(engine: Engine, key: str, op: str, value: bytes, ttl: float) -> str:
    if op == DELETE:
        return "deleted" if engine.delete(key) else "absent"
    if op == READ and engine.get(key) is not None:
        return "hit"
    try:
        engine.set(key, value, ttl)
    except OutOfMemory:
        return "refused"
    return "stored"


@lru_cache(maxsize=2)
def requests_of(requests: RequestSource) -> Trace:
    """Return the requests, each with a size and, if `ttl` is given, a TTL."""
    if requests.trace:
        how = dict(requests.reading)
        columns = dict(how.pop("columns", ())) or None
        whole = read_trace(requests.trace, requests.format, columns=columns, **how)
        trace = Trace(_first(whole, requests.most))
        trace.notes = whole.notes
    else:
        names = [key_name(number) for number in range(requests.keys)]
        picked = Zipf(keys=requests.keys, skew=requests.skew).pick(
            stream(requests.seed, "keys"), requests.most, 0
        )
        trace = Trace.of_keys([names[number] for number in picked.tolist()])
    sizes = size_from_text(requests.value_size)
    if trace.sizes is None:
        chosen = {key: size_by_name(sizes, key) for key in dict.fromkeys(trace.keys)}
        trace.sizes = [chosen[key] for key in trace.keys]
    if requests.ttl:
        low, high = ttl_from_text(requests.ttl)
        lasts = {key: _ttl_of(key, low, high) for key in dict.fromkeys(trace.keys)}
        trace.ttls = [lasts[key] for key in trace.keys]
    return trace


def _first(trace: Trace, count: int) -> Iterator[Any]:
    return (request for _, request in zip(range(count), trace, strict=False))


def _ttl_of(key: str, low: int, high: int) -> float:
    name = key.encode("utf-8", "surrogateescape")
    share = int.from_bytes(blake2b(name, digest_size=4).digest(), "big")
    return float(low + share % (high - low + 1))


def ttl_from_text(text: str) -> tuple[int, int]:
    """Return the least and the greatest TTL of a text such as "60" or "100:2000", in seconds.

    >>> ttl_from_text("60")
    (60, 60)
    """
    match = re.fullmatch(r"([0-9]{1,9})(?::([0-9]{1,9}))?", text)
    low, high = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not 1 <= low <= high:
        raise BadInput(f'a TTL is whole seconds ("60") or from:to ("100:2000"), got "{text}"')
    return low, high


def cases(
    engines: Sequence[str],
    policies: Sequence[str] | None,
    memories: Sequence[int],
    requests: RequestSource,
) -> list[EngineComparison]:
    """Return one case per engine, policy and memory, all on the same requests.

    None stands for all policies. A volatile policy gets TTLs if the requests have none, because it evicts nothing
    without them.
    """
    every: Mapping[str, list[str]] = {"redis": list(POLICIES), "memcached": [*MEMCACHED_POLICIES]}
    for name in policies or ():
        if not any(name in every[engine] for engine in engines):
            known = ", ".join(name for engine in engines for name in every[engine])
            raise BadInput(f'--policy "{name}" is unknown; choose from {known}')
    return [
        EngineComparison(_spec(engine, policy, memory), policy, _with_ttl(requests, policy))
        for engine in engines
        for policy in every[engine]
        if policies is None or policy in policies
        for memory in memories
    ]


def _spec(engine: str, policy: str, memory: int) -> EngineSpec:
    if engine == "redis":
        return Redis(memory=memory, policy=policy)  # type: ignore[arg-type]
    return Memcached(memory=memory, segmented=MEMCACHED_POLICIES[policy])


def _with_ttl(requests: RequestSource, policy: str) -> RequestSource:
    needs_ttl = policy.startswith("volatile") and not requests.ttl
    return requests._replace(ttl=VOLATILE_TTL) if needs_ttl else requests


def standard(traces: str, most: int) -> list[EngineComparison]:
    """Return the standard set: three real traces and two drawn ones, each at three sizes."""
    zipf = RequestSource(most=most)
    shop = zipf._replace(format="cache2k", value_size="1000")
    found: list[EngineComparison] = []
    for requests, sizes in (
        (shop._replace(trace=f"{traces}/cache2k_web07.trace.xz"), (2, 4, 8)),
        (shop._replace(trace=f"{traces}/cache2k_web12.trace.xz"), (2, 4, 8)),
        (shop._replace(trace=f"{traces}/cache2k_orm-busy.trace.xz"), (4, 8, 16)),
        (zipf, (2, 4, 8)),
        (zipf._replace(value_size="lognormal:150,1"), (4, 8, 16)),
    ):
        found += cases(["redis", "memcached"], None, [size * MIB for size in sizes], requests)
    return found
