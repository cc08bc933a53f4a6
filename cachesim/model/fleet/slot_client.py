"""Clients of a cluster whose slots move: a node answers MOVED, ASK or TRYAGAIN, and the client follows."""

from collections.abc import Sequence
from typing import Any, Protocol

from cachesim.errors import SimulatedFailure
from cachesim.model.app import App
from cachesim.model.events import Visit
from cachesim.model.fleet.client import NodeClients
from cachesim.model.fleet.failing_node import FailingNode, FailingNodeClient
from cachesim.model.fleet.routed import HOPS, Routed, RoutedClient, RoutedHost
from cachesim.model.journey import Journey
from cachesim.model.unreliable.attempt import at

# redis-py 6: cluster.py asks 16 times in all; after half of them it waits before it asks again.
TRIES, AT_ONCE = 16, 8
PAUSE = 0.05  # seconds


class SlotHost(RoutedHost, Protocol):
    """What these clients need of their system; `ReshardingSystem` is one."""

    def refusal(
        self, node: FailingNode, keys: Sequence[str], *, asking: bool, readonly: bool
    ) -> SimulatedFailure | None:
        """Give the error of a node that may not execute a command with these keys."""

    def connect_asking(self, place: int, journey: Journey) -> "SlotNodeClient":
        """Make a client that says ASKING before each command."""


class SlotNodeClient(FailingNodeClient):
    """The client of one node: a command takes effect only if the node has its slot at that moment."""

    def __init__(self, host: SlotHost, *parts: Any, asking: bool = False) -> None:
        super().__init__(*parts, strict=True)
        self._host, self._asking = host, asking

    def _may(self, visit: Visit, keys: Sequence[str], *, readonly: bool = False) -> bool:
        """Ask the node; if it refuses, the visit fails."""
        error = self._host.refusal(self._tier, keys, asking=self._asking, readonly=readonly)
        if error is not None:
            visit.fail_with(error)
        return error is None

    def _run_get(self, visit: Visit) -> None:
        if self._may(visit, [visit._value]):
            super()._run_get(visit)

    def _run_get_replica(self, visit: Visit) -> None:
        if self._may(visit, [visit._value], readonly=True):
            super()._run_get_replica(visit)

    def _run_set(self, visit: Visit) -> None:
        if self._may(visit, [visit._value[0]]):
            super()._run_set(visit)

    def _run_delete(self, visit: Visit) -> None:
        if self._may(visit, [visit._value]):
            super()._run_delete(visit)

    def _run_execute(self, visit: Visit) -> None:
        if self._may(visit, self._tier.engine.keys_of(visit._value)):
            super()._run_execute(visit)


class SlotRouted(Routed):
    """One command of a client: it follows MOVED and ASK, and asks again after TRYAGAIN."""

    client: "SlotRoutedClient"
    asked = 0  # times so far

    def ask(self) -> "SlotRouted":
        """Send the command to the node that the client's process holds for the right one."""
        self.asked += 1
        super().ask()
        return self

    def _failed(self, failure: SimulatedFailure) -> None:
        """Do what the node's answer says; else do as every client of a fleet."""
        word, _, rest = str(failure).partition(" ")
        if word == "TRYAGAIN" and self.asked < TRIES:
            wait = PAUSE if self.asked > AT_ONCE else 0.0
            at(self.client.env, self.client.env._now + wait, self._ask_again)
        elif word in ("MOVED", "ASK") and self.hops < HOPS:
            self.hops += 1
            self.client.journey.count_hop()
            self.turn = None  # the primary is asked next
            if word == "ASK":
                self._ask_at(self.client.host.place_of(rest.partition(" ")[2]))
            else:
                self.client.view().refresh()  # another request of the process may have learned it
                self.ask()
        else:
            super()._failed(failure)

    def _ask_again(self, event: Visit) -> None:
        self.ask()

    def _ask_at(self, place: int) -> None:
        """Send the command with ASKING: for this once, the process keeps its table."""
        self.asked += 1
        self.node = place
        visit: Any = getattr(self.client.asking[place], self.name)(*self.arguments)
        visit.callbacks.append(self._ended)


class SlotRoutedClient(RoutedClient):
    """An `app.cache` of a cluster whose slots move."""

    kind = SlotRouted
    host: Any  # a SlotHost

    def __init__(self, app: App, host: Any, *parts: Any, **options: Any) -> None:
        super().__init__(app, host, *parts, **options)
        self.asking = NodeClients(lambda place: host.connect_asking(place, app.journey))
