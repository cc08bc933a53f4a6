"""Who keeps what: the truth as the fleet changes, and what one process of the application knows of it."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

Clock = Callable[[], float]
Key = TypeVar("Key")
Item = TypeVar("Item")


class Found(dict[Key, Item]):
    """A table that is filled at the first look: key -> what the function finds for it.

    >>> lengths = Found(len)
    >>> lengths["abc"], dict(lengths)
    (3, {'abc': 3})
    """

    def __init__(self, find: Callable[[Key], Item]) -> None:
        super().__init__()
        self.find = find

    def __missing__(self, key: Key) -> Item:
        item = self[key] = self.find(key)
        return item


Places = Found[str, int]  # where each key is: the place of its node


class Topology:
    """One state of a fleet: the group of each key, and the primary and the replicas of each group.

    Groups and nodes are numbers: their places in the lists of the system.
    """

    def __init__(
        self,
        groups: Mapping[str, int],
        primaries: Sequence[int],
        replicas: Sequence[Sequence[int]] = (),
        zones: Sequence[str] = (),
    ) -> None:
        self.groups = groups  # key -> its group
        self.primaries = tuple(primaries)  # group -> its node
        self.replicas = tuple(map(tuple, replicas)) or ((),) * len(primaries)  # group -> nodes
        self.zones = zones  # node -> its zone
        self.nodes = Places(lambda key: self.primaries[self.groups[key]])  # key -> its node

    def with_group(self, group: int, primary: int, replicas: Sequence[int]) -> "Topology":
        """Make the state after a change of one group: the keys stay in their groups."""
        primaries, others = list(self.primaries), list(self.replicas)
        primaries[group], others[group] = primary, tuple(replicas)
        return Topology(self.groups, primaries, others, self.zones)

    def readers(self, key: str, zone: str | None = None) -> tuple[int, ...]:
        """Give the nodes that may answer a read of a replica: the primary, if it has none.

        With a zone, the nodes of the group that are there, the primary among them: all nodes, if none is.
        """
        group = self.groups[key]
        if zone is None:
            return self.replicas[group] or (self.primaries[group],)
        nodes = (self.primaries[group], *self.replicas[group])
        return tuple(node for node in nodes if self.zones[node] == zone) or nodes


class Truth:
    """The states of a fleet, each with the moment from which it is true, in seconds."""

    def __init__(self, clock: Clock, first: Topology) -> None:
        self.clock = clock
        self.states = [(0.0, first)]
        self.former = first  # the state from before the last join
        self.warm_until = 0.0  # seconds: until then a miss asks the former node too

    @property
    def now(self) -> Topology:
        """The present state."""
        return self.states[-1][1]

    def change(self, topology: Topology) -> None:
        """Be in another state from now on."""
        self.states.append((self.clock(), topology))

    def warm(self, former: Topology, seconds: float) -> None:
        """Let a miss ask the key's node in a former state, for so many seconds."""
        self.former, self.warm_until = former, self.clock() + seconds


class View:
    """What one process of the application knows: a state of the fleet, maybe an old one.

    It learns of a change `late` seconds after it (a time to live of DNS, a poll of the list of nodes), or when
    somebody redirects it.

    >>> now = [0.0]
    >>> truth = Truth(lambda: now[0], old := Topology({"a": 0}, [0]))
    >>> view = View(truth, late=5.0)
    >>> truth.change(new := Topology({"a": 0}, [1]))
    >>> view.node_of("a"), view.refresh(), view.node_of("a")
    (0, True, 1)
    """

    def __init__(self, truth: Truth, late: float = math.inf) -> None:
        self.truth, self.late = truth, late
        self._seen = 0
        self._zone: str | None = None  # from which it reads; None: that does not matter
        self._is_stuck = False  # whether no news comes to the process

    def read_in(self, zone: str | None) -> None:
        """Take, for a read of a replica, a node in this zone."""
        self._zone = zone

    def stick(self, is_stuck: bool) -> None:
        """Hear of no change from now on, or again."""
        self._is_stuck = is_stuck

    def topology(self) -> Topology:
        """Give the state that the process knows."""
        states, seen = self.truth.states, self._seen
        if self._is_stuck:
            return states[seen][1]
        while seen + 1 < len(states) and states[seen + 1][0] + self.late <= self.truth.clock():
            seen += 1
        self._seen = seen
        return states[seen][1]

    def refresh(self) -> bool:
        """Learn the present state; False if the process knew it."""
        known = self._seen
        if not self._is_stuck:
            self._seen = len(self.truth.states) - 1
        return known < self._seen

    def node_of(self, key: str, turn: int | None = None) -> int:
        """Find the node to ask for a key: the group's primary, or the replica whose turn it is."""
        topology = self.topology()
        if turn is None:
            return topology.nodes[key]
        readers = topology.readers(key, self._zone)
        return readers[turn % len(readers)]

    def former(self, key: str, node: int) -> int | None:
        """Find the node that kept a key before the last join, if a miss at `node` is worth a question there."""
        if self.truth.clock() >= self.truth.warm_until:
            return None
        old = self.truth.former.nodes[key]
        return old if old != node == self.topology().nodes[key] else None

    def arguments(self, node: int, name: str, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        """Change the arguments of a command for a node that only stands in."""
        return arguments

    def answered(self, node: int) -> None:
        """Note that a node answered."""

    def failed(self, node: int) -> None:
        """Note that a node did not answer."""
