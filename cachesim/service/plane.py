"""The data plane: what the nodes of every group and cluster hold, between runs and while nobody looks.

The desks never touch an engine. They ask this room for content, and give content to it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from cachesim.model.backups import divided, joined
from cachesim.model.saving import aged, memory_of, without_slots
from cachesim.service.calendar import Calendar
from cachesim.service.orders import Order, Orders

Slots = tuple[int, int]  # the first and the last one of a shard
ALL = 0, 16383
Key = tuple[str, datetime]  # ARN and date of a group or cluster: a name may be used again


class Held(NamedTuple):
    """What nodes held at a moment."""

    file: bytes  # an RDB file; empty for a Memcached
    until: float  # seconds of the calendar


@dataclass
class NodeCopy:
    """What one node held at a moment. In the middle of a run the file is there when the run is over."""

    node: str
    slots: Collection[int]  # those of its shard
    when: float  # seconds of the calendar
    file: bytes = b""


class DataPlane:
    """The content of every group and cluster, as RDB files. A resource has an `arn` and is `created`.

    >>> plane = DataPlane(Calendar(), Orders())
    >>> plane.held
    {}
    """

    def __init__(self, calendar: Calendar, orders: Orders) -> None:
        self.calendar, self.orders = calendar, orders
        self.scale = 1.0  # divides the memory of the nodes, as Cloud(scale=...) says
        self.live: Any = None  # engines behind ports know better; see wire/endpoints.py
        self.held: dict[Key, Held] = {}
        self.losses: dict[Key, list[tuple[float, Slots]]] = {}  # when which slots became empty
        self._played: Any = None  # whose traffic is running
        self._awaited: list[NodeCopy] = []

    def put(self, resource: Any, file: bytes, until: float | None = None) -> None:
        """Let the nodes of a resource hold what a file has had at a moment: now, if none is given."""
        moment = self.calendar.now if until is None else until
        self.held[resource.arn, resource.created] = Held(file, moment)
        if self.live is not None:
            self.live.put(resource, file)

    def content(self, resource: Any) -> bytes:
        """Return the content of its nodes: none if they are new, and nothing that was lost since."""
        live: bytes | None = None if self.live is None else self.live.content(resource)
        if live is not None:
            return live
        key = resource.arn, resource.created
        file, until = self.held.get(key, Held(b"", 0.0))
        if not file:
            return b""
        file = aged(file, self.calendar.now - until)
        for when, slots in self.losses.get(key, []):
            if until <= when < self.calendar.now:
                file = without_slots(file, *slots)
        return file

    def lose(self, resource: Any, slots: Slots = ALL) -> None:
        """Let the nodes of a resource be empty from now on, or those of the shard with some slots.

        A run that begins now sees how it happens.
        """
        lost = self.losses.setdefault((resource.arn, resource.created), [])
        lost.append((self.calendar.now, slots))

    def memory(self, resource: Any) -> float:
        """Return the bytes that its content takes, as if no memory were divided."""
        file = self.content(resource)
        return memory_of(file) / self.scale if file else 0.0

    def copy(self, resource: Any, nodes: Mapping[str, Collection[int]]) -> Sequence[NodeCopy]:
        """Let some nodes, with the slots of their shards, write down what they hold now."""
        now = self.calendar.now
        copies = [NodeCopy(node, slots, now) for node, slots in nodes.items()]
        for node in nodes:
            self.orders.order(Order(now, node, "save", lasts=0.0))
        if resource is self._played:
            self._awaited += copies
        else:
            _fill(copies, self.content(resource))
        return copies

    @contextmanager
    def playing(self, resource: Any) -> Iterator[None]:
        """Let copies of a resource wait until `deliver`: its traffic is running, and decides what is in them."""
        self._played = resource
        try:
            yield
        finally:
            self._played = None

    def deliver(
        self, saved: Mapping[tuple[str, float], bytes], before: bytes, after: bytes
    ) -> None:
        """Give what the nodes of a run have saved, by node and second of the calendar.

        A node that was not there saved nothing: then its part of the content before the run stands, or
        of that after the run if its moment was the run's last one.
        """
        awaited, self._awaited = self._awaited, []
        for copy in awaited:
            copy.file = saved.get((copy.node, copy.when), b"")
            if not copy.file:
                _fill([copy], after if copy.when >= self.calendar.now else before)


def _fill(copies: Sequence[NodeCopy], content: bytes) -> None:
    """Give each copy its part of the content of a whole group."""
    whole = content or joined([])
    for copy, part in zip(copies, divided(whole, [copy.slots for copy in copies]), strict=True):
        copy.file = part
