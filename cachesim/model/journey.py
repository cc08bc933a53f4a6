"""What one request leaves behind on its way through the tiers; the record is made from it."""

from collections.abc import Callable

from cachesim.model.events import Visit
from cachesim.records import Value

_WAITED_FOR = Visit()  # in place of a last visit while there is none
_WAITED_FOR.waiter = True


class Journey:
    """One request's way: what its lookup found, the last row it read, and the visits nobody waited for.

    A view has one journey and uses it for one request after the other. The two clients of the tiers
    write into it, so it does not matter how many tiers there are.
    """

    __slots__ = ("hops", "last", "lookup", "node", "odd", "row")

    def __init__(self) -> None:
        self.lookup: str | None = None  # outcome of the request's first get; None: it made none
        self.node: str | None = (
            None  # name of the node that answered this get; read with a fleet only
        )
        self.hops = 0  # redirects followed and topologies renewed; counted with a fleet only
        self.row: Value | None = None  # the last row that the database gave to the request
        self.odd: list[Visit] = []  # visits that nobody waited for when the next one was booked
        self.last: Visit = _WAITED_FOR

    def note(self, visit: Visit) -> None:
        """Add a visit; the function of `sender_to` does this on its own."""
        if not self.last.waiter:
            self.odd.append(self.last)
        self.last = visit

    def count_hop(self) -> None:
        """Count a command that was sent to another node."""
        self.hops += 1

    def end(self) -> list[Visit]:
        """Forget all visits; return those that nobody waited for."""
        odd = [visit for visit in (*self.odd, self.last) if not visit.waiter]
        self.odd.clear()
        self.last = _WAITED_FOR
        return odd

    def leave_out(self, effect: Callable[[Visit], None], visit: Visit) -> None:
        """Run a command whose client no longer waits: the journey may be another request's by now."""
        noted = self.lookup, self.node, self.row
        effect(visit)
        self.lookup, self.node, self.row = noted
