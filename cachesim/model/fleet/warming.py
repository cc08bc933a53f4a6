"""A new node is filled from the nodes that kept its keys before: what a client asks, and what it stores.

SIMPLIFIED: the old owner's TTL comes with the value, at no price (Memcached's `mg` with the flags v and t; a
GET and a PTTL in one pipeline).
"""

import math
from typing import Any

from cachesim.engines.base import Engine

PASSED_ON = ("get", "delete")  # a delete goes to both, or the old copy would come back
NONE = -1  # the reply of both servers for a key that does not expire


def copy_life(speaks: str, engine: Engine, key: str) -> float:
    """Ask an engine for how many more seconds it keeps a key that it has; inf: no TTL."""
    if speaks == "memcached":
        _, flags = engine.execute(("mg", key, "t"))
        left, unit = int(flags["t"]), 1
    else:
        left, unit = engine.execute(("PTTL", key)), 1000
    return math.inf if left == NONE else max(left, 1) / unit


class Warming:
    """The second part of a get that missed, or of a delete, while a node is warmed: the old owner is asked."""

    def __init__(self, routed: Any, node: int) -> None:
        self._routed, self._client, self._old = routed, routed.client, node
        self._client.journey.count_hop()
        visit = getattr(self._client.clients[node], routed.name)(routed.key)
        visit.callbacks.append(self._answered)

    def _answered(self, visit: Any) -> None:
        """Take the old owner's answer; if it fails, the new node's answer holds."""
        routed, found = self._routed, visit._value if visit._ok else None
        if routed.name == "get" and found is not None:
            self._store(found)
            return
        routed._value = routed._value or found
        routed.fire()

    def _store(self, value: Any) -> None:
        """Write the value into the new node, for as long as the old one would have kept it."""
        routed, host = self._routed, self._client.host
        tier = host.caches[self._old]
        routed._value = value
        if routed.first:
            self._client.journey.lookup, self._client.journey.node = "hit", tier.name
        life = copy_life(host.blueprint.cache.speaks, tier.engine, routed.key)
        visit = self._client.clients[routed.node].set(routed.key, value, life)
        visit.callbacks.append(lambda _: routed.fire())
