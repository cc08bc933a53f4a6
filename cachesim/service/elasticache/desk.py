"""The desk of ElastiCache, put together: one class for each kind of operation."""

from cachesim.service.elasticache.restores import Restores
from cachesim.service.elasticache.tagging import Tagging
from cachesim.service.elasticache.users import CacheUsers


class ElastiCache(Restores, Tagging, CacheUsers):
    """The desk of ElastiCache.

    Its parts each begin with `super().__init__(account)`, so that any of them may be left out or added.
    """

    service = "elasticache"
