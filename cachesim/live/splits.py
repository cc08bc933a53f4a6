"""A real Redis Cluster whose network is cut in two: one primary with its clients, and all others."""

from typing import Any, NamedTuple

from cachesim.errors import CommandError
from cachesim.live.clock import SECOND
from cachesim.live.fleet import STEP
from cachesim.live.groups import RedisCluster


class SplitTimes(NamedTuple):
    """What came of a primary that was cut off: seconds after the cut, and the writes of its clients."""

    refused: float  # its first CLUSTERDOWN
    promoted: float  # another node was elected
    taken: int  # writes that it acknowledged
    kept: int  # ... and that the cluster has after healing
    version: str  # of the servers


def writes(node: Any, key: str) -> bool:
    """Append to a list at a node; False if it refuses."""
    try:
        node.call("RPUSH", key, 1)
    except CommandError:
        return False
    return True


def split_brain(node_timeout: float, seed: int) -> SplitTimes:
    """Cut a primary of a 3+3 cluster off while it gets ten writes per second; heal when both sides have decided."""
    with RedisCluster(node_timeout=node_timeout, seed=seed) as cluster:
        cluster.move(seed % 10 / 10)  # ten phases of the beat of the cluster
        alone, *others = cluster.nodes
        replica, key = cluster.nodes[cluster.shards], cluster.key_of(0)
        cluster.partition([alone], others)
        began, taken, seen = cluster.now, 0, dict[str, float]()
        while len(seen) < 2:
            cluster.move(STEP / SECOND)
            since = round(cluster.now - began, 1)
            if "refused" not in seen and not writes(alone, key):
                seen["refused"] = since
            taken += "refused" not in seen
            if _role(replica) == "master":
                seen.setdefault("promoted", since)
        cluster.heal()
        while _role(alone) == "master":
            cluster.move(STEP / SECOND)
        return SplitTimes(
            **seen, taken=taken, kept=replica.call("LLEN", key), version=alone.version
        )


def _role(node: Any) -> str:
    return str(node.info()["role"])
