"""The desk of ElastiCache, put together: one class for each kind of operation."""

from cachesim.service.elasticache.serverless import Serverless


class ElastiCache(Serverless):
    """The desk of ElastiCache.

    Its parts each begin with `super().__init__(account)`, so that any of them may be left out or added.
    """

    service = "elasticache"
