"""What nodes send: a value every minute that nobody computes before somebody asks for it.

A node notes now and then what it has counted until then: each minute of a run, and when it is new.
Between two notes counters stand still, so what they count is 0, and levels stay as they are.
SIMPLIFIED: keys whose TTL ends meanwhile still count, until the next run.
"""

import math
from bisect import bisect_right, insort
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from cachesim.node_types import NodeType
from cachesim.records import FOLLOWER, PRIMARY
from cachesim.service.bill import Rented
from cachesim.service.cloudwatch.series import MINUTE, Dimensions, Name
from cachesim.service.tables import table

SPACE = "AWS/ElastiCache"
FIVE = 300  # seconds between two values of the credits
BUCKET = 24 * 60.0  # minutes whose earned credits a node can keep

Counted = Mapping[str, float]  # what a node has counted so far, and its levels
Fresh = Callable[[NodeType, str], Counted]  # the counters of a new node, by its type and engine


class MetricRow(NamedTuple):
    """One metric. `how` says what its value in a minute is.

    "level": the counter at the end; "delta": what it grew by; "share": that of the seconds, in percent;
    "ratio": the first one's part of all, in percent; "mean": seconds of the first one for each of the
    others, in microseconds; "credits": the balance of a node type that lives on CPU credits.
    """

    metric: str
    engine: str  # redis, memcached or both
    unit: str
    how: str
    counters: str
    role: str  # whose it is: primary or replica; empty: both
    group: str  # the dimensions of a replication group under which it is sent, too
    source: str

    def value(self, before: Counted, after: Counted, seconds: float) -> float | None:
        """Return the value of an interval; None: nothing is sent.

        >>> row = metric_rows("redis")["CacheHitRate"]
        >>> row.value({}, {"keyspace_hits": 3, "keyspace_misses": 1}, 60), row.value({}, {}, 60)
        (75.0, None)
        """
        first, *others = self.counters.split()
        if self.how == "level":
            return after.get(first, 0.0)
        grown = _grown(first, before, after)
        if self.how == "share":
            return min(100.0, 100 * grown / seconds)
        if self.how == "delta":
            return grown
        rest = sum(_grown(name, before, after) for name in others)
        if self.how == "mean":
            return 1e6 * grown / rest if rest else None
        return 100 * grown / (grown + rest) if grown + rest else None


def _grown(name: str, before: Counted, after: Counted) -> float:
    """Return the growth of a counter; after a restart it counts from 0 again."""
    new, old = after.get(name, 0.0), before.get(name, 0.0)
    return new - old if new >= old else new


@cache
def metric_rows(engine: str) -> dict[str, MetricRow]:
    """Return the metrics of an engine by their names.

    >>> "CacheHitRate" in metric_rows("memcached"), metric_rows("memcached")["CmdGets"].unit
    (False, 'Count')
    """
    rows = [MetricRow(**row) for row in table("metrics")]
    own = "redis" if engine == "valkey" else engine
    return {row.metric: row for row in rows if row.engine in (own, "both")}


@cache
def rows_under(engine: str, names: str) -> dict[str, MetricRow]:
    """Return the metrics that nodes of an engine send under dimensions of these names.

    >>> list(rows_under("redis", "ReplicationGroupId Role"))
    ['EngineCPUUtilization']
    """
    rows, role = metric_rows(engine), PRIMARY if "Role" in names else ""
    if names.startswith("CacheClusterId"):
        return rows
    return {row.metric: row._replace(role=role) for row in rows.values() if row.group == names}


class Sample(NamedTuple):
    """What a node of a run has counted until a moment."""

    when: float  # seconds of the run
    node: str  # its name in the model
    role: str  # one of records.ROLES
    counted: Counted


class Note(NamedTuple):
    """What a node has counted until a moment."""

    when: float  # seconds of the calendar
    is_first: bool  # of a run: what was counted before does not matter
    role: str  # one of records.ROLES; empty: it is idle
    counted: Counted
    credits: float  # minutes of a vCPU


