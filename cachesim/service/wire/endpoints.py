"""Every endpoint that the service describes gets a port on loopback, with an engine behind it.

`sync` compares what the desk has with the nodes that run, and lets these follow. It is called after
every request, and as time passes. So no desk knows of ports.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from cachesim.records import FOLLOWER, PRIMARY
from cachesim.service.account import Account
from cachesim.service.cloudwatch.series import MINUTE
from cachesim.service.elasticache.auth import rules_of
from cachesim.service.wire.served import Layout, Served, layout_of
from cachesim.wire.nodes import HOST, ServedNode, ServedNodes
from cachesim.wire.shards import put_keys

EPOCH = 1577836800  # unix seconds at which the engines' clocks begin
EVERYBODY = ("default reset on nopass ~* &* +@all",)
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
        self.sampled: dict[str, float] = {}  # when the counters of a node were read
        account.plane.live = self

    def sync(self) -> None:
        """Let the ports be what the desk says now."""
        desk, running = self.account.desk("elasticache"), set(self.account.bill.running())
        alone = [each for each in desk.clusters if not each.group]
        layouts = {
            (each.arn, each.created): (each, layout)
            for each in (*desk.groups, *alone)
            if (layout := layout_of(each, running))
        }
        held = {  # asked before the thread works: it would ask itself
            key: self.account.plane.content(each)
            for key, (each, _) in layouts.items()
            if key not in self.served
        }
        self.thread.do(self._sync(layouts, held))

    async def _sync(self, layouts: dict[Any, tuple[Any, Layout]], held: dict[Any, bytes]) -> None:
        down = self._down()
        for key in self.served.keys() - layouts.keys():
            self.served.pop(key).close()
        self.account.names.clear()
        for key, (resource, layout) in layouts.items():
            served = self.served.get(key)
            if served and hasattr(resource, "shards") and len(served.shards) != len(layout):
                held[key] = served.held()  # SIMPLIFIED: another number of shards starts again
                served.close()
                served = None
            if served is None:
                spec, number = self.spec_of(resource), len(self.served)
                served = self.served[key] = Served(self.thread, resource, spec, number)
            await self._follow(served, layout, down)
            if held.get(key):
                put_keys(served.shards, held[key])
        self._sample()

    def _down(self) -> dict[str, float]:
        """Return the nodes that were ordered to go down since the last time, and until when."""
        new = self.account.orders.orders[self.orders :]
        self.orders += len(new)
        return {order.node: order.when + order.lasts for order in new}

    async def _follow(self, served: Served, layout: Layout, down: dict[str, float]) -> None:
        now, standing = self.account.calendar.now, self.account.desk("cloudwatch").standing
        await served.follow(layout, down, now)
        leader = standing.nodes.get(layout[0][1])
        served.lead(now if leader is None else leader.roles[-1][0])
        rules = rules_of(self.account.desk("elasticache"), served.resource, "", "") or EVERYBODY
        for node in served.nodes():
            node.let_in(rules)
        ports = await served.names(self.now)
        self.account.names |= {name: (HOST, port) for name, port in ports.items()}

    # What the nodes hold, and what they count

    def content(self, resource: Any) -> bytes | None:
        """Return the content of a resource now; None: it is not served."""
        served = self.served.get((resource.arn, resource.created))
        return None if served is None else self.thread.do(_there(served.held))

    def put(self, resource: Any, file: bytes) -> None:
        """Let the nodes of a resource hold what a file has."""
        served = self.served.get((resource.arn, resource.created))
        if served is not None and file:
            self.thread.do(_there(put_keys, served.shards, file))

    def _sample(self) -> None:
        """Note what every node has counted, once a minute."""
        now, nodes = self.account.calendar.now, self.account.desk("cloudwatch").standing.nodes
        for shard in (shard for served in self.served.values() for shard in served.shards):
            for name, node in shard.nodes.items():
                before = self.sampled.get(name)
                is_due = before is None or now // MINUTE > before // MINUTE
                if is_due and node.server and name in nodes:
                    role = PRIMARY if name == shard.leader else FOLLOWER
                    counted = self._counted(node, nodes[name])
                    nodes[name].note(now, counted, role, is_first=before is None)
                    self.sampled[name] = now

    def _counted(self, node: ServedNode, heard: Any) -> dict[str, float]:
        """Return the counters of a node. The processor's time is not measured: it counts as idle."""
        fresh = self.account.desk("cloudwatch").standing.fresh(heard.rented.node_type, heard.engine)
        own = node.counted()
        free = fresh["free"] + fresh["memory"] - own["memory"]
        more = {"linked": 1.0, "lag": 0.0, "host_busy": 0.0}
        own["connections"] += fresh["connections"]
        return {**own, **more, "free": max(0.0, free), "swap": max(0.0, -free)}

    def close(self) -> None:
        """Close every port, and end the thread. Nothing stays behind."""
        self.account.plane.live = None
        self.account.names.clear()
        for served in self.served.values():
            self.thread.do(_there(served.close))
        self.thread.end()


async def _there(call: Callable[..., T], *arguments: Any) -> T:
    """Make a call in the thread of the servers."""
    return call(*arguments)
