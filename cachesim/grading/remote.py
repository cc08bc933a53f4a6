"""A student's policy and strategy as the simulator sees them: the decisions come from the sandbox, all else stays here.

The engine, the database, the event loop and every value are on this side. A value crosses as a token that means
nothing, so that none can be made up; an event crosses as a number, in the order in which it was made.
"""

import secrets
from collections.abc import Callable
from functools import cached_property
from typing import Any

from cachesim.engines.base import Entry, EvictionPolicy
from cachesim.errors import SimulatedFailure
from cachesim.grading.answers import AnswerError
from cachesim.grading.sandbox import Box
from cachesim.model.strategies.base import Strategy
from cachesim.records import Value

LONGEST_KEY = 250  # characters
Message = dict[str, Any]


class RemotePolicy(EvictionPolicy):
    """Tells the policy in the sandbox what happened, and asks it for victims."""

    def __init__(self, box: Box, name: str, fields: Message) -> None:
        self.box = box
        self.number = box.ask(do="make", name=name, kind="policy", fields=fields)["ok"]
        self.events: list[tuple[str, str, int]] = []

    def on_add(self, entry: Entry) -> None:
        """Note it, to be told with the next question."""
        self.events.append(("add", entry.key, entry.size))

    def on_use(self, entry: Entry) -> None:
        """Note it."""
        self.events.append(("use", entry.key, entry.size))

    def on_remove(self, entry: Entry) -> None:
        """Note it."""
        self.events.append(("remove", entry.key, entry.size))

    def victim(self) -> str:
        """Ask for a victim."""
        message = {"events": self.events, "asks": True}
        answer = self.box.ask(do="tell", number=self.number, message=message).get("victim")
        self.events = []
        key: str = one_of(answer, str, "victim()")
        return key


class RemoteStrategy(Strategy):
    """A strategy whose generators run in the sandbox."""

    actor: Any = None

    def read(self, app: Any, key: str) -> Any:
        """Do what the student's read does."""
        return (yield from self.actor.drive(app, "read", key, None))

    def write(self, app: Any, key: str, value: Value) -> Any:
        """Do what the student's write does."""
        yield from self.actor.drive(app, "write", key, value)