class StandingNode:
    """One node, from its first second to its last one."""

    def __init__(
        self, rented: Rented, engine: str, group: str, leads: bool, counted: Counted
    ) -> None:
        self.rented, self.engine, self.group = rented, engine, group
        self.notes = [Note(rented.begin, False, "", counted, 0.0)]
        self.roles: list[tuple[float, bool]] = [(rented.begin, leads)]
        self.down: list[tuple[float, float]] = []  # from, to: it sends nothing

    @property
    def dimensions(self) -> tuple[Dimensions, ...]:
        """The sets of dimensions under which it is known; the second one has no other node."""
        cluster, _, node = self.rented.node.partition(" ")
        both = ("CacheClusterId", cluster), ("CacheNodeId", node or "0001")
        group = ("ReplicationGroupId", self.group), ("Role", "Primary")
        return (both[:1], both, group[:1], group) if self.group else (both[:1], both)

    @property
    def burns(self) -> bool:
        """Whether its type lives on CPU credits."""
        return self.rented.node_type.name.startswith("cache.t")

    def balance(self, now: float) -> float:
        """Return its CPU credits at a moment, in minutes of a vCPU."""
        return self._credits(self._last(now) or self.notes[0], now)

    def is_there(self, now: float) -> bool:
        """Whether it is rented at a moment."""
        return self.rented.begin <= now <= (self.rented.end or math.inf)

    def note(self, when: float, counted: Counted, role: str = "", is_first: bool = False) -> None:
        """Note what it has counted until a moment."""
        before = self._last(when) or self.notes[0]
        busy = counted.get("host_busy", 0.0) - before.counted.get("host_busy", 0.0)
        used = 0.0 if is_first else max(0.0, busy) * self.rented.node_type.vcpu
        made = Note(when, is_first, role, counted, self._credits(before, when, used))
        insort(self.notes, made, key=_order)

    def play(self, begin: float, samples: Sequence[Sample]) -> None:
        """Note what it has counted in a run, and nothing else of that time."""
        end = begin + samples[-1].when
        first, *others = self.notes
        self.notes = [first, *(each for each in others if not begin < each.when <= end)]
        for number, sample in enumerate(samples):
            self.note(begin + sample.when, sample.counted, sample.role, number == 0)

    def value(self, row: MetricRow, minute: int, now: float) -> float | None:
        """Return the value that it sends in a minute; None: nothing, or not yet."""
        before, after = self._last(minute), self._last(minute + MINUTE, is_first=False)
        if before is None or after is None or not self.is_there(minute + 1):
            return None
        if _order(after) <= _order(before) or not after.role:
            before, role = after, self._idle_role(minute, now)
        else:
            role = after.role
        if role not in (PRIMARY, FOLLOWER) or row.role not in ("", role):
            return None
        if row.counters == "leads":
            return float(role == PRIMARY)
        if row.how == "credits":
            is_due = self.burns and minute % FIVE == 0
            return self._credits(after, max(minute, after.when)) if is_due else None
        return row.value(before.counted, after.counted, after.when - before.when or MINUTE)

    def leads(self, now: float) -> bool:
        """Whether it is a primary at a moment when it is idle."""
        return [leads for when, leads in self.roles if when <= now or when == self.rented.begin][-1]

    def _idle_role(self, minute: int, now: float) -> str:
        """Return its role in a minute without a run; nothing if it is down, or the minute not over."""
        if minute + MINUTE > now or any(begin <= minute < until for begin, until in self.down):
            return ""
        return PRIMARY if self.leads(minute) else FOLLOWER

    def _last(self, when: float, is_first: bool = True) -> Note | None:
        """Return the last note until a moment; one that begins a run only if it may."""
        place = bisect_right(self.notes, (when, is_first), key=_order) - 1
        while place >= 0 and self.notes[place].is_first and not is_first:
            place -= 1
        return self.notes[place] if place >= 0 else None

    def _credits(self, since: Note, now: float, used: float = 0.0) -> float:
        """Return the credits at a moment, when so many vCPU-seconds were used since a note."""
        core = self.rented.node_type.core
        held = since.credits + core * (now - since.when) / MINUTE - used / MINUTE
        return max(0.0, min(core * BUCKET, held))


