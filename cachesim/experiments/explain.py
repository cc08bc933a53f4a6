"""One request, step by step: the scenario runs again, and every client's calls are recorded.

The run stops at the request in question, so it costs no more than the way to it.
"""

from typing import Any

from cachesim.errors import BadInput
from cachesim.experiments.witness import Hears, Step, witnessed
from cachesim.records import REPLICA, REQUEST, TIERS, Record, Value
from cachesim.scenario import Scenario
from cachesim.units import MS, show_time, visible


class _Found(Exception):
    """The request that should be explained has ended."""


def explain(scenario: Scenario, number: int) -> str:
    """Return the steps of request `number`, counted from 0 in the order in which requests end.

    >>> print(explain(Scenario(duration=2, warmup=0), 0).splitlines()[0])
    request 0: read "key:00000006" by client 0

    Raises
    ------
    BadInput
        The run has fewer requests than that.
    """
    if number < 0:
        raise BadInput(f"the number of a request must be >= 0, got {number}")
    told = _Explained(number)
    system = told.system = witnessed(scenario, told.took, told.heard)
    try:
        system.run()
    except _Found:
        return told.story()
    raise BadInput(
        f"this run has {told.ended} requests; there is no number {number} (they count from 0)"
    )


class _Explained:
    """The steps of one request of a system."""

    system: Hears

    def __init__(self, number: int) -> None:
        self.number = number
        self.ended = 0
        self.record: Record = ()
        self.steps: dict[int, list[Step]] = {}  # client -> its steps for its present request

    def heard(self, step: Step) -> None:
        """Keep a call of the present request of its client."""
        self.steps.setdefault(step.client, []).append(step)

    def took(self, record: Record) -> None:
        """Count a record; stop the run at the one that is explained."""
        self.record = record
        self.ended += 1
        if self.ended > self.number:
            raise _Found
        self.steps.pop(record[0], None)

    def version(self, value: Any) -> str:
        """Describe a value by its version."""
        if not isinstance(value, Value):
            return repr(value)
        number = self.system.db.versions.get(value.write)
        return f"version {number} (write {value.write}, {len(value)} bytes)"

    def story(self) -> str:
        """Tell the request: one line per call and per answer, then its end."""
        record = dict(zip(REQUEST, self.record, strict=False))  # a fleet's has more
        head = (
            f'request {self.number}: {record["op"]} "{record["key"]}" by client {record["client"]}'
        )
        seen = (
            f"{record['begin']:12.6f} s  invoked; newest version acknowledged: {record['acknowledged']}, "
            f"committed: {record['committed']}"
        )
        return "\n".join(
            map(visible, [head, seen, *self._lines(record["client"]), *_ending(record)])
        )

    def _lines(self, client: int) -> list[str]:
        """Return one line per question and per answer of a client, in the order of time."""
        lines = []
        for step in self.steps.get(client, ()):
            lines.append((step.sent, self._asked(step)))
            if step.done is not None:
                lines.append((step.done, self._answered(step)))
        return [
            f"{moment:12.6f} s  {text}" for moment, text in sorted(lines, key=lambda line: line[0])
        ]

    def _asked(self, step: Step) -> str:
        shown = ", ".join(
            self.version(a) if isinstance(a, bytes) else repr(a) for a in step.arguments
        )
        place = "the node's worker" if step.tier == "cache" else "a connection"
        waiting = f", waiting {show_time(step.waited)} for {place}" if step.waited > 0 else ""
        if step.tier == REPLICA:
            return f"app.db.{step.call}({shown}, replica=True){waiting}"
        node = "" if step.node in TIERS else f" at {step.node}"
        return f"app.{step.tier}.{step.call}({shown}){node}{waiting}"

    def _answered(self, step: Step) -> str:
        assert step.done is not None
        if not step.ok:
            answer = f"failed: {step.answer}"
        else:
            answer = "nothing there" if step.answer is None else self.version(step.answer)
        return f"... after {show_time(step.done - step.sent)}: {answer}"


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
