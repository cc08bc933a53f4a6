"""Commands of Redis that wait for a key, in the model: BLPOP and its kin. The worker is free while a client waits."""

from functools import partial
from typing import Any

from cachesim.engines.redis.blocked import Place, Waiter
from cachesim.engines.redis.commands import COMMANDS
from cachesim.engines.redis.reply import is_nothing
from cachesim.errors import CacheError
from cachesim.model.cache import CacheTier
from cachesim.model.events import Visit, Waitable

WAITS = frozenset(name for name, row in COMMANDS.items() if row.blocks is not None)


def may_wait(tier: CacheTier, command: tuple[Any, ...]) -> bool:
    """Whether a command of the embedded Redis waits if it finds nothing."""
    return bool(command) and str(command[0]).upper() in WAITS and hasattr(tier.engine, "blocked")


def _fail(event: Waitable, error: CacheError, _: Visit) -> None:
    event.fail_quietly(error)


class KeyWait(Waitable):
    """The event of a command that may wait: it fires with the reply, or with None when its time is up.

    The time counts from the moment in which the client would have had an answer. A client that no longer waits for
    the event still gets the element, and drops it: so give the command a time, and wait to its end.
    """

    def __init__(self, tier: CacheTier, visit: Visit, command: tuple[Any, ...]) -> None:
        super().__init__(tier.env)
        self._tier, self._command = tier, command
        self._waiter: Waiter | None = None  # while it waits
        visit.callbacks.append(self._tried)

    def _tried(self, visit: Visit) -> None:
        """Take the answer of the first try; if there was nothing, wait."""
        if not visit._ok:
            self.fail_quietly(visit._value)
        elif visit._value is not None:
            self.succeed(visit._value)
        else:
            self._wait()

    def _wait(self) -> None:
        engine: Any = self._tier.engine
        argv = [part if isinstance(part, bytes) else str(part).encode() for part in self._command]
        self._row = COMMANDS[argv[0].decode().upper()]
        self._block = self._row.blocks(engine, *self._row.read(argv))
        waiter = Waiter([(engine.selected, key) for key in self._block.keys], self._attempt)
        if any(
            self._attempt(place) for place in waiter.places
        ):  # it came while the answer was on its way
            return
        self._waiter = waiter
        engine.blocked.add(waiter)
        if self._block.seconds and not self._tier.env.is_ending():
            Visit().ready(self._tier.env, self._time_out).start(self._block.seconds)

    def _attempt(self, place: Place) -> bool:
        """Run the command again for a key that is there; its reply needs half a trip to the client."""
        engine: Any = self._tier.engine
        entry = engine.find(place[1])
        if entry is None or not isinstance(entry.value, self._block.kind):
            return False
        try:
            reply = engine.call(self._row, self._block.again(place[1]))
        except CacheError as error:
            self._end(partial(_fail, self, error))
            return True
        if is_nothing(reply):
            return False
        self._end(lambda _: self.succeed(reply))
        return True

    def _end(self, how: Any) -> None:
        self._waiter = None
        Visit().ready(self._tier.env, how).start(self._tier.leg() / 2)

    def _time_out(self, _: Visit) -> None:
        if self._waiter is not None:
            self._tier.engine.blocked.remove(self._waiter)  # type: ignore[attr-defined]
            self._waiter = None
            self.succeed(None)
