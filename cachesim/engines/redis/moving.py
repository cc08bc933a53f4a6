"""A key moves from one primary to another: what MIGRATE does at both ends, in one instant."""

import math
from collections.abc import Callable
from itertools import chain
from typing import Any

from cachesim.engines.base import INVALIDATED, Command
from cachesim.engines.redis.database import KeyEntry
from cachesim.engines.redis.db import unix_milliseconds
from cachesim.engines.redis.dumped import payload_of
from cachesim.engines.redis.hash_value import Hash
from cachesim.engines.redis.list_value import List
from cachesim.engines.redis.replication import ReplicatedEngine
from cachesim.engines.redis.set_value import Set
from cachesim.engines.redis.stream_value import EntryStream
from cachesim.engines.redis.zset_value import SortedSet, shown

# A class of values -> the commands that make such a value again, and the replicas' copies of it.
REBUILT: dict[type, Callable[[Any, Any], Command]] = {
    Hash: lambda key, value: ("HSET", key, *chain.from_iterable(value.values.items())),
    List: lambda key, value: ("RESTORE", key, 0, payload_of(value)),
    Set: lambda key, value: ("SADD", key, *value),
    EntryStream: lambda key, value: ("RESTORE", key, 0, payload_of(value)),
    SortedSet: lambda key, value: (
        "ZADD", key, *chain.from_iterable((shown(score), member) for score, member in value.order)
    ),
}  # fmt: skip


def living(engine: ReplicatedEngine, key: str) -> KeyEntry | None:
    """Find a key that is there and not dead. This is no use of the key, and a dead one stays."""
    entry = engine.table.entries.get(key)
    if entry is None or entry.when is None or unix_milliseconds(engine.clock()) <= entry.when:
        return entry
    return None


def move_key(key: str, source: ReplicatedEngine, target: ReplicatedEngine) -> None:
    """Store a key with its value and its TTL at the target, and remove it from the source.

    The bits of use do not move: the key is as if it had just been stored. A dead key does not move.

    Raises
    ------
    CacheError
        The target refuses it; then the source keeps it.

    References
    ----------
    redis 7: cluster.c, migrateCommand and restoreCommand.
    """
    source.begin()
    entry = source.find(key)
    if entry is None:
        return
    left = math.inf if entry.when is None else max(1, entry.when - source.now) / 1000
    if isinstance(entry.value, bytes):
        target.set(key, entry.value, left)
    else:
        target.execute(REBUILT[type(entry.value)](key, entry.value))
        if entry.when is not None:
            target.execute(("PEXPIREAT", key, entry.when))
    take_away(key, source)


def take_away(key: str, engine: ReplicatedEngine) -> None:
    """Remove a key that another shard has now; the replicas get a DEL. No client's write is lost by it."""
    entry = engine.table.entries.get(key)
    if entry is not None:
        engine.remove(entry, INVALIDATED)
        engine.gone_by_itself(key, INVALIDATED)
