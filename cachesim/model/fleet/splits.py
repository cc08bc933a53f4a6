"""Where the network is cut: which nodes, and which processes of the application, still reach each other."""

from collections.abc import Collection, Hashable
from typing import NamedTuple

Side = tuple[bool, ...]  # for each cut: whether something stands on the side that the cut names


class Cut(NamedTuple):
    """The side of a cut that has names; everything else stands on the other side."""

    nodes: Collection[int]  # places
    processes: Collection[int]  # numbers


class Splits:
    """The cuts of the present. They may overlap: two parts reach each other if no cut lies between them.

    >>> splits = Splits()
    >>> splits.begin("a fault", Cut(nodes={0}, processes={1}))
    >>> splits.of_node(0), splits.of_process(0), splits.apart(0, 2), splits.apart(1, 2)
    ((True,), (False,), True, False)
    >>> splits.end("a fault")
    >>> splits.apart(0, 2)
    False
    """

    def __init__(self) -> None:
        self._cuts: dict[Hashable, Cut] = {}

    def __bool__(self) -> bool:
        return bool(self._cuts)

    def begin(self, cause: Hashable, cut: Cut) -> None:
        """Cut the network."""
        self._cuts[cause] = cut

    def end(self, cause: Hashable) -> None:
        """Take the cut with this cause back."""
        del self._cuts[cause]

    def of_node(self, place: int) -> Side:
        """Say where a node stands."""
        return tuple(place in cut.nodes for cut in self._cuts.values())

    def of_process(self, number: int) -> Side:
        """Say where a process of the application stands."""
        return tuple(number in cut.processes for cut in self._cuts.values())

    @property
    def rest(self) -> Side:
        """The side of everything that no cut names."""
        return (False,) * len(self._cuts)

    def apart(self, place: int, other: int) -> bool:
        """Whether no packet comes from one node to the other."""
        return self.of_node(place) != self.of_node(other)
