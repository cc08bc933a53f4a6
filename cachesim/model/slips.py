"""The slips students make with generators, each told in one sentence instead of a traceback far away."""

from types import GeneratorType
from typing import Any

import simpy

from cachesim.errors import StrategyError
from cachesim.model.events import Visit
from cachesim.records import Value

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
_METHODS |= {"_run_refuse": "app.db"}


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


def check_value(strategy: Any, value: Any) -> Value:
    """Return the Value that a read returned, or raise the sentence that tells what it was instead."""
    if isinstance(value, bytes) and len(value) >= 8:  # plain bytes, as a command's reply may be
        return Value(value)
    name = f"{type(strategy).__name__}.read"
    if isinstance(value, (simpy.Event, GeneratorType)):
        kind = "an event" if isinstance(value, simpy.Event) else "a generator"
        before = f" before {_call(value)}" if isinstance(value, Visit) else ""
        return _raise(f'{name} returned {kind}, not a value: did you forget "yield"{before}?')
    return _raise(
        f"{name} must return the Value it read, or None for no such key; it returned {value!r}"
    )


def forgotten(strategy: Any, op: str, key: str, visit: Visit) -> StrategyError:
    """Return the error for a visit that nothing waited for by the end of its request."""
    return StrategyError(
        f'{type(strategy).__name__}.{op}("{key}") called {_call(visit)} and never waited for it: did you '
        'forget "yield" before it? (Use app.spawn for work the client need not wait for.)'
    )


def _call(visit: Visit) -> str:
    return _METHODS.get(getattr(visit.waiters[0], "__name__", ""), "the call")


def _raise(sentence: str) -> Value:
    raise StrategyError(sentence)
