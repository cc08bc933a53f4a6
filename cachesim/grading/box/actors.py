"""A student's policy or strategy at work in the sandbox, driven by messages from the grader's simulator.

A policy is told what happened since it was last asked, and names a victim. A strategy's generators run here, one
message a `yield`.
"""

from slips import Slip, defined, raised, shape, thing, waiting
from world import App, Event, packed, random, unpacked

import cachesim
from cachesim import Entry, EvictionPolicy
from cachesim import Strategy as Base
from cachesim.errors import SimulatedFailure

INF = float("inf")
RARE = ("before_add", "on_evict")  # a policy that does not define them is not asked for them


class Policy:
    """An eviction policy and the entries that it has been told of."""

    base, base_name = EvictionPolicy, "cs.EvictionPolicy"

    def __init__(self, policy):
        self.policy, self.entries, self.named = policy, {}, None
        self.policy.random = random()
        self.about = {"defines": [name for name in RARE if self._defines(name)]}

    def _defines(self, name):
        return getattr(type(self.policy), name) is not getattr(EvictionPolicy, name)

    def answer(self, message):
        """Tell the policy what happened; return what it is asked."""
        self.policy.items = INF if message["items"] is None else message["items"]
        for what, key, size in message["events"]:
            if what == "add":
                self.entries[key] = Entry(key, size, INF)
                self.policy.on_add(self.entries[key])
            elif what == "use":
                self.policy.on_use(self.entries[key])
            elif what == "evict":
                self.policy.on_evict(self.entries[key])
            else:
                self._remove(self.entries.pop(key))
        return getattr(self, f"_{message['asks']}")(*message["about"])

    def _nothing(self):
        return {"ok": True}

    def _wanted(self, key, size):
        wanted = self.policy.before_add(Entry(key, size, INF))
        if type(wanted) is not bool:
            at = defined(self.policy.before_add)
            raise Slip("before_add", at, op="before_add()", thing=thing(wanted))
        return {"wanted": wanted}

    def _remove(self, entry):
        try:
            self.policy.on_remove(entry)
        except (KeyError, ValueError) as error:
            if entry.key != self.named:
                raise
            raise Slip("victim removed", raised(error), op="victim()") from error

    def _victim(self):
        victim = self.policy.victim()
        if type(victim) is not str:
            code = "entry victim" if isinstance(victim, Entry) else "victim"
            at = defined(self.policy.victim)
            raise Slip(code, at, op="victim()", thing=thing(victim))
        self.named = victim
        return {"victim": victim}


class Run:
    """A generator that is running: for which request, or for which event of a spawn."""

    def __init__(self, steps, app, op):
        self.steps, self.app, self.op = steps, app, op
        self.event = None  # that fires when it has ended
        self.waits = None  # the event that it waits for


class Strategy:
    """A strategy, its clients and its running generators."""

    base, base_name = Base, "cs.Strategy"

    def __init__(self, strategy):
        self.strategy, self.shared, self.random = strategy, {}, random()
        self.apps, self.running, self.events, self.steps = {}, {}, 0, 0
        self.gone = []  # events that nobody can wait for any more
        ttl = getattr(strategy, "ttl", None)
        self.about = {
            "starts": type(strategy).start is not Base.start,
            "ttl": ttl if type(ttl) in (int, float) else None,
        }

    def keep(self, steps, app, op=None):
        """Note a generator; return its number."""
        self.steps += 1
        self.running[self.steps] = Run(steps, app, op)
        return self.steps

    def answer(self, message):
        """Begin a request, or go on with a generator; return what it made and what it waits for."""
        number = message.get("on") or self._begin(message)
        run = self.running[number]
        run.app.now, run.app.made = message["now"], []
        try:
            run.waits = self._step(run, message)
        except StopIteration as end:
            return self._reply(number, **self._ended(self.running.pop(number), end.value))
        except SimulatedFailure:
            if "throw" not in message:  # none was thrown in: the student's own
                raise
            del self.running[number]
            return self._reply(number, run, failed=True)
        if not isinstance(run.waits, Event):
            is_generator = hasattr(run.waits, "gi_frame")
            code = "generator yielded" if is_generator else "yielded"
            raise Slip(code, waiting(run.steps), thing=thing(run.waits))
        return self._reply(number, run, wait=run.waits.numbers())

    def _reply(self, number, run, **more):
        if self.gone:
            more["gone"], self.gone = self.gone, []
        return {"on": number, "made": run.app.made, **more}

    def _begin(self, message):
        client, op = message["client"], message["op"]
        app = self.apps.setdefault(client, App(self, client))
        app.now, app.made = message["now"], []
        given = {"read": ["key"], "write": ["key", "value"], "start": []}[op]
        method = getattr(self.strategy, op)
        steps = method(app, *(unpacked(message[name], None) for name in given))
        if not hasattr(steps, "gi_frame"):
            raise self._no_generator(op, steps, app, defined(method))
        return self.keep(steps, app, op)

    def _no_generator(self, op, steps, app, at):
        if isinstance(steps, Event):
            return Slip("event returned", steps.at, op=op, call=steps.call)
        if hasattr(steps, "cr_frame") or hasattr(steps, "ag_frame"):
            getattr(steps, "close", id)()  # nobody will wait for it
            return Slip("async", at, op=op)
        if app.made:
            _, where, line, call, *_ = app.made[0]
            return Slip("forgotten", [where, line], op=op, call=call)
        return Slip("no yield", at, op=op, thing=thing(steps))

    def _step(self, run, message):
        if "throw" in message:
            kind = getattr(cachesim.errors, message["throw"], SimulatedFailure)
            return run.steps.throw(kind(message["text"]))
        return run.steps.send(unpacked(message["answer"], run.waits))

    def _ended(self, run, value):
        """Describe the end of a generator for the grader."""
        if run.event is not None:
            run.event.result = value
        if run.op != "read" or value is None:
            return {"run": run}
        at = defined(self.strategy.read)
        if isinstance(value, Event):
            raise Slip("event returned", value.at, op="read", call=value.call)
        if hasattr(value, "gi_frame"):
            raise Slip("generator returned", at, op="read")
        if not isinstance(value, bytes):
            raise Slip("no value returned", at, op="read", thing=thing(value))
        return {"run": run, "value": packed("", value)}


KINDS = {"policy": Policy, "strategy": Strategy}


def shapes(made, ops):
    """Return how each of the methods is written, for the grader to compare."""
    return {op: shape(getattr(made, op, None)) for op in ops}
