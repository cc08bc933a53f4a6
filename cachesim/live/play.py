"""One schedule of commands on a real primary and its replicas: to be compared with an embedded twin, reply by reply."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from cachesim.engines.base import Command
from cachesim.errors import CommandError, OutOfMemory
from cachesim.live.groups import PrimaryAndReplicas


class TimedCommand(NamedTuple):
    """A command, when it is sent and to whom."""

    at: float  # seconds, 0 or later, never earlier than the step before
    node: int  # 0: the primary; n: its n-th replica
    command: Command


def play(
    fleet: PrimaryAndReplicas,
    steps: Iterable[TimedCommand],
    *,
    before: Callable[[TimedCommand], None] | None = None,
) -> list[Any]:
    """Send every command at its time. Give the replies in the types of RESP3; an error is a value.

    Parameters
    ----------
    fleet : PrimaryAndReplicas
        At time 0 or later.
    steps : iterable of TimedCommand
        In the order of time.
    before : function, optional
        Called with each step when its time has come: for faults.
    """
    replies = []
    for step in steps:
        fleet.move_to(step.at)
        if before is not None:
            before(step)
        try:
            replies.append(fleet.nodes[step.node].call(*step.command))
        except (CommandError, OutOfMemory) as error:
            replies.append(error)
    return replies
