"""A student's strategy as the simulator sees it: its generators run in the sandbox, all else stays here.

The engine, the database, the event loop and every value are on this side. An event crosses as a number, in the order
in which it was made.
"""

from collections.abc import Callable
from typing import Any

from cachesim.engines.base import Engine
from cachesim.errors import SimulatedFailure
from cachesim.grading.answers import AnswerError
from cachesim.grading.remote.crossing import (
    SPAWNED,
    InTheCode,
    Message,
    Tokens,
    flag,
    made,
    named,
    one_of,
    seconds,
    short,
)
from cachesim.grading.sandbox import Box
from cachesim.model.strategies.base import Strategy
from cachesim.records import Value
from cachesim.slips import STRATEGY

MOST_AT_ONCE = 1_000  # commands that a strategy may send before it waits
MOST_KEPT = 100_000  # events that it may keep to wait for later
MOST_OPEN = 20_000  # commands under way


class RemoteStrategy(Strategy):
    """A strategy whose generators run in the sandbox."""

    actor: Any = None

    @property
    def lines(self) -> dict[str, str]:
        """Where the student's methods are written, by name."""
        lines: dict[str, str] = self.actor.lines
        return lines

    def read(self, app: Any, key: str) -> Any:
        """Do what the student's read does."""
        return (yield from self.actor.drive(app, "read", key, None))

    def write(self, app: Any, key: str, value: Value) -> Any:
        """Do what the student's write does."""
        yield from self.actor.drive(app, "write", key, value)

    def start(self, app: Any) -> Any:
        """Do the student's work beside the requests, if there is some."""
        return self.actor.drive(app, "start", "", None) if self.actor.starts else None

    def preload(self, engine: Engine, key: str, value: Value, left: float) -> None:
        """Put a row into the cache with the student's TTL."""
        engine.set(key, value, self.actor.ttl * left)


class Actor:
    """The strategy on the other side, for one run: its values, its events, its requests."""

    def __init__(self, box: Box, name: str, fields: Message) -> None:
        about = made(box, name, "strategy", STRATEGY, fields)
        self.box, self.name = box, name
        self.number, self.lines, self.starts = about["ok"], about["lines"], bool(about["starts"])
        ttl = about.get("ttl")
        self.ttl = ttl if isinstance(ttl, int | float) and ttl > 0 else float("inf")
        self.values = Tokens()
        self.events: dict[int, Any] = {}  # that the strategy still knows
        self.open: list[Any] = []  # that may be under way

    def tell(self, **message: Any) -> Message:
        """Hand over a message; return what the strategy did."""
        return self.box.ask(self.name, do="tell", number=self.number, message=message)

    def drive(self, app: Any, op: str, key: str, value: Value | None) -> Any:
        """Serve one request: a generator, as the simulator wants it."""
        asked = {"client": app.client, "op": op, "key": key, "value": self.values.packed(value)}
        return (yield from self.follow(app, self.tell(**asked, now=app.now, answer=None)))

    def resume(self, app: Any, number: int) -> Any:
        """Run a generator that the strategy has spawned."""
        yield from self.follow(app, self.tell(on=number, now=app.now, answer=None))
        return SPAWNED

    def follow(self, app: Any, reply: Message) -> Any:
        """Make the events, wait, tell what came, until the generator is at its end; return its value.

        A failure of the simulated world that the student's code lets pass ends the request as it would outside.
        """
        last: SimulatedFailure | None = None
        while True:
            number = one_of(reply.get("on"), int, "a generator's number")
            self.take(app, reply)
            if reply.get("failed") and last is not None:
                raise last
            if "wait" not in reply:
                return self.values.unpacked(reply["value"]) if reply.get("value") else None
            event = self.event(reply["wait"])
            del reply  # it may be large, and many generators wait at the same time
            try:
                answer = yield event
                told = {"answer": self.values.packed(answer)}
            except SimulatedFailure as failure:
                last = failure
                told = {"throw": type(failure).__name__, "text": str(failure)}
            reply = self.tell(on=number, now=app.now, **told)

    def take(self, app: Any, reply: Message) -> None:
        """Make the events that the strategy made, and forget those that it can no longer wait for."""
        begun = one_of(reply.get("made"), list, "what was made")
        if len(begun) > MOST_AT_ONCE:
            raise _too_many(f"sent {len(begun):,} commands at once", MOST_AT_ONCE)
        for each in begun:
            self.make(app, each)
        for number in one_of(reply.get("gone", []), list, "what is gone"):
            self.events.pop(one_of(number, int, "an event's number"), None)
        if len(self.events) > MOST_KEPT:
            raise _too_many(f"keeps {len(self.events):,} events", MOST_KEPT)

    def make(self, app: Any, made: Any) -> None:
        """Make one event, in the order in which the strategy made it."""
        number, where, line, call, *arguments = one_of(made, list, "an event")
        if call not in MAKERS:
            raise AnswerError("error", "an event of an unknown kind")
        event = MAKERS[call](self, app, *arguments)
        event.number = one_of(number, int, "an event's number")
        event.at = InTheCode([short(where), one_of(line, int, "a line")], self.box.parts)
        self.events[event.number] = event
        self.open.append(event)
        if len(self.open) > MOST_OPEN:
            self.open = [each for each in self.open if not is_over(each)]
            if len(self.open) > MOST_OPEN // 2:
                raise _too_many(f"has {len(self.open):,} commands under way", MOST_OPEN // 2)

    def event(self, wanted: Any) -> Any:
        """Return the event that a number, or a combination of numbers, means."""
        if isinstance(wanted, list) and len(wanted) == 3 and wanted[0] in ("all", "any"):
            left, right = self.event(wanted[1]), self.event(wanted[2])
            return left & right if wanted[0] == "all" else left | right
        if type(wanted) is not int or wanted not in self.events:
            raise AnswerError("error", "a strategy waits for an event that it did not make")
        return self.events[wanted]


def is_over(event: Any) -> bool:
    """Return whether an event has happened."""
    return bool(event.fired) if hasattr(event, "fired") else event.callbacks is None


def _too_many(what: str, most: int) -> AnswerError:
    text = f"your code {what}, and may have {most:,}: wait for some before you send more"
    return AnswerError("error", text, text)


def _set(actor: Actor, app: Any, key: Any, value: Any, ttl: Any) -> Any:
    stored = actor.values.unpacked(value)
    if ttl is None:
        return app.cache.set(named(key), stored)
    return app.cache.set(named(key), stored, seconds(ttl))


MAKERS: dict[str, Callable[..., Any]] = {
    "app.cache.get": lambda actor, app, key, replica: app.cache.get(named(key), flag(replica)),
    "app.cache.set": _set,
    "app.cache.delete": lambda actor, app, key: app.cache.delete(named(key)),
    "app.cache.wait": lambda actor, app, replicas, timeout: app.cache.wait(
        one_of(replicas, int, "a count"), seconds(timeout)
    ),
    "app.db.read": lambda actor, app, key, replica: app.db.read(named(key), bool(flag(replica))),
    "app.db.write": lambda actor, app, key, value: app.db.write(
        named(key), actor.values.unpacked(value)
    ),
    "app.timeout": lambda actor, app, given: app.timeout(seconds(given)),
    "app.spawn": lambda actor, app, number: app.spawn(actor.resume(app, one_of(number, int, "it"))),
}
