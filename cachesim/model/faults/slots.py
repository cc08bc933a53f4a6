"""Changes of a cluster under load: its slots move from shard to shard, one after the other."""

from dataclasses import field
from typing import Annotated

from cachesim.engines.redis.slots import SLOTS, taken
from cachesim.errors import BadInput
from cachesim.model.events import Steps
from cachesim.model.faults.base import Fault
from cachesim.model.fleet.resharding import ReshardingSystem
from cachesim.model.unreliable.system import UnreliableSystem
from cachesim.spec import Count, Delay, Rule, Share

Some = Annotated[int, Rule(f"from 0 to {SLOTS:,}", lambda x: 0 <= x <= SLOTS)]
NO_CLUSTER = "needs a fleet with slots; give the scenario one: fleet=cs.Shards(3)"


class MovesSlots(Fault):
    """Slots move, one after the other, while clients go on. Changes that overlap wait for each other.

    A key that has left is found by ASK while its slot is on its way, by MOVED afterwards.

    References
    ----------
    Redis Cluster specification, "Cluster live reconfiguration"; redis 7.0, redis-cli.c.
    """

    batch: Count = 10  # keys per MIGRATE: the source does nothing else meanwhile
    pause: Delay = 0.0  # seconds after each slot: clients feel it less, and it takes longer

    def play(self, system: UnreliableSystem) -> Steps:
        """Wait for the moment and for its turn; then move."""
        yield system.until(self.at)
        if not isinstance(system, ReshardingSystem):
            raise BadInput(f"{type(self).__name__} {NO_CLUSTER}")
        yield from system.operator.in_turn(self.change(system))

    def change(self, cluster: ReshardingSystem) -> Steps:
        """Do what this class does."""
        raise NotImplementedError

    def move(self, cluster: ReshardingSystem, slots: list[int], target: int) -> Steps:
        """Move slots to a shard."""
        return cluster.operator.move(slots, target, self.batch, self.pause)


class Reshard(MovesSlots):
    """Some slots of a shard move to another one, those with the lowest numbers first.

    >>> str(Reshard("shard-0", "shard-1", at=40))
    'Reshard at 40 s'
    """

    source: str = field(default="shard-0", kw_only=False)  # name of the shard that gives
    target: str = field(default="shard-1", kw_only=False)  # name of the shard that takes
    share: Share = 0.5  # of the slots that the source has
    slots: Some = 0  # how many; 0: as `share` says

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.source == self.target:
            raise BadInput(
                f'Reshard.target must be another shard than the source, got "{self.target}" twice'
            )

    def change(self, cluster: ReshardingSystem) -> Steps:
        """Move them."""
        source, target = map(cluster.shard_named, (self.source, self.target))
        count = self.slots or round(self.share * len(cluster.table.of(source)))
        yield from self.move(cluster, taken(cluster.table.owners, [source], count), target)


class AddShard(MovesSlots):
    """An empty shard joins, with as many replicas as the others, and takes its equal part of the slots from them.

    >>> str(AddShard(at=40))
    'AddShard at 40 s'
    """

    adds = 1

    def change(self, cluster: ReshardingSystem) -> Steps:
        """Make the shard, and move the slots."""
        others = cluster.present()
        slots = taken(cluster.table.owners, others, SLOTS // (len(others) + 1))
        yield from self.move(cluster, slots, cluster.add_shard())


class RemoveShard(MovesSlots):
    """A shard gives its slots to all others in equal parts, and then it leaves the cluster.

    >>> str(RemoveShard("shard-2", at=40))
    'RemoveShard at 40 s'
    """

    shard: str = field(default="shard-0", kw_only=False)  # its name

    def change(self, cluster: ReshardingSystem) -> Steps:
        """Move the slots; a shard that still has some at the end of the run stays."""
        shard = cluster.shard_named(self.shard)
        others = [each for each in cluster.present() if each != shard]
        if not others:
            raise BadInput(f'"{self.shard}" is the last shard of the cluster; it cannot leave')
        slots = cluster.table.of(shard)
        for place, target in enumerate(others):
            yield from self.move(cluster, part(slots, place, len(others)), target)
        if not cluster.table.of(shard):
            cluster.left.add(shard)


def part(slots: list[int], place: int, count: int) -> list[int]:
    """Give one of `count` equal parts of some slots.

    >>> [part([1, 2, 3, 4, 5], place, 2) for place in range(2)]
    [[1, 2], [3, 4, 5]]
    """
    first, end = (len(slots) * number // count for number in (place, place + 1))
    return slots[first:end]
