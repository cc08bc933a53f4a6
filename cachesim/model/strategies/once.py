"""One load a key at a time in one process, whoever asks: what single flight is made of."""

from typing import Any

from simpy import Event

from cachesim.model.app import App
from cachesim.model.events import Steps


def once(app: App, owner: object, key: str, steps: Steps) -> Steps:
    """Run the steps, unless the owner's steps for this key are running; wait for them, return their value.

    A failure is thrown into everybody who waits.
    """
    return (yield begin(app, owner, key, steps))


def begin(app: App, owner: object, key: str, steps: Steps) -> Event:
    """Do the same beside the request: return the event to wait for, if one wants to."""
    running: dict[Any, Event] = app.shared.setdefault("running", {})
    mine = id(owner), key  # one strategy may stand inside another one
    if mine in running:
        steps.close()
    else:
        running[mine] = app.spawn(_to_end(steps, running, mine))
    return running[mine]


def _to_end(steps: Steps, running: dict[Any, Any], mine: tuple[int, str]) -> Steps:
    try:
        return (yield from steps)
    finally:
        del running[mine]  # the next one to miss loads again
