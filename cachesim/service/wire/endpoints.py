"""Every endpoint that the service describes gets a port on loopback, with an engine behind it.

`sync` compares what the desk has with the nodes that run, and lets these follow. It is called after
every request, and as time passes. So no desk knows of ports.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from cachesim.model.saving import contents
from cachesim.records import FOLLOWER, PRIMARY
from cachesim.service.account import Account
from cachesim.service.cloudwatch.series import MINUTE
from cachesim.service.traffic import Sample, send
from cachesim.service.wire.served import NodeLayout, Served
from cachesim.wire.nodes import HOST, Forward, ServedNode, ServedNodes
from cachesim.wire.shards import ServedShard, parts_of, put_keys

EPOCH = 1577836800  # unix seconds at which the engines' clocks begin
SpecOf = Callable[[Any], Any]  # (group or cluster) -> the spec of one node
T = TypeVar("T")


class Endpoints:
    """The ports of an account. `now` gives the seconds of its calendar, also between two requests."""

    def __init__(self, account: Account, spec_of: SpecOf, now: Callable[[], float]) -> None:
        self.account, self.spec_of, self.now = account, spec_of, now
        start = account.calendar.start.timestamp() - EPOCH
        self.thread = ServedNodes(lambda: start + now())
        self.served: dict[Any, Served] = {}  # by ARN and date
        self.orders = 0  # so many have been looked at
        self.sampled: dict[str, Sample] = {}
        account.plane.live = self

    def sync(self) -> None:
        """Let the ports be what the desk says now."""
        desk, running = self.account.desk("elasticache"), set(self.account.bill.running())
        alone = [each for each in desk.clusters if not each.group]
        layouts = {
            (each.arn, each.created): (each, found)
            for each in (*desk.groups, *alone)
            if (found := NodeLayout(each, running)).runs
        }
        held = {  # asked before the thread works: it would ask itself
            key: self.account.plane.content(each)
            for key, (each, found) in layouts.items()
            if key not in self.served
        }
        self.thread.do(self._sync(layouts, held))

    async def _sync(self, layouts: dict[Any, Any], held: dict[Any, bytes]) -> None:
        now, down = self.account.calendar.now, self._down()
        for key in self.served.keys() - layouts.keys():
            self.served.pop(key).close()
        self.account.names.clear()
        for key, (resource, layout) in layouts.items():
            served = self.served.get(key)
            grown = served is not None and len(served.shards) != len(layout.shards)
            if served and grown and hasattr(resource, "shards"):
                held[key] = _dumped(served)  # SIMPLIFIED: another number of shards starts again
                served.close()
                served = None
            if served is None:
                served = self.served[key] = Served(resource)
            await self._follow(served, layout, down, now)
            if held.get(key):
                put_keys(served.shards, held[key])
        self._sample(now)

    def _down(self) -> dict[str, float]:
        """Return the nodes that were ordered to go down since the last time, and until when."""
        new = self.account.orders.orders[self.orders :]
        self.orders += len(new)
        return {order.node: order.when + order.lasts for order in new}

    async def _follow(
        self, served: Served, layout: NodeLayout, down: dict[str, float], now: float
    ) -> None:
        resource = served.resource
        if len(served.shards) != len(layout.shards):
            await self._shape(served, layout)
        for shard, (names, leader) in zip(served.shards, layout.shards, strict=True):
            await shard.follow(names, leader, down, now)
        leader = self.account.desk("cloudwatch").standing.nodes.get(layout.shards[0][1])
        served.lead(now if leader is None else leader.roles[-1][0])
        if getattr(resource, "engine", "") == "memcached":
            served.tell_members()
        for prepare in self.account.plane.prepare:
            for node in served.nodes():
                prepare(resource, node)
        await self._name(served)

    async def _shape(self, served: Served, layout: NodeLayout) -> None:
        """Have as many shards as the service says; those of a Memcached stand for themselves."""
        resource = served.resource
        spec = self.spec_of(resource)
        if getattr(resource, "is_sharded", False):
            parts = parts_of(len(layout.shards), seed=len(self.served))
            served.shards = [ServedShard(self.thread, spec, part) for part in parts]
            return
        wanted = {name for names, _ in layout.shards for name in names}
        kept = [each for each in served.shards if each.leader in wanted or not each.leader]
        for each in served.shards:
            if each not in kept:
                await each.follow([], "", {}, 0.0)
        known = {each.leader for each in kept}
        new = [leader for _, leader in layout.shards if leader not in known]
        served.shards = kept + [ServedShard(self.thread, spec) for _ in new]
        order = {leader: place for place, (_, leader) in enumerate(layout.shards)}
        served.shards.sort(key=lambda each: order.get(each.leader, len(order)))

    async def _name(self, served: Served) -> None:
        """Let each name that AWS gives an endpoint lead to a port."""
        resource, names = served.resource, self.account.names
        if not hasattr(resource, "shards"):
            for name, node in zip(resource.nodes, served.nodes(), strict=False):
                names[resource.endpoint(name)["Address"]] = HOST, node.port
        else:
            for shard, own in zip(resource.shards, served.shards, strict=True):
                for member in shard.members:
                    if member.id in own.nodes:
                        address = member.endpoint("0001")["Address"]
                        names[address] = HOST, own.nodes[member.id].port
        shown = resource.shown()
        for found in (shown, *shown.get("NodeGroups", [])):
            for kind, target in (
                ("PrimaryEndpoint", served.primary),
                ("ReaderEndpoint", served.reader),
                ("ConfigurationEndpoint", served.anyone),
            ):
                if kind in found:
                    await self._forward(served, found[kind]["Address"], target)

    async def _forward(
        self, served: Served, address: str, target: Callable[[float], int | None]
    ) -> None:
        """Open the port of an endpoint that follows the nodes, once."""
        if address not in served.forwards:
            served.forwards[address] = Forward(lambda: target(self.now()))
            await served.forwards[address].open()
        self.account.names[address] = HOST, served.forwards[address].port

    # What the nodes hold, and what they count

    def content(self, resource: Any) -> bytes | None:
        """Return the content of a resource now; None: it is not served."""
        served = self.served.get((resource.arn, resource.created))
        return None if served is None else self.thread.do(_later(_dumped, served))

    def put(self, resource: Any, file: bytes) -> None:
        """Let the nodes of a resource hold what a file has."""
        served = self.served.get((resource.arn, resource.created))
        if served is not None and file:
            self.thread.do(_later(put_keys, served.shards, file))

    def _sample(self, now: float) -> None:
        """Send the metrics of every node, once a minute."""
        standing = self.account.desk("cloudwatch").standing
        for served in self.served.values():
            for shard in served.shards:
                for name, node in shard.nodes.items():
                    before, heard = self.sampled.get(name), standing.nodes.get(name)
                    if not node.server or heard is None:
                        continue
                    if before is not None and now // MINUTE <= before.when // MINUTE:
                        continue
                    role = PRIMARY if name == shard.leader else FOLLOWER
                    after = Sample(now, name, role, self._counted(node, heard, role))
                    if before is not None:
                        send(self.account, heard, before, after, begin=0.0)
                    heard.step(now, after.counted)
                    self.sampled[name] = after

    def _counted(self, node: ServedNode, heard: Any, role: str) -> dict[str, float]:
        """Return the counters of a node. The processor's time is not measured: it counts as idle."""
        fresh = self.account.desk("cloudwatch").standing.fresh(heard.rented.node_type, heard.engine)
        own = node.counted()
        free = fresh["free"] + fresh["memory"] - own["memory"]
        more = {"leads": float(role == PRIMARY), "linked": 1.0, "lag": 0.0, "host_busy": 0.0}
        own["connections"] += fresh["connections"]
        return {**own, **more, "free": max(0.0, free), "swap": max(0.0, -free)}

    def close(self) -> None:
        """Close every port, and end the thread. Nothing stays behind."""
        self.account.plane.live = None
        self.account.names.clear()
        for served in self.served.values():
            self.thread.do(_later(served.close))
        self.thread.end()


def _dumped(served: Served) -> bytes:
    """Return the keys of all leaders as one RDB file."""
    leaders = (shard.nodes.get(shard.leader) for shard in served.shards)
    return contents([node.engine for node in leaders if node is not None and node.server])


async def _later(call: Callable[..., T], *arguments: Any) -> T:
    """Make a call in the thread of the servers."""
    return call(*arguments)
