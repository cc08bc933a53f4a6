"""Finds the slips of strategies in a run: one clear sentence instead of a traceback from elsewhere."""

import math
from dataclasses import FrozenInstanceError
from types import AsyncGeneratorType, CoroutineType, FunctionType, GeneratorType, MethodType
from typing import Any

import simpy

from cachesim.errors import BadInput, Slip
from cachesim.model.events import Visit, call_of
from cachesim.records import STAMP_SIZE, Value, read_stamp
from cachesim.slips import Thing, slip

MOVED = {"node": "cache", "database": "db", "plan": "blueprint"}  # of a system: old name, new name


def not_a_generator(strategy: Any, op: str, result: Any, visits: list[Visit]) -> Slip:
    """Make the error for a `read` or `write` that is no generator, because it has no `yield`."""
    name = f"{type(strategy).__name__}.{op}"
    if isinstance(result, simpy.Event):
        return slip("event returned", name=name, call=call_of(result), at=at(result))
    if isinstance(result, CoroutineType | AsyncGeneratorType):
        if isinstance(result, CoroutineType):
            result.close()  # nobody will wait for it
        return slip("async", name=name)
    if visits:
        return forgotten(strategy, op, visits[0])
    return slip("no yield", name=name, thing=Thing.of(result))


def write_of(strategy: Any, value: Any) -> int:
    """Read the id of the write that made the value of a read; raise the slip if it is no such value."""
    if isinstance(value, bytes) and len(value) >= STAMP_SIZE:
        return int(read_stamp(value)[0])
    name = f"{type(strategy).__name__}.read"
    if isinstance(value, simpy.Event):
        raise slip("event returned", name=name, call=call_of(value), at=at(value))
    if isinstance(value, GeneratorType):
        raise slip("generator returned", name=name)
    raise slip("no value returned", name=name, thing=Thing.of(value))


def none_returned(strategy: Any) -> Slip:
    """Make the error for a read that returned None, though it had the row."""
    return slip(
        "none returned", name=f"{type(strategy).__name__}.read", at=written(strategy, "read")
    )


def misused(error: AttributeError) -> Slip | None:
    """Make the error for a wrong attribute of an event, a Value or a strategy; None for any other object."""
    if isinstance(error, FrozenInstanceError):
        return slip("kept")
    if isinstance(error.obj, simpy.Event):
        return slip("event used", call=call_of(error.obj))
    return slip("value used") if isinstance(error.obj, Value) else None


def moved(system: Any, error: AttributeError) -> BadInput | None:
    """Make the error for an attribute of a system that has another name now; None for any other one."""
    if error.obj is not system or error.name not in MOVED:
        return None
    return BadInput(f"system.{error.name} has another name now: write system.{MOVED[error.name]}")


def written(strategy: Any, op: str) -> str:
    """Give the place of a method in the student's code, if the strategy knows it: " (line 7)"."""
    return str(getattr(strategy, "lines", {}).get(op, ""))


def forgotten(strategy: Any, op: str, visit: Visit) -> Slip:
    """Make the error for a visit that nothing waited for before its request ended."""
    name = f"{type(strategy).__name__}.{op}"
    return slip("forgotten", name=name, call=call_of(visit), at=at(visit))


def at(event: Any) -> str:
    """Give the place in the student's code that made an event, if it is known: " (line 7)"."""
    return str(getattr(event, "at", ""))


def check_value(call: str, value: Any) -> None:
    """Raise the slip of a command that got something else than a value to store."""
    if isinstance(value, simpy.Event):
        raise slip("event given", call=call, inner=call_of(value), at=at(value))
    if not isinstance(value, bytes | bytearray):
        raise slip("no value given", call=call, thing=Thing.of(value))


def check_set(value: Any, ttl: Any) -> None:
    """Raise the slip of an `app.cache.set` that cannot be sent."""
    check_value("app.cache.set", value)
    if not is_number(ttl) or not ttl > 0:
        raise slip("ttl", thing=Thing.of(ttl))


def check_seconds(seconds: Any) -> None:
    """Raise the slip of an `app.timeout` that would never fire."""
    if not is_number(seconds) or not 0 <= seconds < math.inf:
        raise slip("seconds", thing=Thing.of(seconds))


def check_steps(steps: Any) -> None:
    """Raise the slip of an `app.spawn` that got something else than a generator."""
    if isinstance(steps, simpy.Event):
        raise slip("spawn event", call=call_of(steps), at=at(steps))
    if isinstance(steps, FunctionType | MethodType):
        raise slip("spawn function", thing=Thing.of(steps))
    if not isinstance(steps, GeneratorType):
        raise slip("spawn", thing=Thing.of(steps))


def is_number(given: Any) -> bool:
    """Whether something can be compared with a number."""
    return hasattr(given, "__float__") and not isinstance(given, bool)
