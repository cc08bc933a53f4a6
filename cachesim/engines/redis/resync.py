"""A full resync: what a replica takes over of its primary's keys (redis 7: rdb.c)."""

from typing import Any

from cachesim.engines.redis.database import NumberedDatabase
from cachesim.engines.redis.engine import RedisEngine
from cachesim.engines.redis.policy import frequency, lfu_bits


def load(replica: Any, primary: Any) -> None:
    """Replace all data by those of the primary."""
    # redis 7: rdb.c, rdbSaveKeyValuePair and rdbLoadRio
    RedisEngine.flush(replica)
    replica.functions.flush()
    replica.functions.join(primary.functions, replace=True)
    selected = replica.selected
    for index, source in primary.databases.items():
        replica.select(index)
        copy_database(replica, primary, source)
    replica.select(selected)
    replica.stream = 0


def copy_database(replica: RedisEngine, primary: RedisEngine, source: NumberedDatabase) -> None:
    """Copy a database of the primary into the selected one."""
    for entry in source.table.entries.values():
        if isinstance(entry.value, bytes):
            new = replica.add(entry.key, entry.value)
        else:
            value = entry.value.copy_for(replica)
            new = replica.add(entry.key, value, value.size)
        if entry.when is not None:
            replica.expire_at(new, entry.when)
        if primary.lfu and replica.lfu:
            uses = frequency(entry.lru, primary.minute, primary.lfu_decay_time)
            new.lru = lfu_bits(replica.minute, uses)
        elif primary.policy.by == replica.policy.by == "lru":
            new.lru = entry.lru
    replica._gone.clear()
    replica._gone.update(source.gone)
