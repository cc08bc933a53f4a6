"""The application's client library of the cache: what `app.cache` is."""

import math
from collections.abc import Mapping
from typing import Any

import simpy

from cachesim.engines.base import Command
from cachesim.errors import SimulatedFailure
from cachesim.model.cache import CacheTier
from cachesim.model.events import Visit
from cachesim.model.journey import Journey
from cachesim.model.messages import Subscription
from cachesim.model.misuse import check_set
from cachesim.model.waiting import KeyWait, may_wait
from cachesim.records import Value


class CacheClient:
    """The client library of the cache: each method returns one event."""

    def __init__(self, tier: CacheTier, journey: Journey, *, raises: bool) -> None:
        self._tier, self._journey = tier, journey
        self._send, self._name = tier.send, tier.name
        self._engine = engine = tier.engine
        self._ask, self._why_missed, self._store = engine.get, engine.why_missed, engine.set
        # SIMPLIFIED: the bytes of a reply are those that the key has when the command is sent.
        self._held_bytes, self._per_byte = engine.held_bytes, tier.per_byte
        self._raises = raises  # whether a refused command fails the visit, or counts as a miss
        self.dirty = tier.dirty  # values that the cache holds and the database does not, by key
        # Effects, bound once: they run when their visit fires.
        self._got, self._was_set = self._run_get, self._run_set
        self._was_deleted, self._executed = self._run_delete, self._run_execute
        self._nobody_waits, self._subscribed = self._run_wait, self._run_subscribe
        self._were_executed = self._run_transaction

    def get(self, key: str, replica: bool | None = None) -> simpy.Event:
        """Ask for a key; the event's value is the Value, or None if the key is not there.

        `replica` says whether a replica may answer (None: as the fleet is set up); one node has none.
        """
        send, held_bytes = self._send, self._held_bytes
        return send(self._journey, self._got, key, self._per_byte * held_bytes(key))

    def set(self, key: str, value: Value, ttl: float = math.inf) -> simpy.Event:
        """Store a value for `ttl` seconds (inf: until evicted or deleted)."""
        if type(value) is not Value or type(ttl) is not float or not ttl > 0:
            check_set(value, ttl)  # a slip, or a right value of another type
        send = self._send
        return send(self._journey, self._was_set, (key, value, ttl), self._per_byte * len(value))

    def delete(self, key: str) -> simpy.Event:
        """Remove a key; the event's value says whether it was there."""
        return self._send(self._journey, self._was_deleted, key)

    def execute(self, *command: Any) -> simpy.Event:
        """Send any command of the engine, such as `execute("INCR", "visits")`; the value is its reply.

        A command that waits, such as `execute("BLPOP", "queue", 5)`, gives None when its time is up.
        """
        visit = self._send(self._journey, self._executed, command, self._tier.cost(command))
        return KeyWait(self._tier, visit, command) if may_wait(self._tier, command) else visit

    def transaction(
        self, *commands: Command, watch: Mapping[str, bytes | None] | None = None
    ) -> simpy.Event:
        """Send MULTI, the commands and EXEC in one trip: nothing comes between. The value is the list of replies.

        `watch` maps keys to the values (strings) that you have read: if one has another value now, nothing runs and
        the event's value is None. A command that fails has its CommandError in the list; the others run all the
        same. Needs Redis. SIMPLIFIED: WATCH sees any change, here a key that has its old value again is unchanged.
        """
        cost = sum(map(self._tier.cost, commands))
        return self._send(self._journey, self._were_executed, (commands, watch or {}), cost)

    def publish(self, channel: str, message: bytes | str) -> simpy.Event:
        """Send a message to all who listen to a channel now; the value is how many they are. Needs Redis."""
        return self.execute("PUBLISH", channel, message)

    def subscribe(self, *channels: str) -> simpy.Event:
        """Listen to channels; the event's value is a Subscription. Needs the embedded Redis."""
        asked = Subscription(self._tier, self._journey.client, channels)
        return self._send(self._journey, self._subscribed, asked)

    def wait(self, replicas: int, timeout: float) -> simpy.Event:
        """Wait until so many replicas have this client's writes; the value is how many do: here none."""
        return self._send(self._journey, self._nobody_waits, None)

    def note(self, key: str, outcome: str | None = None) -> None:
        """Write into the record how a lookup ended that used another command than `get`.

        "hit" or a kind of miss; None: the engine says why the key was not there.
        """
        if self._journey.lookup is None:
            self._journey.node = self._name
            self._journey.lookup = outcome or self._why_missed(key)

    def _run_get(self, visit: Visit) -> None:
        key = visit._value
        try:
            ask = self._ask
            value = ask(key)
        except SimulatedFailure as error:
            self._refuse(visit, error)
            return
        visit._value = value
        journey = self._journey
        if journey.lookup is None:
            journey.node = self._name
            journey.lookup = "hit" if value is not None else self._why_missed(key)

    def _run_set(self, visit: Visit) -> None:
        try:
            key, value, ttl = visit._value
            store = self._store
            store(key, value, ttl)
            visit._value = True
        except SimulatedFailure as error:
            self._refuse(visit, error)

    def _run_delete(self, visit: Visit) -> None:
        try:
            visit._value = self._engine.delete(visit._value)
        except SimulatedFailure as error:
            self._refuse(visit, error)

    def _run_execute(self, visit: Visit) -> None:
        command: Command = visit._value
        try:
            visit._value = self._engine.execute(command)
        except SimulatedFailure as error:
            self._refuse(visit, error)

    def _run_transaction(self, visit: Visit) -> None:
        commands, watch = visit._value
        try:
            held = {key: self._engine.execute(("GET", key)) for key in watch}
        except SimulatedFailure as error:
            self._refuse(visit, error)
            return
        visit._value = list(map(self._reply, commands)) if held == dict(watch) else None

    def _reply(self, command: Command) -> Any:
        try:
            return self._engine.execute(command)
        except SimulatedFailure as error:
            return error

    def _run_subscribe(self, visit: Visit) -> None:
        visit._value.open()

    def _run_wait(self, visit: Visit) -> None:
        visit._value = 0

    def _refuse(self, visit: Visit, error: SimulatedFailure) -> None:
        """Count the refusal; then fail, or go on as if the key were absent, as client libraries do."""
        self._tier.count_error()
        visit._value = None
        if self._raises:
            visit.fail_with(error)
