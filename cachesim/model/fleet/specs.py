"""The kinds of fleet: `Pool` (the client chooses the node) and `Shards` (Redis Cluster)."""

from collections.abc import Sequence
from dataclasses import field

from cachesim.engines.base import EngineSpec
from cachesim.engines.redis.slots import SLOTS, slot_of
from cachesim.errors import BadInput
from cachesim.model.routes import MEMCACHED_PORT, Finder, Ketama, Route, as_bytes
from cachesim.spec import Count, Spec


class Fleet(Spec):
    """Several cache nodes in place of one. Each has the engine and the memory of `Scenario.cache`."""

    def groups(self) -> Sequence[Sequence[str]]:
        """Name the nodes: one group per part of the keys; the first node of a group is its primary."""
        raise NotImplementedError

    def finder(self) -> Finder:
        """Make the function that finds the group of a key: its place among the groups."""
        raise NotImplementedError

    def check(self, cache: EngineSpec) -> None:
        """Raise BadInput unless this fleet can have nodes with that engine."""
        if hasattr(cache, "embedded"):
            raise BadInput(
                f"a fleet has no real servers, got {cache!r}; take the embedded engine, "
                "or compare fleets with `cachesim fidelity --fleet`"
            )
        if not cache.speaks:
            raise BadInput(
                f"a fleet takes Redis or Memcached, got {cache!r}; choose one of the two"
            )


class Pool(Fleet):
    """Nodes that do not know of each other: the client's route says which node keeps a key.

    >>> [name for group in Pool(2).groups() for name in group]
    ['node-0', 'node-1']
    """

    nodes: Count = field(default=4, kw_only=False)
    route: Route = Ketama()

    def groups(self) -> Sequence[Sequence[str]]:
        """Name the nodes: each keeps a part of the keys on its own."""
        return [(f"node-{number}",) for number in range(self.nodes)]

    def finder(self) -> Finder:
        """Make the function that finds a key's node. The route sees addresses, 10.0.1.1:11211 and up."""
        return self.route.over([address(number) for number in range(self.nodes)])


class Shards(Fleet):
    """A Redis Cluster: 16,384 slots, dealt to the shards in equal runs.

    >>> Shards(3).finder()("user:1")
    1
    """

    shards: Count = field(default=3, kw_only=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.shards > SLOTS:
            raise BadInput(f"Shards.shards must be at most {SLOTS:,}, got {self.shards:,}")

    def groups(self) -> Sequence[Sequence[str]]:
        """Name the nodes of each shard."""
        return [(f"shard-{number} node-0",) for number in range(self.shards)]

    def finder(self) -> Finder:
        """Make the function that finds a key's shard: by its slot."""
        shards = self.shards
        return lambda key: slot_of(as_bytes(key)) * shards // SLOTS

    def check(self, cache: EngineSpec) -> None:
        """Raise BadInput unless the engine is Redis."""
        super().check(cache)
        if cache.speaks != "redis":
            raise BadInput(f"Shards are nodes of Redis, got {cache!r}; for Memcached take a Pool")


def address(number: int) -> str:
    """Give the address of a pool's node: 10.0.1.1:11211 and up.

    >>> address(0), address(300)
    ('10.0.1.1:11211', '10.0.2.46:11211')
    """
    high, low = divmod(number, 255)
    middle, low_middle = divmod(high, 255)
    return f"10.{middle}.{low_middle + 1}.{low + 1}{MEMCACHED_PORT}"
