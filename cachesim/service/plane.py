"""The data plane: what the nodes of every group and cluster hold, between runs and while nobody looks.

The desks never touch an engine. They ask this room for content, and give content to it.
"""

from datetime import datetime
from typing import NamedTuple, Protocol

from cachesim.model.saving import aged, memory_of, without_slots
from cachesim.service.calendar import Calendar
from cachesim.service.orders import Orders

Slots = tuple[int, int]  # the first and the last one of a shard
ALL = 0, 16383


class Holder(Protocol):
    """A group or a cluster."""

    arn: str
    created: datetime


class Held(NamedTuple):
    """What nodes held at a moment."""

    file: bytes  # an RDB file; empty for a Memcached
    until: float  # seconds of the calendar


class Emptied(NamedTuple):
    """When a shard became empty."""

    when: float  # seconds of the calendar
    slots: Slots


class DataPlane:
    """The content of every group and cluster, as RDB files.

    >>> plane = DataPlane(Calendar(), Orders())
    >>> plane.held
    {}
    """

    def __init__(self, calendar: Calendar, orders: Orders) -> None:
        self.calendar = calendar
        self.orders = orders
        self.held: dict[
            tuple[str, datetime], Held
        ] = {}  # a name may be used again: by ARN and date
        self.losses: dict[tuple[str, datetime], list[Emptied]] = {}
        self.scale = 1.0  # by which the memory of all nodes is divided: see Cloud

    def put(self, resource: Holder, file: bytes) -> None:
        """Let the nodes of a resource hold what a file has, from now on."""
        self.held[resource.arn, resource.created] = Held(file, self.calendar.now)

    def content(self, resource: Holder, primary: str) -> bytes:
        """Return the content of its nodes: none if they are new, and nothing that was lost since."""
        held = self.held.get((resource.arn, resource.created))
        if held is None or not held.file:
            return b""
        file = aged(held.file, self.calendar.now - held.until)
        for loss in self.losses.get((resource.arn, resource.created), []):
            if held.until <= loss.when < self.calendar.now:
                file = without_slots(file, *loss.slots)
        return file

    def lose(self, resource: Holder, slots: Slots = ALL) -> None:
        """Let the nodes of a resource be empty from now on, or those of the shard with some slots.

        A run that begins now sees how it happens.
        """
        key = resource.arn, resource.created
        self.losses.setdefault(key, []).append(Emptied(self.calendar.now, slots))

    def memory(self, resource: Holder, primary: str) -> float:
        """Return the bytes that its content takes, as if no memory were divided."""
        file = self.content(resource, primary)
        return memory_of(file) / self.scale if file else 0.0
