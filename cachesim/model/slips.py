"""The slips students make with generators, each told in one sentence instead of a traceback far away."""

from types import GeneratorType
from typing import Any

import simpy

from cachesim.errors import StrategyError
from cachesim.model.events import Visit
from cachesim.records import STAMP_SIZE, read_stamp

_METHODS = {
    "_run_get": "app.cache.get",
    "_run_set": "app.cache.set",
    "_run_delete": "app.cache.delete",
}
_METHODS |= {
    "_run_execute": "app.cache.execute",
    "_run_read": "app.db.read",
    "_run_write": "app.db.write",
}
_METHODS |= {
    "_run_write_all": "app.db.write_all",
    "_run_write_fenced": "app.db.write_fenced",
    "_run_refuse": "app.db",
}


def not_a_generator(strategy: Any, op: str, result: Any) -> StrategyError:
    """Return the error for a `read` or `write` that is no generator, having no `yield` at all."""
    name = f"{type(strategy).__name__}.{op}"
    if isinstance(result, simpy.Event):
        before = f" before {_call(result)}" if isinstance(result, Visit) else ""
        return StrategyError(
            f'{name} returned an event, not a value: did you forget "yield"{before}?'
        )
    return StrategyError(
        f"{name} must be a generator with at least one yield, but it returned {result!r}"
    )


def write_of(strategy: Any, value: Any) -> int:
    """Return the id of the write that made what a read returned, or raise what is wrong with it."""
    if isinstance(value, bytes) and len(value) >= STAMP_SIZE:
        return int(read_stamp(value)[0])
    name = f"{type(strategy).__name__}.read"
    if isinstance(value, (simpy.Event, GeneratorType)):
        kind = "an event" if isinstance(value, simpy.Event) else "a generator"
        before = f" before {_call(value)}" if isinstance(value, Visit) else ""
        raise StrategyError(f'{name} returned {kind}, not a value: did you forget "yield"{before}?')
    raise StrategyError(
        f"{name} must return the Value it read, or None for no such key; it returned {value!r}"
    )


def forgotten(strategy: Any, op: str, key: str, visit: Visit) -> StrategyError:
    """Return the error for a visit that nothing waited for by the end of its request."""
    return StrategyError(
        f'{type(strategy).__name__}.{op}("{key}") called {_call(visit)} and never waited for it: did you '
        'forget "yield" before it? (Use app.spawn for work the client need not wait for.)'
    )


def _call(visit: Visit) -> str:
    effect = getattr(visit, "command", visit.effect)
    return _METHODS.get(getattr(effect, "__name__", ""), "the call")