def _order(note: Note) -> tuple[float, bool]:
    return note.when, note.is_first


class Standing:
    """The nodes of an account, as CloudWatch hears of them."""

    def __init__(self, account: Any) -> None:
        self.account = account
        self.fresh: Fresh = lambda node_type, engine: {}  # a cloud with engines has a better one
        self.nodes: dict[str, StandingNode] = {}  # by the name on the bill; a name may come again
        self.by_dimensions: dict[Dimensions, list[StandingNode]] = {}
        account.bill.heard.append(self.opened)
        account.orders.heard.append(self.ordered)

    def opened(self, rented: Rented) -> None:
        """Hear that a node runs from now on."""
        desk, cluster = self.account.desk("elasticache"), rented.node.partition(" ")[0]
        found = desk.clusters.find(cluster) if cluster in desk.clusters else None
        engine = found.engine if found else "redis"
        group = found.group if found else ""
        shards = desk.groups.find(group).shards if group else []
        leads = not shards or any(shard.primary is found for shard in shards)
        made = StandingNode(rented, engine, group, leads, self.fresh(rented.node_type, engine))
        self.nodes[rented.node] = made
        for dimensions in made.dimensions:
            self.by_dimensions.setdefault(dimensions, []).append(made)

    def ordered(self, order: Any) -> None:
        """Hear that a node is down for some time; a primary that was restarted holds nothing."""
        node = self.nodes.get(order.node)
        if node is None:
            return
        up = order.when + order.lasts
        node.down.append((order.when, up))
        if order.what == "reboot" and node.leads(order.when):
            node.note(up, self.fresh(node.rented.node_type, node.engine))

    def led(self, new: str, old: str) -> None:
        """Hear that a node is the primary from now on, in place of another one."""
        for name in (old, new):
            if name in self.nodes:
                self.nodes[name].roles.append((self.account.calendar.now, name == new))

    def played(self, name: str, begin: float, samples: Sequence[Sample]) -> None:
        """Hear what a node has counted in a run; while it lasted, the node may have been changed."""
        known = self.nodes[name].dimensions[1] if name in self.nodes else ()
        for node in self.by_dimensions.get(known, ()):
            mine = [sample for sample in samples if node.is_there(begin + sample.when)]
            if mine:
                node.play(begin, mine)

    def at(self, name: Name, minute: int) -> list[float]:
        """Return the values that nodes send in a minute under these dimensions."""
        now = self.account.calendar.now
        values = [node.value(row, minute, now) for node, row in self._sent(name)]
        return [value for value in values if value is not None]

    def unit(self, name: Name) -> str | None:
        """Return the unit of a metric that some node has; None: none has it."""
        is_ours = name.namespace == SPACE
        return next((row.unit for _, row in self._sent(name) if is_ours), None)

    def _sent(self, name: Name) -> Iterator[tuple[StandingNode, MetricRow]]:
        """Yield the nodes that send a metric under these dimensions."""
        names = " ".join(key for key, _ in name.dimensions)
        for node in self.by_dimensions.get(name.dimensions, ()):
            if row := rows_under(node.engine, names).get(name.metric):
                yield node, row

    def names(self) -> Iterator[Name]:
        """Yield the names of all metrics of all nodes."""
        for dimensions, nodes in self.by_dimensions.items():
            for metric in rows_under(nodes[0].engine, " ".join(key for key, _ in dimensions)):
                yield Name(SPACE, metric, dimensions)
