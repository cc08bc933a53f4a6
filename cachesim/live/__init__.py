"""Real servers behind the Engine contract, at simulated time. This room starts and ends them."""

from cachesim.live.memcached_server import MemcachedServer
from cachesim.live.redis_server import RedisServer

__all__ = ["MemcachedServer", "RedisServer"]
