"""A student's policy or strategy at work in the sandbox, driven by messages from the grader's simulator.

A policy is told what happened since it was last asked, and names a victim. A strategy's generators run here, one
message a `yield`: the simulator, the engine and the database are outside, so no history can be forged.
"""

import random as generator

from cachesim import CacheError, DatabaseRefused, Entry

FAILURES = {"CacheError": CacheError, "DatabaseRefused": DatabaseRefused}


class Policy:
    """An eviction policy and the entries that it has been told of."""

    def __init__(self, policy):
        self.policy = policy
        self.policy.random = generator.Random(1).random
        self.entries = {}

    def answer(self, message):
        """Tell the policy what happened; return its victim if one is asked for."""
        for what, key, size in message["events"]:
            if what == "add":
                self.entries[key] = Entry(key, size, float("inf"))
                self.policy.on_add(self.entries[key])
            elif what == "use":
                self.policy.on_use(self.entries[key])
            else:
                self.policy.on_remove(self.entries.pop(key))
        return {"victim": self.policy.victim()} if message["asks"] else {"ok": True}


class Value:
    """A value of the cache or the database: it can be passed on and compared, not made."""

    def __init__(self, number):
        self.number = number

    def __eq__(self, other):
        return isinstance(other, Value) and self.number == other.number

    def __hash__(self):
        return int(self.number, 16)

    def __len__(self):
        return 100


class Event:
    """Something that takes time, made outside when the generator next yields."""

    def __init__(self, app, *made):
        self.number = app.next_number()
        app.made.append([self.number, *made])

    def __and__(self, other):
        return Joint("all", self, other)

    def __or__(self, other):
        return Joint("any", self, other)


class Joint(Event):
    """Some events as one."""

    def __init__(self, how, *events):
        self.number = [how, *(event.number for event in events)]


class Cache:
    """`app.cache`."""

    def __init__(self, app):
        self.app = app

    def get(self, key):
        """Ask for a key."""
        return Event(self.app, "get", key)

    def set(self, key, value, ttl=float("inf")):
        """Store a value."""
        return Event(self.app, "set", key, packed(value), None if ttl == float("inf") else ttl)

    def delete(self, key):
        """Remove a key."""
        return Event(self.app, "delete", key)


class Database:
    """`app.db`."""

    def __init__(self, app):
        self.app = app

    def read(self, key):
        """Read a row."""
        return Event(self.app, "read", key)

    def write(self, key, value):
        """Commit a row."""
        return Event(self.app, "write", key, packed(value))


class App:
    """What a strategy is handed with every request."""

    def __init__(self, actor, client):
        self.actor, self.client, self.now = actor, client, 0.0
        self.cache, self.db = Cache(self), Database(self)
        self.shared = actor.shared
        self.made = []

    def next_number(self):
        """Return a number for an event."""
        self.actor.events += 1
        return self.actor.events

    def timeout(self, seconds):
        """Return an event that fires after so many seconds."""
        return Event(self, "timeout", seconds)

    def spawn(self, steps):
        """Start another generator beside this request."""
        number = self.actor.keep(steps, self)
        return Event(self, "spawn", number)


def packed(value):
    """Return a value as it travels."""
    return {"v": value.number} if isinstance(value, Value) else value


def unpacked(value):
    """Return what arrived as the strategy sees it."""
    return Value(value["v"]) if isinstance(value, dict) else value


class Strategy:
    """A strategy, its clients and its running generators."""

    def __init__(self, strategy):
        self.strategy, self.shared = strategy, {}
        self.apps, self.running, self.events, self.steps = {}, {}, 0, 0

    def keep(self, steps, app):
        """Note a generator; return its number."""
        self.steps += 1
        self.running[self.steps] = (steps, app)
        return self.steps

    def answer(self, message):
        """Begin a request, or go on with a generator; return what it made and what it waits for."""
        number = message.get("on") or self._begin(message)
        steps, app = self.running[number]
        app.now, app.made = message["now"], []
        try:
            event = self._step(steps, message)
        except StopIteration as end:
            del self.running[number]
            return {"on": number, "made": app.made, "value": packed(end.value)}
        except tuple(FAILURES.values()):
            if "throw" not in message:  # none was thrown in: the student's own
                raise
            del self.running[number]
            return {"on": number, "made": app.made, "failed": True}
        if not isinstance(event, Event):
            raise TypeError(
                f"a strategy yielded {event!r:.60}, which is not an event of app.cache, app.db or app"
            )
        return {"on": number, "made": app.made, "wait": event.number}

    def _begin(self, message):
        client = message["client"]
        app = self.apps.setdefault(client, App(self, client))
        value = [unpacked(message["value"])] if message["op"] == "write" else []
        return self.keep(getattr(self.strategy, message["op"])(app, message["key"], *value), app)

    def _step(self, steps, message):
        if "throw" in message:
            return steps.throw(FAILURES[message["throw"]](message["text"]))
        return steps.send(unpacked(message["answer"]))


KINDS = {"policy": Policy, "strategy": Strategy}
