"""One request told step by step: the scenario runs again, with a witness beside every client.

Nothing is logged in an ordinary run. Because the same scenario gives the same records, running it again
up to the request in question is exact, and costs only what it takes to get there.
"""

from collections.abc import Callable
from typing import Any

from cachesim.errors import BadInput
from cachesim.experiments.scenario import Scenario
from cachesim.model.app import App
from cachesim.model.station import Station
from cachesim.model.system import System
from cachesim.records import REQUEST, Record, Value
from cachesim.units import MS, show_time


class _Found(Exception):
    """The request in question has ended."""


def explain(scenario: Scenario, number: int) -> str:
    """Return the story of request `number`, counted from 0 in the order in which requests end.

    >>> print(explain(Scenario(duration=2, warmup=0), 0).splitlines()[0])
    request 0: read "key:00000006" by client 0

    Raises
    ------
    BadInput
        The run has fewer requests than that.
    """
    if number < 0:
        raise BadInput(f"the number of a request must be >= 0, got {number}")
    system = _Witnessed(scenario, number)
    try:
        system.run()
    except _Found:
        return system.story()
    raise BadInput(
        f"this run has {system.ended} requests; there is no number {number} (they count from 0)"
    )


class _Witnessed(System):
    """A system that listens to one request."""

    def __init__(self, scenario: Scenario, number: int) -> None:
        super().__init__(scenario, self._took, lambda sample: None)
        self.number = number
        self.ended = 0
        self.record: Record = ()
        self.steps: dict[int, list[str]] = {}  # client -> what it did for its present request

    def _took(self, record: Record) -> None:
        self.record = record
        self.ended += 1
        if self.ended > self.number:
            raise _Found
        self.steps[record[0]].clear()

    def new_app(self, client: int) -> App:
        """Return a view whose calls are written down."""
        app = super().new_app(client)
        steps = self.steps.setdefault(client, [])
        for tier, station in (("cache", self.node.station), ("db", self.database.station)):
            setattr(app, tier, _Witness(self, steps, tier, getattr(app, tier), station))
        return app

    def version(self, value: Any) -> str:
        """Name a value by its version, for people."""
        if not isinstance(value, Value):
            return repr(value)
        return f"version {self.database.versions.get(value.write)} (write {value.write}, {len(value)} bytes)"

    def story(self) -> str:
        record = dict(zip(REQUEST, self.record, strict=True))
        head = (
            f'request {self.number}: {record["op"]} "{record["key"]}" by client {record["client"]}'
        )
        seen = (
            f"{record['begin']:12.6f} s  invoked; newest version acknowledged: {record['acknowledged']}, "
            f"committed: {record['committed']}"
        )
        return "\n".join([head, seen, *self.steps[record["client"]], *_ending(record)])


class _Witness:
    """Stands in front of a tier's client and writes down every call and its answer."""

    def __init__(
        self, system: _Witnessed, steps: list[str], tier: str, client: Any, station: Station
    ) -> None:
        # Whatever else is asked or set (the lookup of a request) is the client's.
        self.__dict__.update(_parts=(system, steps, tier, station), _client=client)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._client, name, value)

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._client, name)
        return self._listening(name, attribute) if callable(attribute) else attribute

    def _listening(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        system, steps, tier, station = self._parts

        def call(*args: Any, **options: Any) -> Any:
            now = system.env.now
            wait = max(0.0, station.free[0] - now)
            visit = method(*args, **options)
            shown = ", ".join(
                [system.version(a) if isinstance(a, bytes) else repr(a) for a in args]
            )
            steps.append(f"{now:12.6f} s  app.{tier}.{name}({shown}){_waiting(wait, tier)}")
            visit.callbacks.insert(1, lambda event: steps.append(_answer(system, event, now)))
            return visit

        return call


def _waiting(wait: float, tier: str) -> str:
    place = "a connection" if tier == "db" else "the node's worker"
    return f", waiting {show_time(wait)} for {place}" if wait > 0 else ""


def _answer(system: _Witnessed, event: Any, asked: float) -> str:
    value = event._value
    answer = (
        f"failed: {value}"
        if not event._ok
        else "nothing there"
        if value is None
        else system.version(value)
    )
    return f"{system.env.now:12.6f} s  ... after {show_time(system.env.now - asked)}: {answer}"


def _ending(record: dict[str, Any]) -> list[str]:
    took = (record["end"] - record["begin"]) / MS
    end = f"{record['end']:12.6f} s  "
    if record["error"]:
        return [f"{end}failed after {took:.3f} ms: {record['error']}"]
    if record["op"] == "write":
        return [
            f"{end}acknowledged after {took:.3f} ms: this write made version {record['version']}"
        ]
    lookup = "the cache was not asked" if record["lookup"] is None else _lookup(record["lookup"])
    return [
        f"{end}answered after {took:.3f} ms: version {record['version']} ({lookup}); {_verdict(record)}"
    ]


def _lookup(lookup: str) -> str:
    return "cache hit" if lookup == "hit" else f"cache miss: {lookup}"


def _verdict(record: dict[str, Any]) -> str:
    if record["version"] is None:
        return "no such key"
    behind = record["acknowledged"] - record["version"]
    if behind > 0:
        return f"STALE by {behind}: version {record['acknowledged']} had been acknowledged before the read began"
    return "fresh"
