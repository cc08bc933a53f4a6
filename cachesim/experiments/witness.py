"""Records every visit of the clients to the tiers while a scenario runs again; an ordinary run logs none.

The second run is exact, because the same scenario gives the same records.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from cachesim.model.choice import failing_system_for
from cachesim.model.journey import Journey
from cachesim.model.unreliable.system import UnreliableSystem
from cachesim.records import REPLICA, TIERS, Record, Sink, Value
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
    "node",  # name of the tier that was called, such as "cache" or "shard-2 node-0"
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
    """A system that passes each call of its clients to `hear` when it is sent; the end is filled in later.

    It hears the client of each tier, so it knows which node of a fleet was asked.
    """

    hear: Callable[[Step], Any]

    def listen(self, hear: Callable[[Step], Any]) -> Self:
        """Call `hear` with each step from now on."""
        self.hear = hear
        return self

    def connect_cache(self, tier: Any, journey: Journey) -> Any:
        """Make a client of a cache that records its calls."""
        return _Listening(self, journey, tier, super().connect_cache(tier, journey))

    def connect_database(self, tier: Any, journey: Journey) -> Any:
        """Make a client of the database that records its calls."""
        return _Listening(self, journey, tier, super().connect_database(tier, journey))

    def connect_replica(self, tier: Any, journey: Journey) -> Any:
        """Make a client of a replica that records its calls."""
        return _Listening(self, journey, tier, super().connect_replica(tier, journey), REPLICA)


def witnessed(scenario: Scenario, sink: Sink, hear: Callable[[Step], Any]) -> Hears:
    """Make the system of a scenario, with somebody who hears each call.

    It is always a system for faults: without faults, both kinds of system give the same records.
    """
    kind = type("Witnessed", (Hears, failing_system_for(scenario)), {})
    system: Hears = kind(scenario, sink, lambda *sample: None)
    return system.listen(hear)


class _Listening:
    """Stands in front of a client of a tier."""

    def __init__(
        self, system: Hears, journey: Journey, tier: Any, client: Any, place: str = ""
    ) -> None:
        self._system, self._journey, self._client = system, journey, client
        self._tier, self._place = tier, place or TIERS[tier.kind].place

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._client, name)
        return self._heard(name, attribute) if callable(attribute) else attribute

    def _heard(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            station, now = self._tier.station, self._system.env.now
            waited = max(0.0, station.when(station.free[0]) - now)
            visit = method(*arguments, **options)
            if not hasattr(visit, "callbacks"):  # a question that takes no time
                return visit
            step = Step(self._journey.client, self._place, name, arguments, now)
            step.waited, step.node = waited, self._tier.name
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
    what = (step.client, step.tier, step.call, key, step.sent, step.done)
    return (*what, version, answer, step.node)
