"""Records every visit of the clients to the tiers while a scenario runs again; an ordinary run logs none.

The second run is exact, because the same scenario gives the same records.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from cachesim.model.app import App
from cachesim.model.journey import Journey
from cachesim.model.unreliable.system import UnreliableSystem
from cachesim.model.unreliable.tiers import UnreliableTier
from cachesim.records import REPLICA, TIERS, Record, Sink, Value
from cachesim.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

STEP = (
    "client",  # number of the client that called
    "tier",  # "cache", "db" or "replica"
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
        self.done: float | None = None  # None: in progress
        self.ok = True
        self.answer: Any = None


class Witnessed(UnreliableSystem):
    """A system that passes each call of its clients to `hear` when it is sent; the end is filled in later.

    It always uses the system for faults: without faults, both kinds of system give the same records.
    """

    def __init__(self, scenario: Scenario, sink: Sink, hear: Callable[[Step], Any]) -> None:
        super().__init__(scenario, sink, lambda sample: None)
        self.hear = hear

    def cache_client(self, app: App) -> Any:
        """Make an `app.cache` that records its calls."""
        return _Listening(self, app.journey, self.cache, super().cache_client(app))

    def connect_database(self, tier: Any, journey: Journey) -> Any:
        """Make a client of the database that records its calls."""
        return _Listening(self, journey, tier, super().connect_database(tier, journey))

    def connect_replica(self, tier: Any, journey: Journey) -> Any:
        """Make a client of a replica that records its calls."""
        return _Listening(self, journey, tier, super().connect_replica(tier, journey), REPLICA)


class _Listening:
    """Stands in front of a client of a tier."""

    def __init__(
        self,
        system: Witnessed,
        journey: Journey,
        tier: UnreliableTier,
        client: Any,
        place: str = "",
    ) -> None:
        self._system, self._journey, self._client = system, journey, client
        self._station, self._place = tier.station, place or TIERS[tier.kind].place

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._client, name)
        return self._heard(name, attribute) if callable(attribute) else attribute

    def _heard(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        system, station = self._system, self._station

        def call(*arguments: Any, **options: Any) -> Any:
            step = Step(self._journey.client, self._place, name, arguments, system.env.now)
            step.waited = max(0.0, station.when(station.free[0]) - step.sent)
            visit = method(*arguments, **options)
            if not hasattr(visit, "callbacks"):  # a question that takes no time
                return visit
            visit.callbacks.insert(0, lambda event: _ended(step, event))
            system.hear(step)
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

    system = Witnessed(scenario, _forget, hear)
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
