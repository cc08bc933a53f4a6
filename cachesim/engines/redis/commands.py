"""Every command of Redis: the list of the files that have them.

A new type of value is one file, named as in redis/src, and one line in value_types.py. A new command is one
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
    config,
    dumped,
    function_file,
    functions,
    info,
    inspect,
    keys,
    persistence,
    pubsub,
    scan,
    scripting,
    server,
    t_sort,
    ttl,
)
from cachesim.engines.redis.value_types import TYPES

GENERAL = (
    keys,
    dumped,
    ttl,
    scan,
    inspect,
    server,
    config,
    info,
    pubsub,
    persistence,
    t_sort,
    scripting,
    functions,
    function_file,
)
COMMANDS = {name: row for each in (*GENERAL, *TYPES) for name, row in each.COMMANDS.items()}
