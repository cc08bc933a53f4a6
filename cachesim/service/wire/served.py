"""A group or a cluster behind ports, and where each of its endpoints leads."""

import csv
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from cachesim.wire.nodes import Forward, ServedNode, tell_members
from cachesim.wire.shards import ServedShard


@cache
def ttls() -> dict[str, float]:
    """Return how many seconds a client may use an old record of each kind of endpoint.

    >>> ttls()["primary"]
    5.0
    """
    text = files("cachesim.service").joinpath("data/endpoints.csv").read_text()
    return {row["endpoint"]: float(row["ttl"]) for row in csv.DictReader(text.splitlines())}


class NodeLayout:
    """Which nodes a resource has now: (names, leader) of each shard."""

    def __init__(self, resource: Any, running: set[str]) -> None:
        self.shards: list[tuple[list[str], str]] = []
        if hasattr(resource, "shards"):
            for shard in resource.shards:
                names = [each.id for each in shard.members if each.id in running]
                self.shards.append((names, shard.primary.id))
        else:
            self.shards = [([name], name) for name in resource.rented() if name in running]
        self.runs = any(names for names, _ in self.shards)


class Served:
    """A group or a cluster behind ports."""

    def __init__(self, resource: Any) -> None:
        self.resource = resource
        self.shards: list[ServedShard] = []
        self.forwards: dict[str, Forward] = {}  # by the name that AWS has for the endpoint
        self.members: list[int] = []  # the ports that a Memcached tells its clients
        self.version = 0  # of that list
        self.turn = 0  # of the replicas, at the reader endpoint
        self.changes: list[tuple[float, str]] = []  # when which node became the primary

    def nodes(self) -> Iterator[ServedNode]:
        """Yield all nodes."""
        for shard in self.shards:
            yield from shard.nodes.values()

    def close(self) -> None:
        """Close all of its ports."""
        for forward in self.forwards.values():
            forward.close()
        for node in self.nodes():
            node.close()

    def primary(self, now: float) -> int | None:
        """Return the port of the primary that a client sees, who may have an old record."""
        seen = [name for when, name in self.changes if when <= now - ttls()["primary"]]
        name = seen[-1] if seen else self.changes[0][1]
        node = self.shards[0].nodes.get(name)
        return node.port if node is not None and node.server else None

    def reader(self, now: float) -> int | None:
        """Return the port of the next replica that is up; without one that of the primary."""
        shard = self.shards[0]
        up = [each for each in shard.nodes.values() if each.server and each.name != shard.leader]
        self.turn += 1
        return up[self.turn % len(up)].port if up else self.primary(now)

    def anyone(self, now: float) -> int | None:
        """Return the port of some node that is up."""
        return next((each.port for each in self.nodes() if each.server), None)

    def lead(self, now: float) -> None:
        """Note who leads the first shard."""
        leader = self.shards[0].leader
        if not self.changes or self.changes[-1][1] != leader:
            self.changes.append((now, leader))

    def tell_members(self) -> None:
        """Tell the nodes of a Memcached who they are; each change has its version."""
        ports = [each.port for each in self.nodes()]
        self.version += ports != self.members
        self.members = ports
        for node in self.nodes():
            if node.server:
                tell_members(node.engine, self.version, ports)
