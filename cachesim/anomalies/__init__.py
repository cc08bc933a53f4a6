"""Every way a cache goes wrong: the scenario that shows it, its formula, and the cure.

Each function returns an Anomaly. `find` runs it and its cure, and compares the measured effect with the formula.
A new anomaly is a function in the file of its family and a line here.
"""

from cachesim.anomalies.anomaly import Anomaly, Finding, find
from cachesim.anomalies.dax import query_beside_item
from cachesim.anomalies.failovers import (
    lost_at_failover,
    old_address,
    own_write,
    reboot_of_a_primary,
)
from cachesim.anomalies.failures import (
    cold_start,
    connection_storm,
    lost_deletes,
    maintenance,
    unflushed_writes,
    unreachable,
    wrong_password,
)
from cachesim.anomalies.herds import penetration, synchronised_ttl, thundering_herd
from cachesim.anomalies.holders import lock_expiry, near_cache_race
from cachesim.anomalies.messages import lost_messages
from cachesim.anomalies.neighbours import (
    cross_zone,
    evicted_sessions,
    head_of_line,
    out_of_credits,
    snapshot_fork,
)
from cachesim.anomalies.occurrence import Occurrence, occurrence
from cachesim.anomalies.pools import lost_node, rehash_storm
from cachesim.anomalies.races import (
    early_double_delete,
    invalidate_first,
    inversion,
    lagging_replica,
    stale_set,
)
from cachesim.anomalies.shards import hot_shard
from cachesim.anomalies.split_brain import split_brain
from cachesim.errors import BadInput

ALL = (
    stale_set,
    invalidate_first,
    inversion,
    lost_deletes,
    lagging_replica,
    thundering_herd,
    synchronised_ttl,
    cold_start,
    lost_node,
    rehash_storm,
    hot_shard,
    head_of_line,
    evicted_sessions,
    lost_at_failover,
    split_brain,
    own_write,
    snapshot_fork,
    reboot_of_a_primary,
    maintenance,
    old_address,
    unreachable,
    wrong_password,
    connection_storm,
    cross_zone,
    unflushed_writes,
    lock_expiry,
    lost_messages,
    penetration,
    near_cache_race,
    query_beside_item,
    out_of_credits,
    early_double_delete,
)  # in the order of their ids


def by_id(id: str) -> Anomaly:
    """Return the anomaly with this id, such as "A1". Raises BadInput if there is none.

    >>> by_id("A6").name
    'thundering herd'
    """
    known = {anomaly.id: anomaly for anomaly in (make() for make in ALL)}
    if id.upper() not in known:
        raise BadInput(f'anomaly "{id}" is unknown; choose from {", ".join(known)}')
    return known[id.upper()]


__all__ = [
    "ALL",
    "Anomaly",
    "Finding",
    "Occurrence",
    "by_id",
    "cold_start",
    "connection_storm",
    "cross_zone",
    "early_double_delete",
    "evicted_sessions",
    "find",
    "head_of_line",
    "hot_shard",
    "invalidate_first",
    "inversion",
    "lagging_replica",
    "lock_expiry",
    "lost_at_failover",
    "lost_deletes",
    "lost_messages",
    "lost_node",
    "maintenance",
    "near_cache_race",
    "occurrence",
    "old_address",
    "out_of_credits",
    "own_write",
    "penetration",
    "query_beside_item",
    "reboot_of_a_primary",
    "rehash_storm",
    "snapshot_fork",
    "split_brain",
    "stale_set",
    "synchronised_ttl",
    "thundering_herd",
    "unflushed_writes",
    "unreachable",
    "wrong_password",
]
