"""Records every visit of the clients to the tiers while a scenario runs again; an ordinary run logs none.

The second run is exact, because the same scenario gives the same records.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from cachesim.model.app import App
from cachesim.model.fleet.system import UnreliableFleetSystem
from cachesim.model.unreliable.system import UnreliableSystem
from cachesim.records import TIERS, Record, Sink, Value
from cachesim.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

STEP = (
    "client",  # number of the client that called
    "tier",  # "cache" or "db"
    "call",  # "get", "set", "delete", "execute", "read" or "write"
    "key",
    "sent",  # seconds: when the client called
    "done",  # seconds: when the call took effect and its answer was there
    "version",  # of the value that was sent or returned; None: no value, or it was never committed
    "answer",  # get: "hit" or "miss"; execute: its command; a refused call: "failed"; else ""
)


class Step:
    """One visit of a client to a tier; its end is filled in later."""

    def __init__(
        self, client: int, tier: str, call: str, arguments: tuple[Any, ...], sent: float
    ) -> None:
        self.client, self.tier, self.call, self.arguments, self.sent = (
            client, tier, call, arguments, sent,
        )  # fmt: skip
        self.waited = 0.0  # seconds until a worker was free
        self.node = ""  # name of the tier that was called, such as "shard-2 node-0"
        self.done: float | None = None  # None: in progress
        self.ok = True
        self.answer: Any = None


class Hears(UnreliableSystem):
    """A system that passes each call of its clients to `hear` when it is sent; the end is filled in later."""

    def __init__(self, scenario: Scenario, sink: Sink, hear: Callable[[Step], Any]) -> None:
        super().__init__(scenario, sink, lambda *sample: None)
        self.hear = hear

    def cache_client(self, app: App) -> Any:
        """Make an `app.cache` that records its calls."""
        return _Listening(self, app, self.node_of, super().cache_client(app))

    def database_client(self, app: App) -> Any:
        """Make an `app.db` that records its calls."""
        return _Listening(self, app, lambda call, arguments: self.db, super().database_client(app))

    def node_of(self, call: str, arguments: tuple[Any, ...]) -> Any:
        """Find the cache node that gets a call."""
        return self.cache


class Witnessed(Hears):
    """A system without a fleet that is heard.

    It always uses the system for faults: without faults, both kinds of system give the same records.
    """


class WitnessedFleet(Hears, UnreliableFleetSystem):
    """A fleet that is heard."""

    def node_of(self, call: str, arguments: tuple[Any, ...]) -> Any:
        """Find the node of the call's first key; a command without keys goes to the first node."""
        keys = self.cache.engine.keys_of(arguments) if call == "execute" else arguments[:1]
        return self.caches[self.places[keys[0]]] if keys else self.cache


def witnessed(scenario: Scenario, sink: Sink, hear: Callable[[Step], Any]) -> Hears:
    """Make the system of a scenario, with somebody who hears each call."""
    kind = Witnessed if scenario.fleet is None else WitnessedFleet
    return kind(scenario, sink, hear)


class _Listening:
    """Stands in front of a client of a tier."""

    def __init__(self, system: Hears, app: App, tier_of: Callable[..., Any], client: Any) -> None:
        self._system, self._app, self._tier_of, self._client = system, app, tier_of, client

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._client, name)
        return self._heard(name, attribute) if callable(attribute) else attribute

    def _heard(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            tier, now = self._tier_of(name, arguments), self._system.env.now
            waited = max(0.0, tier.station.when(tier.station.free[0]) - now)
            visit = method(*arguments, **options)
            if not hasattr(visit, "callbacks"):  # a question that takes no time
                return visit
            step = Step(self._app.client, TIERS[tier.kind].place, name, arguments, now)
            step.waited, step.node = waited, tier.name
            visit.callbacks.insert(0, lambda event: _ended(step, event))
            self._system.hear(step)
            return visit

        return call


def _ended(step: Step, event: Any) -> None:
    step.done, step.ok, step.answer = event.env.now, event._ok, event._value


class _Enough(Exception):
    """The run has passed the moments of interest."""


def steps(
    scenario: Scenario,
    since: float,
    until: float,
    *,
    key: str | None = None,
    clients: Collection[int] | None = None,
) -> pd.DataFrame:
    """Return the visits in progress between two moments: columns STEP, one row per visit.

    Parameters
    ----------
    key : str, optional
        Only visits for this key; a command of `execute` counts if it names the key.
    clients : collection of int, optional
        Only visits of these clients.

    >>> seen = steps(Scenario(duration=2, warmup=0), 0, 0.2, key="key:00000000")
    >>> seen.iloc[0][["call", "answer"]].tolist()
    ['get', 'miss']
    """
    import pandas as pd

    heard: list[Step] = []

    def hear(step: Step) -> None:
        if step.sent > until:
            raise _Enough
        if (key is None or key in step.arguments) and (clients is None or step.client in clients):
            heard.append(step)

    system = witnessed(scenario, _forget, hear)
    with suppress(_Enough):
        system.run()
    versions = system.db.versions
    return pd.DataFrame(
        [_row(step, versions) for step in heard if (step.done or until) >= since],
        columns=pd.Index(STEP),
    )


def _forget(record: Record) -> None:
    pass


def _row(step: Step, versions: dict[int, int]) -> tuple[Any, ...]:
    values = [x for x in (*step.arguments, step.answer) if isinstance(x, Value)]
    version = versions.get(values[0].write) if values else None
    answer = ""
    refused = step.answer is None and step.call in ("set", "delete") and step.done is not None
    if not step.ok or refused:
        answer = "failed"
    elif step.call in ("get", "read") and step.done is not None:
        answer = "hit" if step.answer is not None else "miss"
    elif step.call == "execute":
        answer = " ".join(str(part) for part in step.arguments[:2])
    key = None if step.call == "execute" else step.arguments[0]
    return (step.client, step.tier, step.call, key, step.sent, step.done, version, answer)
