"""The nodes of a cluster as its clients see them: who has which slots, and where a command belongs.

SIMPLIFIED: nothing moves. The nodes have no bus, so there is no failover and no resharding; the
port of the bus that a node shows is not open.
"""

from bisect import bisect_right
from collections.abc import Iterator

from cachesim.engines.base import Random
from cachesim.engines.redis.arguments import Arguments
from cachesim.engines.redis.command import RedisCommand
from cachesim.engines.redis.memory import as_integer
from cachesim.engines.redis.replication import ReplicatedEngine
from cachesim.engines.redis.script import RunningScript
from cachesim.engines.redis.slots import shares, slot_of
from cachesim.errors import CommandError

BUS = 10_000  # above a node's port stands the port of its bus
CROSSSLOT = "CROSSSLOT Keys in request don't hash to the same slot"
FAR = "ERR Script attempted to access a non local key in a cluster node"
OTHER_SLOT = "ERR Script attempted to access keys that do not hash to the same slot"
NOT_ALLOWED = "is not allowed in cluster mode"


class ClusterNode:
    """One node: a primary with its slots, or a replica of one."""

    def __init__(self, cluster: "Cluster", name: str, epoch: int, slots: range) -> None:
        self.cluster, self.name, self.epoch, self.slots = cluster, name, epoch, slots
        self.primary: ClusterNode | None = None  # of a replica
        self.replicas: list[ClusterNode] = []
        self.host, self.port = "127.0.0.1", 0  # set when it listens
        self.engine: ReplicatedEngine | None = None  # set if it has replicas or is one

    @property
    def offset(self) -> int:
        """How far it is in the replication stream, in bytes."""
        return self.engine.offset if self.engine else 0

    @property
    def owner(self) -> "ClusterNode":
        """The primary of its shard: the node itself, or the one it copies."""
        return self.primary or self


class Cluster:
    """All nodes: the primaries in the order of their slots, then the first replica of each, and so on.

    Parameters
    ----------
    shards, replicas : int
        The number of primaries, and of replicas of each.
    random : callable
        Draws the names of the nodes, which are 40 hexadecimal digits.

    >>> fleet = Cluster(3, 1, lambda: 0.5)
    >>> [(node.slots.start, node.primary is None) for node in fleet.nodes][2:4]
    [(10923, True), (0, False)]
    """

    def __init__(self, shards: int, replicas: int, random: Random) -> None:
        names = iter(lambda: "".join(f"{int(random() * 16):x}" for _ in range(40)), "")
        parts = list(enumerate(shares(shards), 1))
        self.primaries = [ClusterNode(self, next(names), *part) for part in parts]
        self.ends = [each.slots.stop for each in self.primaries]
        self.nodes = list(self.primaries)
        for _ in range(replicas):
            for primary in self.primaries:
                copy = ClusterNode(self, next(names), primary.epoch, primary.slots)
                copy.primary = primary
                primary.replicas.append(copy)
                self.nodes.append(copy)

    def owner_of(self, slot: int) -> ClusterNode:
        """Find the primary that has a slot."""
        return self.primaries[bisect_right(self.ends, slot)]

    def shards(self) -> Iterator[list[ClusterNode]]:
        """Yield the nodes of each shard, its primary first."""
        return ([primary, *primary.replicas] for primary in self.primaries)


def route(node: ClusterNode, row: RedisCommand, argv: Arguments, reads_copies: bool) -> None:
    """Do nothing if the node serves the command; else raise the CommandError that says who does.

    The checks come in the server's order. `reads_copies`: the connection has sent READONLY.
    """
    # redis 7: cluster.c, getNodeByQuery; every slot has its node and none is moved here
    slots = [slot_of(key) for key in row.keys.of(argv)]
    if not slots:
        return
    if any(slot != slots[0] for slot in slots):
        raise CommandError(CROSSSLOT)
    owner = node.cluster.owner_of(slots[0])
    may_read = reads_copies and "write" not in row.flags.split() and owner is node.primary
    if owner is not node and not may_read:
        raise CommandError(f"MOVED {slots[0]} {owner.host}:{owner.port}")


def route_in_script(
    node: ClusterNode, script: RunningScript, row: RedisCommand, argv: Arguments
) -> str | None:
    """Return the error of a command in a script whose keys this node has not, None if it has them."""
    # redis 7: script.c, scriptVerifyClusterState
    slots = {slot_of(key) for key in row.keys.of(argv)}
    if not slots:
        return None
    slot = slots.pop()
    owner = node.cluster.owner_of(slot)
    if slots or owner is not (node.owner if "write" not in row.flags else node):
        return FAR
    if script.slot is None:
        script.slot = slot_of(script.keys[0]) if script.keys else slot
    return OTHER_SLOT if script.one_slot and script.slot != slot else None


def stay_in_database(row: RedisCommand, argv: Arguments) -> None:
    """Raise CommandError for a command that would use another database: a cluster has only one."""
    if row.name in ("MOVE", "SWAPDB"):
        raise CommandError(f"ERR {row.name} {NOT_ALLOWED}")
    if row.name == "SELECT" and as_integer(argv[1]) not in (0, None):
        raise CommandError(f"ERR SELECT {NOT_ALLOWED}")
    if row.name == "COPY" and _other_database(argv[3:]):
        raise CommandError(f"ERR Copying to another database {NOT_ALLOWED}")


def _other_database(options: Arguments) -> bool:
    """Whether COPY names another database; if its options are wrong, the usual way refuses them."""
    words, other = iter(options), False
    for word in words:
        number = as_integer(next(words, b"")) if word.upper() == b"DB" else None
        if number is None and word.upper() != b"REPLACE":
            return False
        other = other or number not in (0, None)
    return other
