"""The application as a strategy in the sandbox sees it: app.cache, app.db, app.timeout, app.spawn, app.shared.

Whatever takes time becomes an event, which is made outside when the generator next yields: the simulator, the engine
and the database are there, so no history can be forged.
"""

import random as generator
import sys

from slips import NotAValue, Slip, place, thing

LONGEST_KEY = 250  # characters
MOST_REPLICAS = 100  # that a client may wait for
INF = float("inf")


class Value(bytes):
    """A row: it can be passed on and compared. What it holds means nothing here, so that none can be made up."""

    def __new__(cls, token, size):
        """Return the value of a token, as long as the row."""
        return super().__new__(cls, bytes.fromhex(token).ljust(size, b"."))

    def decode(self, *_how, **_named):
        """Refuse: a row is no text."""
        raise Slip("value used")

    def __getattr__(self, name):
        if name == "write":  # a row outside has it
            raise NotAValue("lacks", thing=["call", "value.write"])
        raise NotAValue("value used")

    def __repr__(self):
        return f"Value({len(self)} bytes)"


class Event:
    """Something that takes time."""

    def __init__(self, app, call, *arguments):
        self.actor, self.call, self.at = app.actor, call, place(sys._getframe(1))
        self.actor.events += 1
        self.number = self.actor.events
        self.result = None  # of the generator, if it is that of a spawn
        app.made.append([self.number, *(self.at or ("", 0)), call, *arguments])

    def __del__(self):
        self.actor.gone.append(self.number)  # nobody can wait for it any more

    def numbers(self):
        """Return the number by which the grader knows it."""
        return self.number

    def parts(self):
        """Return the events that it consists of, by number."""
        return {self.number: self}

    def __and__(self, other):
        return Joint("all", self, other)

    def __or__(self, other):
        return Joint("any", self, other)

    def __iter__(self):
        raise Slip("yield from", call=self.call)

    def __getattr__(self, name):
        raise NotAValue("event used", self.__dict__.get("at"), call=self.__dict__.get("call"))


class Joint(Event):
    """Some events as one."""

    def __init__(self, how, *events):
        self.how, self.events, self.call, self.at = how, events, "it", events[0].at

    def __del__(self):
        """Nothing: its events are known, it is not."""

    def numbers(self):
        """Return the numbers by which the grader knows its events."""
        return [self.how, *(event.numbers() for event in self.events)]

    def parts(self):
        """Return all events in it, by number."""
        return {number: event for one in self.events for number, event in one.parts().items()}


class Answers(dict):
    """Which events of a Joint have happened, with their values."""

    def todict(self):
        """Return them as a plain dict."""
        return dict(self)


class Part:
    """Something of the application's: what it has, and a sentence for what it has not."""

    name = "app"

    def __getattr__(self, name):
        raise NotAValue("lacks", thing=["call", f"{self.name}.{name}"])


class Cache(Part):
    """`app.cache`."""

    name = "app.cache"

    def __init__(self, app):
        self.app = app

    def get(self, key, replica=None):
        """Ask for a key; `replica` says whether a replica may answer."""
        return Event(
            self.app, "app.cache.get", named("app.cache.get", key), flag("app.cache.get", replica)
        )

    def set(self, key, value, ttl=INF):
        """Store a value."""
        stored = packed("app.cache.set", value)
        if not is_number(ttl) or not ttl > 0:
            raise Slip("ttl", thing=thing(ttl))
        ttl = None if ttl == INF else float(ttl)
        return Event(self.app, "app.cache.set", named("app.cache.set", key), stored, ttl)

    def delete(self, key):
        """Remove a key."""
        return Event(self.app, "app.cache.delete", named("app.cache.delete", key))

    def wait(self, replicas, timeout):
        """Wait until so many replicas have this client's last write, or for `timeout` seconds."""
        if type(replicas) is not int or not 0 <= replicas <= MOST_REPLICAS:
            raise Slip("replicas", thing=thing(replicas))
        if not is_number(timeout) or not 0 <= timeout < INF:
            raise Slip("wait", thing=thing(timeout))
        return Event(self.app, "app.cache.wait", replicas, float(timeout))


class Database(Part):
    """`app.db`."""

    name = "app.db"

    def __init__(self, app):
        self.app = app

    def read(self, key, replica=False):
        """Read a row; `replica` says whether a replica may answer."""
        return Event(
            self.app, "app.db.read", named("app.db.read", key), flag("app.db.read", replica)
        )

    def write(self, key, value):
        """Commit a row."""
        stored = packed("app.db.write", value)
        return Event(self.app, "app.db.write", named("app.db.write", key), stored)


class App(Part):
    """What a strategy is handed with every request."""

    def __init__(self, actor, client):
        self.actor, self.client, self.now = actor, client, 0.0
        self.cache, self.db = Cache(self), Database(self)
        self.shared, self.random = actor.shared, actor.random
        self.made = []

    def timeout(self, seconds):
        """Return an event that fires after so many seconds."""
        if not is_number(seconds) or not 0 <= seconds < INF:
            raise Slip("seconds", thing=thing(seconds))
        return Event(self, "app.timeout", float(seconds))

    def spawn(self, steps):
        """Start another generator beside this request."""
        if isinstance(steps, Event):
            raise Slip("spawn event", steps.at, call=steps.call)
        if not hasattr(steps, "gi_frame"):
            is_function = hasattr(steps, "__code__") or hasattr(steps, "__func__")
            raise Slip("spawn function" if is_function else "spawn", thing=thing(steps))
        number = self.actor.keep(steps, self)
        event = Event(self, "app.spawn", number)
        self.actor.running[number].event = event
        return event


def random():
    """Return a source of numbers in [0, 1), the same in every run."""
    return generator.Random(1).random


def named(call, key):
    """Return a key, or raise the slip of what is none."""
    if type(key) is not str or not 0 < len(key) <= LONGEST_KEY:
        raise Slip("key", call=call, thing=thing(key))
    return key


def flag(call, replica):
    """Return whether a replica may answer (None: nothing was said), or raise the slip of what is none of these."""
    if replica not in (None, True, False):
        raise Slip("replica", call=call, thing=thing(replica))
    return None if replica is None else bool(replica)


def packed(call, value):
    """Return a value as it travels, or raise the slip of what is none."""
    if isinstance(value, Event):
        raise Slip("event given", value.at, call=call, inner=value.call)
    if not isinstance(value, bytes):
        raise Slip("no value given", call=call, thing=thing(value))
    return {"v": value[:8].hex()}


def unpacked(value, event):
    """Return the answer that arrived, in the form that the strategy sees."""
    if not isinstance(value, dict):
        return value
    if "v" in value:
        return Value(value["v"], value["n"])
    if "joint" in value:
        parts = event.parts()
        return Answers((parts[n], unpacked(answer, parts[n])) for n, answer in value["joint"])
    return event.result


def is_number(given):
    """Return whether something can be compared with a number."""
    return hasattr(given, "__float__") and not isinstance(given, bool)
