"""Every command of Redis: the list of the files that have them.

A new type of value is one file, named as in redis/src, and one line in TYPES. A new command is one
row in the `COMMANDS` of its file. A command of your own needs no change here:

>>> from cachesim.engines.redis.command import RedisCommand, table
>>> from cachesim.engines.redis.engine import Redis
>>> def double(db, key):
...     return 2 * int(db.read(key).value)
>>> class Mine(Redis):
...     commands = Redis.commands | table(RedisCommand("DOUBLE", "key", "readonly", double))
>>> engine = Mine().build(clock=lambda: 0.0, random=lambda: 0.5)
>>> engine.set("a", b"21")
>>> engine.execute(("DOUBLE", "a"))
42
"""

from cachesim.engines.redis import (
    bitfield,
    bitops,
    config,
    counters,
    info,
    inspect,
    keys,
    lcs,
    pubsub,
    scan,
    server,
    t_hash,
    t_list,
    t_list_ends,
    t_list_waits,
    t_set,
    t_string,
    t_zset,
    t_zset_ends,
    t_zset_ranges,
    t_zset_sets,
    ttl,
)

STRINGS = (t_string, counters, lcs, bitops, bitfield)
LISTS = (t_list, t_list_ends, t_list_waits)
SORTED_SETS = (t_zset, t_zset_ends, t_zset_ranges, t_zset_sets)
TYPES = (*STRINGS, t_hash, *LISTS, t_set, *SORTED_SETS)
GENERAL = (keys, ttl, scan, inspect, server, config, info, pubsub)
COMMANDS = {name: row for each in (*GENERAL, *TYPES) for name, row in each.COMMANDS.items()}
