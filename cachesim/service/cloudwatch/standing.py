"""What idle nodes send: a value every minute that nobody computes before somebody asks for it.

A node has steps: from a moment on it has these counters, or a run sends its values. Between two runs
counters stand still, so what they count is 0, and levels stay as they are.
SIMPLIFIED: keys whose TTL ends meanwhile still count, until the next run.
"""

from bisect import bisect_right, insort
from collections.abc import Callable, Iterator
from typing import Any

from cachesim.node_types import NodeType
from cachesim.service.bill import Rented
from cachesim.service.cloudwatch.metric_rows import FIVE, Counted, MetricRow, metric_rows
from cachesim.service.cloudwatch.series import MINUTE, Name

SPACE = "AWS/ElastiCache"
BUCKET = 24 * 60.0  # minutes whose earned credits a node can keep

Fresh = Callable[[NodeType, str], Counted]  # the counters of a new node, by its type and engine


def nothing(node_type: NodeType, engine: str) -> Counted:
    """Return the counters of a node of which nothing is known."""
    return {}


class StandingNode:
    """One node, from its first second to its last one."""

    def __init__(self, rented: Rented, engine: str, leads: bool, counted: Counted) -> None:
        self.rented, self.engine = rented, engine
        self.steps: list[tuple[float, Counted | None]] = [(rented.begin, counted)]
        self.roles: list[tuple[float, bool]] = [(rented.begin, leads)]
        self.down: list[tuple[float, float]] = []  # from, to: it sends nothing
        self._balance = rented.begin, 0.0  # seconds, credits in minutes of a vCPU

    @property
    def dimensions(self) -> tuple[tuple[tuple[str, str], ...], ...]:
        """The two sets of dimensions under which it is known."""
        cluster, _, node = self.rented.node.partition(" ")
        both = ("CacheClusterId", cluster), ("CacheNodeId", node or "0001")
        return both[:1], both

    @property
    def burns(self) -> bool:
        """Whether its type lives on CPU credits."""
        return self.rented.node_type.name.startswith("cache.t")

    def balance(self, now: float, busy: float = 0.0) -> float:
        """Return the credits at a moment; `busy` vCPU-seconds were used since the last time."""
        then, held = self._balance
        earned = self.rented.node_type.core * (now - then) / MINUTE
        most = self.rented.node_type.core * BUCKET
        return max(0.0, min(most, held + earned - busy / MINUTE))

    def settle(self, now: float, busy: float) -> float:
        """Do the same, and count from there."""
        self._balance = now, self.balance(now, busy)
        return self._balance[1]

    def step(self, when: float, counted: Counted | None) -> None:
        """Have these counters from a moment on; None: a run sends what there is."""
        insort(self.steps, (when, counted), key=lambda step: step[0])

    def leads(self, now: float) -> bool:
        """Whether it is a primary at a moment."""
        return [leads for when, leads in self.roles if when <= now or when == self.rented.begin][-1]

    def value(self, row: MetricRow, minute: int) -> float | None:
        """Return the value that it sends in a minute in which it is idle; None: nothing."""
        end = self.rented.end
        place = bisect_right(self.steps, float(minute), key=lambda step: step[0]) - 1
        if place < 0 or (end is not None and minute >= end) or self.steps[place][1] is None:
            return None
        if any(begin <= minute < until for begin, until in self.down):
            return None
        role = "primary" if self.leads(minute) else "replica"
        if row.role not in ("", role):
            return None
        if row.how == "credits":
            return self.balance(minute) if self.burns and minute % FIVE == 0 else None
        counted = self.steps[place][1] or {}
        if row.counters == "leads":
            return float(role == "primary")
        return row.value(counted, counted, MINUTE)


class Standing:
    """The nodes of an account, as CloudWatch hears of them."""

    def __init__(self, account: Any) -> None:
        self.account = account
        self.fresh: Fresh = nothing  # a cloud with engines has a better one
        self.nodes: dict[str, StandingNode] = {}  # by the name on the bill; a name may come again
        self.by_dimensions: dict[Any, list[StandingNode]] = {}
        account.bill.heard.append(self.opened)
        account.orders.heard.append(self.ordered)

    def opened(self, rented: Rented) -> None:
        """Hear that a node runs from now on."""
        desk, cluster = self.account.desk("elasticache"), rented.node.partition(" ")[0]
        found = desk.clusters.find(cluster) if cluster in desk.clusters else None
        engine = found.engine if found else "redis"
        shards = desk.groups.find(found.group).shards if found and found.group else []
        leads = not shards or any(shard.primary is found for shard in shards)
        made = StandingNode(rented, engine, leads, self.fresh(rented.node_type, engine))
        self.nodes[rented.node] = made
        for dimensions in made.dimensions:
            self.by_dimensions.setdefault(dimensions, []).append(made)

    def ordered(self, order: Any) -> None:
        """Hear that a node is down for some time; a primary that was restarted holds nothing."""
        node = self.nodes.get(order.node)
        if node is None:
            return
        node.down.append((order.when, order.when + order.lasts))
        if order.what == "reboot" and node.leads(order.when):
            fresh = self.fresh(node.rented.node_type, node.engine)
            node.step(order.when + order.lasts, fresh)

    def led(self, new: str, old: str) -> None:
        """Hear that a node is the primary from now on, in place of another one."""
        for name in (old, new):
            if name in self.nodes:
                self.nodes[name].roles.append((self.account.calendar.now, name == new))

    def during(self, node: str, begin: float, end: float, **counted: float) -> None:
        """Let some counters of an idle node be others for some seconds, such as saving=1."""
        found = self.nodes[node]
        usual = found.steps[-1][1] or {}
        found.step(begin, {**usual, **counted})
        found.step(end, usual)

    def at(self, name: Name, minute: int) -> list[float]:
        """Return the values that idle nodes send in a minute under these dimensions."""
        found: list[float] = []
        if minute + MINUTE > self.account.calendar.now:
            return found
        for node in self.by_dimensions.get(name.dimensions, ()):
            row = metric_rows(node.engine).get(name.metric)
            value = None if row is None else node.value(row, minute)
            if value is not None:
                found.append(value)
        return found

    def unit(self, name: Name) -> str | None:
        """Return the unit of a metric that some node has; None: none has it."""
        for node in self.by_dimensions.get(name.dimensions, ()):
            if name.namespace == SPACE and name.metric in metric_rows(node.engine):
                return metric_rows(node.engine)[name.metric].unit
        return None

    def names(self) -> Iterator[Name]:
        """Yield the names of all metrics of all nodes."""
        for dimensions, nodes in self.by_dimensions.items():
            for metric in metric_rows(nodes[0].engine):
                yield Name(SPACE, metric, dimensions)
