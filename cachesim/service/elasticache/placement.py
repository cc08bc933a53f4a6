"""Where nodes stand: the zones that a request prefers, or those of the subnet group in turn."""

from typing import Any

from cachesim.service.elasticache.checks import only
from cachesim.service.faults import ServiceFault, bad_combination, bad_value

SHARD = "PrimaryAvailabilityZone ReplicaAvailabilityZones ReplicaCount"


def in_turn(zones: list[str], count: int) -> list[str]:
    """Deal out zones.

    >>> in_turn(["a", "b"], 3)
    ['a', 'b', 'a']
    """
    return [zones[number % len(zones)] for number in range(count)]


def checked(chosen: list[str], count: int, zones: list[str], what: str) -> list[str]:
    """Return the zones that a request names: one for each node, and each in the subnet group."""
    if len(chosen) != count:
        raise bad_combination(f"{what} must name {count} zones, one for each node.")
    for zone in chosen:
        if zone not in zones:
            raise bad_value(
                f"The zone {zone} is not one of the subnet group; choose from {', '.join(zones)}."
            )
    return chosen


def cluster_zones(request: dict[str, Any], engine: str, count: int, zones: list[str]) -> list[str]:
    """Return the zone of each node of a cluster.

    >>> cluster_zones({"AZMode": "cross-az"}, "memcached", 3, ["a", "b"])
    ['a', 'b', 'a']
    >>> cluster_zones({}, "memcached", 3, ["a", "b"])
    ['a', 'a', 'a']
    """
    mode, several = request.get("AZMode", ""), request.get("PreferredAvailabilityZones")
    if engine != "memcached" and (mode or several):
        raise bad_combination(
            "AZMode and PreferredAvailabilityZones are for Memcached; use PreferredAvailabilityZone."
        )
    if mode == "cross-az" and count < 2:
        raise bad_combination("AZMode cross-az needs at least two nodes.")
    one = request.get("PreferredAvailabilityZone", "")
    if several:
        found = checked(several, count, zones, "PreferredAvailabilityZones")
    elif mode == "cross-az" and not one:
        found = in_turn(zones, count)
    else:
        found = checked([one or zones[0]] * count, count, zones, "PreferredAvailabilityZone")
    is_spread = len(set(found)) > 1
    if mode and is_spread != (mode == "cross-az"):
        raise bad_combination(f"AZMode {mode} does not go with the zones {', '.join(found)}.")
    return found


def group_zones(
    request: dict[str, Any], shards: int, members: int, zones: list[str]
) -> list[list[str]]:
    """Return the zones of each shard's members, the primary's first.

    >>> group_zones({"PreferredCacheClusterAZs": ["b", "a"]}, 1, 2, ["a", "b"])
    [['b', 'a']]
    """
    if request.get("MultiAZEnabled") and len(zones) < 2:
        raise bad_combination("Multi-AZ needs a subnet group with subnets in at least two zones.")
    several = request.get("PreferredCacheClusterAZs")
    configured = request.get("NodeGroupConfiguration")
    if several and (configured or shards > 1):
        raise bad_combination(
            "PreferredCacheClusterAZs is for one node group; use NodeGroupConfiguration."
        )
    if several:
        return [checked(several, members, zones, "PreferredCacheClusterAZs")]
    if not configured:
        return [in_turn(zones, members)] * shards
    if len(configured) != shards:
        raise bad_combination(
            f"NodeGroupConfiguration must have {shards} entries, one for each shard."
        )
    return [_shard_zones(each, members, zones) for each in configured]


def _shard_zones(shard: dict[str, Any], members: int, zones: list[str]) -> list[str]:
    """Return the zones of one shard's members."""
    only(shard, SHARD.split())
    if shard.get("ReplicaCount", members - 1) != members - 1:
        raise ServiceFault(
            "NotImplemented",
            "Node groups of different sizes are not simulated; "
            f"leave ReplicaCount out, or give {members - 1}.",
        )
    usual = in_turn(zones, members)
    primary = shard.get("PrimaryAvailabilityZone", usual[0])
    replicas = shard.get("ReplicaAvailabilityZones", usual[1:])
    return [
        *checked([primary], 1, zones, "PrimaryAvailabilityZone"),
        *checked(replicas, members - 1, zones, "ReplicaAvailabilityZones"),
    ]
