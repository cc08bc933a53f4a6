"""What a running engine counts about itself, under the names of its own INFO or stats."""

from cachesim.engines.base import Engine
from cachesim.engines.memcached import stats
from cachesim.engines.memcached.engine import MemcachedEngine
from cachesim.engines.redis import info
from cachesim.engines.redis.engine import RedisEngine

Counters = dict[str, float]


def counters(engine: Engine) -> Counters:
    """Return the counters and the levels of an engine of Redis or Memcached.

    >>> from cachesim.engines.redis.engine import Redis
    >>> engine = Redis().build(clock=lambda: 0.0, random=lambda: 0.5)
    >>> engine.set("a", b"one", ttl=60)
    >>> found = engine.get("a"), engine.get("b")
    >>> counted = counters(engine)
    >>> [counted[name] for name in ("keyspace_hits", "keyspace_misses", "items", "volatile")]
    [1, 1, 1, 1]
    """
    if isinstance(engine, RedisEngine):
        return _of_redis(engine)
    return _of_memcached(engine) if isinstance(engine, MemcachedEngine) else {}


def _of_redis(engine: RedisEngine) -> Counters:
    databases = engine.databases.values()
    log = getattr(engine, "log", None)
    return {
        **info.counters(engine),
        "memory": engine.memory,
        "memory_percent": 100 * engine.memory / engine.maxmemory if engine.maxmemory else 0.0,
        "items": sum(len(each.table.entries) for each in databases),
        "volatile": sum(len(each.expires.entries) for each in databases),
        "read_commands": _calls(engine, "readonly"),
        "write_commands": _calls(engine, "write"),
        "offset": getattr(engine, "applied", 0)
        if engine.is_replica
        else (log.offset if log else 0),
    }


def _calls(engine: RedisEngine, flag: str) -> int:
    """Count the commands of a kind that were run by name."""
    rows = ((engine.commands.get(name), count) for name, count in engine.tally.calls.items())
    return sum(count for row, count in rows if row is not None and flag in row.flags.split())


def _of_memcached(engine: MemcachedEngine) -> Counters:
    shown = {
        name: float(value) for name, value in stats.general(engine).items() if _is_number(value)
    }
    return {
        **shown,
        "memory": shown["bytes"],
        "items": shown["curr_items"],
        "unused": max(0.0, shown["limit_maxbytes"] - shown["bytes"]),
    }


def _is_number(value: object) -> bool:
    return isinstance(value, int | float)
