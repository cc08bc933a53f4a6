"""The client library of a fleet: `app.cache` finds the node of each key by itself.

This file belongs to the hot path: where speed counts (it was measured), the code is written for speed.
"""

import math
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from typing import Any

import simpy

from cachesim.engines.base import Engine
from cachesim.errors import BadInput
from cachesim.model.cache_client import CacheClient
from cachesim.model.routes import Finder
from cachesim.records import Value


class Places(dict[str, int]):
    """Where each key is: key -> place of its node; found once per key, by the finder of the fleet.

    >>> places = Places(len)
    >>> places["abc"], dict(places)
    (3, {'abc': 3})
    """

    def __init__(self, find: Finder) -> None:
        super().__init__()
        self.find = find

    def __missing__(self, key: str) -> int:
        place = self[key] = self.find(key)
        return place


class FleetClient:
    """An `app.cache` that sends each command to the client of its key's node."""

    def __init__(
        self, clients: Sequence[CacheClient], places: Mapping[str, int], engine: Engine
    ) -> None:
        self._clients, self._places = clients, places
        self._engine = engine  # of any node: it knows the commands
        self.dirty = Dirty(clients, places)

    def get(self, key: str) -> simpy.Event:
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
            Its keys belong to several nodes.
        """
        keys = self._engine.keys_of(command)
        places = {self._places[key] for key in keys} or {0}
        if len(places) > 1:
            raise BadInput(
                f"the keys of {command[0]} belong to several nodes: {', '.join(keys)}; send one command "
                "per key, or give the keys one hash tag, such as {user:7}, if the fleet has slots"
            )
        return self._clients[places.pop()].execute(*command)

    def note(self, key: str, outcome: str | None = None) -> None:
        """Write into the record how a lookup ended; see `CacheClient.note`."""
        self._clients[self._places[key]].note(key, outcome)


class Dirty(MutableMapping[str, list[Value]]):
    """The values of all nodes that the database does not have, by key; see `CacheTier.dirty`."""

    def __init__(self, clients: Sequence[CacheClient], places: Mapping[str, int]) -> None:
        self._clients, self._places = clients, places

    def _of(self, key: str) -> dict[str, list[Value]]:
        return self._clients[self._places[key]].dirty

    def __getitem__(self, key: str) -> list[Value]:
        return self._of(key)[key]

    def __setitem__(self, key: str, values: list[Value]) -> None:
        self._of(key)[key] = values

    def __delitem__(self, key: str) -> None:
        del self._of(key)[key]

    def __iter__(self) -> Iterator[str]:
        return (key for client in self._clients for key in client.dirty)

    def __len__(self) -> int:
        return sum(len(client.dirty) for client in self._clients)
