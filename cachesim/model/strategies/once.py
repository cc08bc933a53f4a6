"""At most one load per key at a time in one process; single flight is made of this."""

from typing import Any

from simpy import Event

from cachesim.model.app import App
from cachesim.model.events import Steps


def once(app: App, owner: object, key: str, steps: Steps) -> Steps:
    """Run the steps, unless the owner's steps for this key are running; wait for them, return their value.

    A failure is thrown into all who wait.
    """
    return (yield begin(app, owner, key, steps))


def begin(app: App, owner: object, key: str, steps: Steps) -> Event:
    """Do the same beside the request, without waiting; return the event that ends it."""
    running: dict[Any, Event] = app.shared.setdefault("running", {})
    mine = id(owner), key  # a strategy may stand inside another one
    if mine in running:
        steps.close()
    else:
        running[mine] = app.spawn(_to_end(steps, running, mine))
    return running[mine]


def _to_end(steps: Steps, running: dict[Any, Any], mine: tuple[int, str]) -> Steps:
    try:
        return (yield from steps)
    finally:
        del running[mine]  # the next miss loads again
