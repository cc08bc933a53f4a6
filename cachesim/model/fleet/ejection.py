"""A pool's client that gives up on a node: its keys go to the others, or to the gutter."""

from collections.abc import Callable
from typing import Any, Protocol

from cachesim.model.fleet.topology import Places, Truth, View
from cachesim.model.routes import Modulo
from cachesim.spec import Count, Seconds, Spec

Ring = Callable[[tuple[int, ...]], Places]  # places of nodes -> which of them keeps each key


class Eject(Spec):
    """When a process stops asking a node, and for how long.

    libmemcached: 5 failures, and never back by itself (dead=inf). pymemcache: 2 failures, back after 60 s.

    References
    ----------
    libmemcached 1.1 (AUTO_EJECT_HOSTS, server_failure_limit); pymemcache 4.0 (HashClient).
    """

    failures: Count = 2  # in a row
    dead: Seconds = 60.0  # seconds until the process asks the node again; inf: never


class Ejecting(Protocol):
    """What a view needs of the pool's description; `Pool` is one."""

    @property
    def eject(self) -> Eject | None: ...  # noqa: D102
    @property
    def gutter_ttl(self) -> float: ...  # noqa: D102


class PoolView(View):
    """What one process knows of a pool: the nodes, and those that it has ejected."""

    def __init__(
        self, truth: Truth, late: float, pool: Ejecting, ring: Ring, gutter: tuple[int, ...]
    ) -> None:
        super().__init__(truth, late)
        self._pool, self._ring = pool, ring
        self._failures: dict[int, int] = {}  # node -> failures in a row
        self._dead: dict[int, float] = {}  # node -> until when it is not asked
        self._gutter = tuple(gutter)
        self._spare = Modulo().over([f"gutter-{n}" for n in range(len(gutter))]) if gutter else None

    def node_of(self, key: str, turn: int | None = None) -> int:
        """Find the node to ask: the key's own, or what stands in for it while that is ejected."""
        topology = self.topology()
        node = topology.nodes[key]
        if not self._is_dead(node):
            return node
        if self._spare is not None:
            return self._gutter[self._spare(key)]
        alive = tuple(n for n in topology.primaries if not self._is_dead(n))
        return self._ring(alive)[key] if alive else node

    def arguments(self, node: int, name: str, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        """Shorten the TTL of a value that the gutter keeps."""
        if name != "set" or node not in self._gutter:
            return arguments
        key, value, ttl = arguments
        return key, value, min(ttl, self._pool.gutter_ttl)

    def _is_dead(self, node: int) -> bool:
        return node in self._dead and self.truth.clock() < self._dead[node]

    def answered(self, node: int) -> None:
        """Forget the node's failures."""
        self._failures.pop(node, None)

    def failed(self, node: int) -> None:
        """Count a failure; eject the node if it is one too many."""
        eject = self._pool.eject
        count = self._failures[node] = self._failures.get(node, 0) + 1
        if eject is not None and count >= eject.failures:
            self._dead[node] = self.truth.clock() + eject.dead
            del self._failures[node]
