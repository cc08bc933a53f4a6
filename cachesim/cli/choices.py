"""The names that options take: engines, strategies and eviction policies, built in or of the user's own."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from cachesim.cli.own import FORM, is_own, own_class
from cachesim.engines.base import EngineSpec, EvictionPolicy
from cachesim.engines.memcached.engine import Memcached
from cachesim.engines.policies import ALL as SIMPLE_POLICIES
from cachesim.engines.redis.engine import Redis
from cachesim.engines.redis.policy import POLICIES as REDIS_POLICIES
from cachesim.engines.simple import Simple
from cachesim.errors import BadInput
from cachesim.experiments.toml import STRATEGIES as CLASSES
from cachesim.experiments.toml import kebab
from cachesim.live.memcached_server import MemcachedServer
from cachesim.live.redis_server import RedisServer
from cachesim.model.strategies.base import Strategy
from cachesim.model.strategies.lazy import LazyLoading, NoCache, WriteAround
from cachesim.model.strategies.through import WriteThrough
from cachesim.replay import POLICIES as CURVE_POLICIES

MakeStrategy = Callable[[float], Strategy]  # of a TTL in seconds

ENGINES: dict[str, type[EngineSpec]] = {
    "simple": Simple,
    "redis": Redis,
    "memcached": Memcached,
    "redis-live": RedisServer,
    "memcached-live": MemcachedServer,
}


def _with_ttl(kind: type[Strategy]) -> MakeStrategy:
    """Make strategies of one class from a TTL; a wrapper passes it to the strategy inside."""
    names = kind.__dataclass_fields__
    field = "inner__ttl" if "inner" in names else "ttl" if "ttl" in names else None
    return lambda ttl: kind() if field is None else kind().replace(**{field: ttl})


COMPARED: dict[str, MakeStrategy] = {  # the default of --strategies
    "lazy-loading": lambda ttl: LazyLoading(ttl=ttl),
    "lazy-invalidate": lambda ttl: LazyLoading(ttl=ttl, invalidate=True),
    "write-through": lambda ttl: WriteThrough(),
    "write-through-ttl": lambda ttl: WriteThrough(ttl=ttl),
    "write-around": lambda ttl: WriteAround(),
    "no-cache": lambda ttl: NoCache(),
}
STRATEGIES = {kebab(kind.__name__): _with_ttl(kind) for kind in CLASSES} | COMPARED


def strategies(names: list[str] | None, ttl: float) -> dict[str, Strategy]:
    """Make the strategies of --strategies, by name; by default those of COMPARED."""
    return {name: _strategy(name)(ttl) for name in names or COMPARED}


def _strategy(name: str) -> MakeStrategy:
    if is_own(name):
        return _with_ttl(own_class("--strategies", name, Strategy))
    if name not in STRATEGIES:
        raise BadInput(
            f'--strategies "{name}" is unknown; choose from {", ".join(STRATEGIES)}, or give {FORM}'
        )
    return STRATEGIES[name]


def engine(
    name: str, memory: int | None, policy: str | None, clock: str | None = None
) -> EngineSpec:
    """Make the engine that the options describe."""
    if name not in ENGINES:
        raise BadInput(f'--engine "{name}" is unknown; choose from {", ".join(ENGINES)}')
    fields: dict[str, Any] = {} if memory is None else {"memory": memory}
    if clock is not None:
        if not name.endswith("-live"):
            raise BadInput(
                f"--clock is for the real servers (redis-live, memcached-live), not for {name}; leave it out"
            )
        fields["clock"] = clock
    if policy is not None:
        fields["policy"] = _policy(name, policy)
    return ENGINES[name](**fields)


def _policy(engine_name: str, policy: str) -> Any:
    if engine_name.startswith("memcached"):
        raise BadInput(
            f"--policy does not apply to {engine_name}, which always evicts by segmented LRU; leave it out"
        )
    if engine_name == "simple" and is_own(policy):
        return own_class("--policy", policy, EvictionPolicy)
    if is_own(policy):
        raise BadInput(
            f'--policy "{policy}": a policy of your own runs in the engine simple, not in {engine_name}; '
            "give --engine simple"
        )
    is_simple = engine_name == "simple"
    known: dict[str, Any] = {**SIMPLE_POLICIES} if is_simple else dict.fromkeys(REDIS_POLICIES)
    if policy not in known:
        more = f", or give {FORM}" if is_simple else ""
        raise BadInput(
            f'--policy "{policy}" is unknown to {engine_name}; choose from {", ".join(known)}{more}'
        )
    return known[policy] or policy


def curve_policies(names: list[str]) -> dict[str, str | Callable[[int], EngineSpec]]:
    """Turn the names of --policies into policies for `hit_ratio_curve`."""
    for name in names:
        if not is_own(name) and name not in CURVE_POLICIES:
            raise BadInput(
                f'--policies: unknown policy "{name}"; choose from {", ".join(CURVE_POLICIES)}, or give {FORM}'
            )
    return {name: _of_items(name) if is_own(name) else name for name in names}


def _of_items(policy: str) -> Callable[[int], EngineSpec]:
    kind = own_class("--policies", policy, EvictionPolicy)
    return lambda items: Simple(items=items, memory=sys.maxsize, policy=kind)