class Actor:
    """The strategy on the other side, for one run: its values, its events, its requests."""

    def __init__(self, box: Box, name: str, fields: Message) -> None:
        self.box = box
        self.number = box.ask(do="make", name=name, kind="strategy", fields=fields)["ok"]
        self.values: dict[str, Value] = {}
        self.tokens: dict[Value, str] = {}
        self.events: dict[int, Any] = {}

    def tell(self, **message: Any) -> Message:
        """Hand over a message; return what the strategy did."""
        return self.box.ask(do="tell", number=self.number, message=message)

    def drive(self, app: Any, op: str, key: str, value: Value | None) -> Any:
        """Serve one request: a generator, as the simulator wants it."""
        asked = {"client": app.client, "op": op, "key": key, "value": self.packed(value)}
        return (yield from self.follow(app, self.tell(**asked, now=app.now, answer=None)))

    def resume(self, app: Any, number: int) -> Any:
        """Run a generator that the strategy has spawned."""
        return (yield from self.follow(app, self.tell(on=number, now=app.now, answer=None)))

    def follow(self, app: Any, reply: Message) -> Any:
        """Make the events, wait, tell what came, until the generator is at its end; return its value.

        A failure of the simulated world that the student's code lets pass ends the request as it would outside.
        """
        last: SimulatedFailure | None = None
        while True:
            number = one_of(reply.get("on"), int, "a generator's number")
            for made in one_of(reply.get("made"), list, "what was made"):
                self.make(app, made)
            if reply.get("failed") and last is not None:
                raise last
            if "wait" not in reply:
                return self.unpacked(reply.get("value"))
            try:
                answer = yield self.event(reply["wait"])
                told = {"answer": self.packed(answer)}
            except SimulatedFailure as failure:
                last = failure
                kind = "DatabaseRefused" if "atabase" in type(failure).__name__ else "CacheError"
                told = {"throw": kind, "text": str(failure)}
            reply = self.tell(on=number, now=app.now, **told)

    def make(self, app: Any, made: Any) -> None:
        """Make one event, in the order in which the strategy made it."""
        number, what, *arguments = one_of(made, list, "an event")
        if what not in MAKERS:
            raise AnswerError("error", "an event of an unknown kind")
        if len(self.events) > MOST_EVENTS:
            self.events = dict(list(self.events.items())[MOST_EVENTS // 2 :])
        self.events[one_of(number, int, "an event's number")] = MAKERS[what](self, app, *arguments)

    def event(self, wanted: Any) -> Any:
        """Return the event that a number, or a combination of numbers, means."""
        if isinstance(wanted, list) and len(wanted) == 3 and wanted[0] in ("all", "any"):
            left, right = self.event(wanted[1]), self.event(wanted[2])
            return left & right if wanted[0] == "all" else left | right
        if wanted not in self.events:
            raise AnswerError("error", "a strategy waits for an event that it did not make")
        return self.events[wanted]

    def packed(self, value: Any) -> Any:
        """Return a value as it travels: a token."""
        if not isinstance(value, bytes):
            return value if isinstance(value, bool | None) else None
        known = Value(value)
        if known not in self.tokens:
            self.tokens[known] = secrets.token_hex(8)
            self.values[self.tokens[known]] = known
        return {"v": self.tokens[known]}

    def unpacked(self, told: Any) -> Value | None:
        """Return the value that a token stands for."""
        if told is None:
            return None
        value = self.values.get(str(told.get("v"))) if isinstance(told, dict) else None
        if value is None:
            what = (
                "read returned, or passed on, something that came from neither cache nor database"
            )
            raise AnswerError("error", what)
        return value


MOST_EVENTS = 100_000  # that a strategy may keep to wait for later


def _set(actor: Actor, app: Any, key: Any, value: Any, ttl: Any) -> Any:
    stored = actor.unpacked(value)
    if stored is None:
        raise AnswerError("error", "app.cache.set needs a value, got None")
    if ttl is None:
        return app.cache.set(named(key), stored)
    if not isinstance(ttl, int | float) or not ttl > 0:
        raise AnswerError("error", f"app.cache.set needs a ttl > 0 seconds, got {ttl!r:.40}")
    return app.cache.set(named(key), stored, ttl)


def _write(actor: Actor, app: Any, key: Any, value: Any) -> Any:
    stored = actor.unpacked(value)
    if stored is None:
        raise AnswerError("error", "app.db.write needs a value, got None")
    return app.db.write(named(key), stored)


def _timeout(actor: Actor, app: Any, seconds: Any) -> Any:
    if not isinstance(seconds, int | float) or not 0 <= seconds <= 1e6:
        raise AnswerError(
            "error", f"app.timeout needs seconds from 0 to 1,000,000, got {seconds!r:.40}"
        )
    return app.timeout(seconds)


MAKERS: dict[str, Callable[..., Any]] = {
    "get": lambda actor, app, key: app.cache.get(named(key)),
    "set": _set,
    "delete": lambda actor, app, key: app.cache.delete(named(key)),
    "read": lambda actor, app, key: app.db.read(named(key)),
    "write": _write,
    "timeout": _timeout,
    "spawn": lambda actor, app, number: app.spawn(actor.resume(app, one_of(number, int, "it"))),
}


def one_of(value: Any, kind: type, what: str) -> Any:
    """Return a value of exactly one kind. Raises AnswerError."""
    if type(value) is not kind:
        raise AnswerError(
            "error", f"{what} should be of type {kind.__name__}, got {type(value).__name__}"
        )
    return value


def named(key: Any) -> str:
    """Return a key. Raises AnswerError."""
    text: str = one_of(key, str, "a key")
    if not 0 < len(text) <= LONGEST_KEY:
        raise AnswerError("error", f"a key has from 1 to {LONGEST_KEY} characters, got {len(text)}")
    return text


class Lab:
    """What a test is handed: the student's policies, strategies and functions, and the parameters of this student.

    A test asks for as many as it likes; all of them live in one sandbox, which no other test shares and which starts
    when it is first needed.
    """

    def __init__(
        self, start: Callable[[], Box], params: Message, seed: int, known: dict[Any, Any]
    ) -> None:
        self.start, self.params, self.seed, self.known = start, params, seed, known

    @cached_property
    def box(self) -> Box:
        """The sandbox."""
        return self.start()

    def policy(self, name: str, **fields: Any) -> Callable[[], EvictionPolicy]:
        """Return a factory for `cs.Simple(policy=...)`."""
        kind = type(name, (RemotePolicy,), {})  # errors of the engine tell its name
        return lambda: kind(self.box, name, fields)

    def strategy(self, name: str, **fields: Any) -> Strategy:
        """Return a strategy for one run of a scenario."""
        return RemoteStrategy(actor=Actor(self.box, name, fields))

    def call(self, name: str, *arguments: Any) -> Any:
        """Call a function; arguments and result are plain data."""
        return self.box.ask(do="call", name=name, arguments=arguments)["value"]

    def once(self, what: Any, make: Callable[[], Any]) -> Any:
        """Return what `make` gives, made once for all tests of a submission: a long run that several look at."""
        if what not in self.known:
            self.known[what] = make()
        return self.known[what]
