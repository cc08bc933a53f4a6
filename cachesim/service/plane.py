"""The data plane: what the nodes of every group and cluster hold, between runs and while nobody looks.

The desks never touch an engine. They ask this room for content, and give content to it.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from cachesim.model.saving import aged
from cachesim.service.calendar import Calendar
from cachesim.service.orders import Orders


class Holder(Protocol):
    """A group or a cluster."""

    arn: str
    created: datetime


class Held(NamedTuple):
    """What nodes held at a moment."""

    file: bytes  # an RDB file; empty for a Memcached
    until: float  # seconds of the calendar


class Live(Protocol):
    """Engines that run behind ports, and know better what they hold."""

    def content(self, resource: Any) -> bytes | None:
        """Return the content of the nodes now; None: they do not run here."""

    def put(self, resource: Any, file: bytes) -> None:
        """Let the nodes hold what a file has."""


class DataPlane:
    """The content of every group and cluster, as RDB files.

    >>> plane = DataPlane(Calendar(), Orders())
    >>> plane.held
    {}
    """

    def __init__(self, calendar: Calendar, orders: Orders) -> None:
        self.calendar = calendar
        self.orders = orders
        self.live: Live | None = None
        # Who sets up a served node: gets the group or cluster, and the node with its `engine` and `server`.
        self.prepare: list[Callable[[Any, Any], None]] = []
        self.held: dict[
            tuple[str, datetime], Held
        ] = {}  # a name may be used again: by ARN and date

    def put(self, resource: Holder, file: bytes) -> None:
        """Let the nodes of a resource hold what a file has, from now on."""
        self.held[resource.arn, resource.created] = Held(file, self.calendar.now)
        if self.live is not None:
            self.live.put(resource, file)

    def content(self, resource: Holder, primary: str) -> bytes:
        """Return the content of its nodes: none if they are new, or if the primary was restarted."""
        live = None if self.live is None else self.live.content(resource)
        if live is not None:
            return live
        held = self.held.get((resource.arn, resource.created))
        if held is None or not held.file:
            return b""
        between = self.orders.between(held.until, self.calendar.now)
        if any(order.what == "reboot" and order.node == primary for order in between):
            return b""
        return aged(held.file, self.calendar.now - held.until)
