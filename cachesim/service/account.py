"""One account in one Region: its clock, its names, its random draws, and its desks."""

import uuid
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from numpy.random import Generator

from cachesim.errors import BadInput
from cachesim.rng import stream, uniform
from cachesim.service.bill import Bill
from cachesim.service.calendar import Calendar
from cachesim.service.faults import ServiceFault
from cachesim.service.orders import Orders
from cachesim.service.plane import DataPlane
from cachesim.service.timings import Timings
from cachesim.service.vpc import Vpc

REGION = "us-east-1"
NUMBER = "123456789012"  # the number that AWS's own examples have


class Account:
    """What the desks of one account share.

    >>> account = Account(seed=1)
    >>> account.arn("elasticache", "replicationgroup:shop")
    'arn:aws:elasticache:us-east-1:123456789012:replicationgroup:shop'
    """

    def __init__(self, seed: int = 1, timings: str = "typical", previous: bool = False) -> None:
        self.calendar = Calendar()
        self.bill = Bill()
        self.orders = Orders()
        self.plane = DataPlane(self.calendar, self.orders)
        self.names: dict[str, tuple[str, int]] = {}  # address of an endpoint -> where it leads here
        self.vpc = Vpc(self.zones())
        self.previous = previous  # whether node types of the previous generation may be created
        self.seed = seed
        self.timings = Timings(timings, stream(seed, "timings"))
        self.windows = uniform(seed, "backup windows")
        self.desks: dict[str, Any] = {}
        self.caller: Any = None  # who sent the request of now; None: the administrator
        self._ids = stream(seed, "request ids")

    def arn(self, service: str, name: str) -> str:
        """Return the Amazon Resource Name of a resource."""
        return f"arn:aws:{service}:{REGION}:{NUMBER}:{name}"

    def tags_of(self, arn: str) -> dict[str, str]:
        """Return the tags of a resource, for IAM's conditions; none if no desk finds it."""
        desk: Any = self.desks.get("".join(arn.split(":")[2:3]))
        try:
            return dict(desk.tagged(arn)[0]) if hasattr(desk, "tagged") else {}
        except ServiceFault:
            return {}

    def later(
        self, step: str, call: Callable[..., object], *args: object, after: float = 0.0
    ) -> float:
        """Make a call when a step is over that begins in `after` seconds; return all the seconds.

        >>> account = Account(timings="instant")
        >>> account.later("reboot", print, "it is back", after=60.0)
        60.0
        >>> account.calendar.advance(60)
        it is back
        """
        lasts = after + self.timings.draw(step)
        self.calendar.at(lasts, partial(call, *args))
        return lasts

    def stream(self, name: str) -> Generator:
        """Return the stream of a kind of draws."""
        return stream(self.seed, name)

    def request_id(self) -> str:
        """Return the id of the next request. The seed decides it."""
        return str(uuid.UUID(bytes=self._ids.bytes(16), version=4))

    def zones(self) -> tuple[str, ...]:
        """Return the zones of the Region."""
        return tuple(f"{REGION}{letter}" for letter in "abc")

    def open(self, desks: Iterable[Any]) -> None:
        """Open desks: each class says the service that it answers for."""
        self.desks.update({desk.service: desk(self) for desk in desks})

    def desk(self, service: str) -> Any:
        """Return the desk of a service.

        Raises
        ------
        BadInput
            Nobody answers for this service.
        """
        if service not in self.desks:
            known = ", ".join(sorted(self.desks))
            raise BadInput(f'there is no desk for "{service}"; choose from {known}')
        return self.desks[service]
