"""The client library of a fleet: `app.cache` finds the node of each key by itself.

This file belongs to the hot path: where speed counts (it was measured), the code is written for speed.
"""

import math
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any, Protocol

import simpy

from cachesim.errors import BadInput
from cachesim.model.cache_client import CacheClient
from cachesim.model.fleet.topology import Found
from cachesim.records import Value


class FleetHost(Protocol):
    """What a client needs of its system; `FleetSystem` is one."""

    caches: list[Any]  # the nodes, by place
    places: Mapping[str, int]  # where each key is now

    @property
    def fleet(self) -> Any:
        """What the fleet is."""


NodeClients = Found[int, CacheClient]  # the clients of one view, by the place of their node


OF_ONE_NODE = (
    "publish",
    "subscribe",
    "transaction",
)  # SIMPLIFIED: their nodes would have to be found


class FleetClient:
    """An `app.cache` that sends each command to the client of its key's node."""

    def __init__(self, clients: NodeClients, host: FleetHost) -> None:
        self._clients, self._places, self._fleet = clients, host.places, host.fleet
        self._engine = host.caches[0].engine  # any node's: it knows the keys of a command
        self.dirty = Dirty(host)

    def get(self, key: str, replica: bool | None = None) -> simpy.Event:
        """Ask the key's node; see `CacheClient.get`."""
        return self._clients[self._places[key]].get(key)

    def set(self, key: str, value: Value, ttl: float = math.inf) -> simpy.Event:
        """Store a value at the key's node; see `CacheClient.set`."""
        return self._clients[self._places[key]].set(key, value, ttl)

    def delete(self, key: str) -> simpy.Event:
        """Remove a key from its node; see `CacheClient.delete`."""
        return self._clients[self._places[key]].delete(key)

    def execute(self, *command: Any) -> simpy.Event:
        """Send any command of the engine to the node of its keys; one without keys goes to the first node.

        Raises
        ------
        BadInput
            Its keys belong to several nodes or, in a cluster, to several slots.
        """
        keys = self._engine.keys_of(command)
        if len(keys) > 1:
            check_together(command[0], keys, self._places, self._fleet)
        return self._clients[self._places[keys[0]] if keys else 0].execute(*command)

    def __getattr__(self, name: str) -> Any:
        """Refuse what only one node can do."""
        if name in OF_ONE_NODE:
            raise BadInput(
                f"app.cache.{name} needs a cache of one node, got {self._fleet!r}; leave the fleet out"
            )
        raise AttributeError(f"app.cache has no attribute {name!r}", name=name, obj=self)

    def wait(self, replicas: int, timeout: float) -> simpy.Event:
        """Wait for replicas, of which there are none; see `CacheClient.wait`."""
        return self._clients[0].wait(replicas, timeout)

    def note(self, key: str, outcome: str | None = None) -> None:
        """Write into the record how a lookup ended; see `CacheClient.note`."""
        self._clients[self._places[key]].note(key, outcome)


CROSSSLOT = "CROSSSLOT Keys in request don't hash to the same slot"  # redis 7: cluster.c


def check_together(name: Any, keys: list[str], places: Mapping[str, int], fleet: Any) -> None:
    """Refuse a command whose keys belong to several nodes or, in a cluster, to several slots: even of one node.

    Raises
    ------
    BadInput
        It says so.
    """
    if len({fleet.slot(key) for key in keys}) > 1:
        raise BadInput(
            f"the keys of {name} belong to several slots ({CROSSSLOT}); send one command per key, "
            "or give the keys one hash tag, such as {user:7}"
        )
    if len({places[key] for key in keys}) > 1:
        raise BadInput(f"the keys of {name} belong to several nodes; send one command per key")


class Dirty(MutableMapping[str, list[Value]]):
    """The values of all nodes that the database does not have, by key; see `CacheTier.dirty`."""

    def __init__(self, host: FleetHost) -> None:
        self._host = host

    def _of(self, key: str) -> dict[str, list[Value]]:
        dirty: dict[str, list[Value]] = self._host.caches[self._host.places[key]].dirty
        return dirty

    def __getitem__(self, key: str) -> list[Value]:
        return self._of(key)[key]

    def __setitem__(self, key: str, values: list[Value]) -> None:
        self._of(key)[key] = values

    def __delitem__(self, key: str) -> None:
        del self._of(key)[key]

    def __iter__(self) -> Iterator[str]:
        return (key for cache in self._host.caches for key in cache.dirty)

    def __len__(self) -> int:
        return sum(len(cache.dirty) for cache in self._host.caches)
