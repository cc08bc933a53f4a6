"""A group or a cluster behind ports, and where each of its endpoints leads."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from cachesim.model.saving import contents
from cachesim.service.tables import figures
from cachesim.wire.nodes import Forward, ServedNode, ServedNodes, tell_members
from cachesim.wire.shards import ServedShard, parts_of

Layout = list[tuple[list[str], str]]  # (names of the nodes that run, which of them leads), by shard


def layout_of(resource: Any, running: set[str]) -> Layout:
    """Return which nodes a resource has now; empty if none runs."""
    if hasattr(resource, "shards"):
        found = [
            ([each.id for each in shard.members if each.id in running], shard.primary.id)
            for shard in resource.shards
        ]
    else:
        found = [([name], name) for name in resource.rented() if name in running]
    return found if any(names for names, _ in found) else []


class Served:
    """A group or a cluster behind ports. All of it runs in the thread of the servers."""

    def __init__(self, thread: ServedNodes, resource: Any, spec: Any, seed: int) -> None:
        self.thread, self.resource, self.spec, self.seed = thread, resource, spec, seed
        self.shards: list[ServedShard] = []
        self.forwards: dict[str, Forward] = {}  # by the name that AWS has for the endpoint
        self.members: list[int] = []  # the ports that a Memcached tells its clients
        self.version = 0  # of that list
        self.turn = 0  # of the replicas, at the reader endpoint
        self.leaders: list[tuple[float, str]] = []  # since when which node is the primary

    def nodes(self) -> Iterator[ServedNode]:
        """Yield all nodes."""
        for shard in self.shards:
            yield from shard.nodes.values()

    def held(self) -> bytes:
        """Return the keys of all leaders as one RDB file."""
        leaders = (shard.nodes.get(shard.leader) for shard in self.shards)
        return contents([node.engine for node in leaders if node is not None and node.server])

    async def follow(self, layout: Layout, down: Mapping[str, float], now: float) -> None:
        """Be as the service says; some nodes go down until a moment, in seconds."""
        if len(self.shards) != len(layout):
            await self._shape([leader for _, leader in layout])
        for shard, (names, leader) in zip(self.shards, layout, strict=True):
            await shard.follow(names, leader, down, now)
        if getattr(self.resource, "engine", "") == "memcached":
            self._tell_members()

    async def _shape(self, leaders: list[str]) -> None:
        """Have as many shards as the service says; those of a Memcached stand for themselves."""
        if getattr(self.resource, "is_sharded", False):
            parts = parts_of(len(leaders), self.seed)
            self.shards = [ServedShard(self.thread, self.spec, part) for part in parts]
            return
        known = {each.leader: each for each in self.shards}
        for name in known.keys() - set(leaders):
            await known[name].follow([], "", {}, 0.0)
        self.shards = [known.get(name) or ServedShard(self.thread, self.spec) for name in leaders]

    def _tell_members(self) -> None:
        """Tell the nodes of a Memcached who they are; each change has its version."""
        ports = [each.port for each in self.nodes()]
        self.version += ports != self.members
        self.members = ports
        for node in self.nodes():
            if node.server:
                tell_members(node.engine, self.version, ports)

    def close(self) -> None:
        """Close all of its ports."""
        for forward in self.forwards.values():
            forward.close()
        for node in self.nodes():
            node.close()

    # Endpoints

    async def names(self, now: Any) -> dict[str, int]:
        """Return the port that each name of AWS leads to; `now` gives the seconds of a connection."""
        ports = {node.name: node.port for node in self.nodes()}
        found = {
            owner.endpoint(node)["Address"]: ports[name]
            for owner in getattr(self.resource, "members", [self.resource])
            for node, name in zip(owner.nodes, owner.rented(), strict=True)
            if name in ports
        }
        targets = {
            "PrimaryEndpoint": self.primary,
            "ReaderEndpoint": self.reader,
            "ConfigurationEndpoint": self.anyone,
        }
        shown = self.resource.shown()
        for part in (shown, *shown.get("NodeGroups", [])):
            for kind in [kind for kind in targets if kind in part]:
                address = part[kind]["Address"]
                if address not in self.forwards:
                    self.forwards[address] = Forward(partial(_at, targets[kind], now))
                    await self.forwards[address].open()
                found[address] = self.forwards[address].port
        return found

    def lead(self, since: float) -> None:
        """Note who leads the first shard, and since when."""
        leader = self.shards[0].leader
        if not self.leaders or self.leaders[-1][1] != leader:
            self.leaders.append((since, leader))

    def primary(self, now: float) -> int | None:
        """Return the port of the primary that a client sees, who may have an old record."""
        seen = [
            name for since, name in self.leaders if since <= now - figures("endpoints")["primary"]
        ]
        node = self.shards[0].nodes.get(seen[-1] if seen else self.leaders[0][1])
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


def _at(target: Any, now: Any) -> int | None:
    found: int | None = target(now())
    return found
