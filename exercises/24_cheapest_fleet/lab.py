# %% [markdown] id="question"
# # 24 · The cheapest fleet that keeps the objective
#
# A shop moves its cache to the managed service. It has an objective, and a bill to pay. **Which node type, how many shards, and how many replicas?**
#
# Write `fleet(gigabytes)`: it returns what the request of `CreateReplicationGroup` says of the nodes, a dict in AWS's shape, for rows that take so many gigabytes of memory: `CacheNodeType`, `NumNodeGroups`,
# `ReplicasPerNodeGroup`, `AutomaticFailoverEnabled`, `MultiAZEnabled`, or whatever else you need. Three loads of different sizes are tried, each in a cloud of its own, with real runs. The objective:
#
# - when each row has been read, at least 99 % of the reads hit, and 99 % of the reads take at most 4 ms (the application and the nodes stand in three zones);
# - `DatabaseMemoryUsagePercentage` of each node is at most 80;
# - the zone us-east-1a is lost, with all nodes in it; ten minutes later the reads hit as before.
#
# And the bill: the cheapest fleet that does all this. A fleet within 10 % of it counts as the cheapest. `TYPES`, below, has the memory that each type has for keys, and its price. A node
# takes about 0.18 GB for itself. Keys are dealt out to shards by a hash, never evenly: of several shards the fullest has up to 30 % more than its part. Each type is fast enough for the shop.
#
# Ours took 14 lines.

# %% id="facts" tags=["given"]
TYPES = {  # node type -> GB for keys, dollars an hour
    "cache.t4g.micro": (0.40, 0.016),
    "cache.t4g.small": (1.10, 0.032),
    "cache.t4g.medium": (2.49, 0.065),
    "cache.m6g.large": (5.14, 0.149),
    "cache.r6g.large": (10.53, 0.206),
}


# %% id="fleet"
def fleet(gigabytes):
    """Return the nodes that CreateReplicationGroup is asked for, for rows that take so many GB."""
    # BEGIN SOLUTION
    fitting = []
    for name, (room, price) in TYPES.items():
        for shards in range(1, 6):
            fullest = gigabytes / shards * (1.3 if shards > 1 else 1) + 0.18
            if fullest <= 0.8 * room:
                fitting.append((shards * price, shards, name))
    _, shards, name = min(fitting)
    return {
        "CacheNodeType": name,
        "NumNodeGroups": shards,
        "ReplicasPerNodeGroup": 1,
        "AutomaticFailoverEnabled": True,
        "MultiAZEnabled": True,
    }
    # END SOLUTION


# %% id="parameters" tags=["parameters"]
def parameters(random):
    """Draw the parameters of one student: bytes of a row of each load."""
    sizes = random(3100, 4000), random(7200, 10_000), random(14_500, 16_000)
    return {"small": sizes[0], "medium": sizes[1], "large": sizes[2]}


# %% id="helpers" tags=["helpers"]
from typing import NamedTuple

import cachesim as cs
from cachesim.service.faults import ServiceFault

ROWS, LAST, SCALE = 50, 100, 1 / 3000  # LAST: reads that count; SCALE: of all memory
ZONE = "us-east-1a"
LEAST_HITS, MOST_P99, MOST_MEMORY = 0.99, 0.004, 80  # share, seconds, percent
SPACE = "AWS/ElastiCache"
SHOP = {"ReplicationGroupId": "shop", "ReplicationGroupDescription": "the shop's cache"}


class Measured(NamedTuple):
    """What a fleet did under its load."""

    price: float  # dollars an hour
    hits: float  # share of the reads
    p99: float  # seconds
    memory: float  # percent of the fullest node
    after: float  # share of hits after the loss of a zone


def gigabytes(size):
    """Return the memory that all rows take in a Redis, in GB."""
    engine = cs.Redis(memory=2**40).build(clock=lambda: 0.0, random=lambda: 0.5)
    empty = engine.memory
    for number in range(ROWS):
        engine.set(f"{number}", bytes(size))
    return round((engine.memory - empty) / SCALE / 1e9, 2)


def created(lab, size):
    """Return a cloud with the student's fleet."""
    wanted = lab.call("fleet", gigabytes(size))
    assert isinstance(wanted, dict), f"fleet() returned {wanted!r:.60}, expected a dict"
    cloud = cs.Cloud(seed=lab.seed, scale=SCALE)
    desk = cloud.desk("elasticache")
    try:
        desk.CreateReplicationGroup({**wanted, **SHOP})
    except ServiceFault as fault:
        raise AssertionError(f"CreateReplicationGroup was refused: {fault}") from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise AssertionError(
            f"CreateReplicationGroup does not take these values: {error!r}"
        ) from None
    cloud.advance(minutes=30)
    (group,) = desk.DescribeReplicationGroups(SHOP)["ReplicationGroups"]
    assert group["Status"] == "available", f"the group is {group['Status']} after 30 minutes"
    return cloud


def reads(cloud, size, count):
    """Let the shop read so many rows; return the share of hits of the last ones, and their p99."""
    popular = cs.popularity.Uniform(keys=ROWS)
    rows = cs.distributions.Constant(value=size)
    load = cs.OpenLoop(rate=20, reads=1.0, popularity=popular, size=rows)
    lazy = cs.LazyLoading()
    minutes = count / 20 / 60
    result = cloud.run(group="shop", strategy=lazy, workload=load, minutes=minutes, zones=3)
    last = result.history.query("op == 'read'").tail(LAST)
    return (last["lookup"] == "hit").mean(), (last["end"] - last["begin"]).quantile(0.99)


def members(cloud):
    """Return the nodes of the group."""
    return cloud.desk("elasticache").DescribeCacheClusters({})["CacheClusters"]


def fullest(cloud):
    """Return the memory of the fullest node, in percent."""
    clock, watch, found = cloud.account.calendar, cloud.desk("cloudwatch"), []
    for node in members(cloud):
        of = [{"Name": "CacheClusterId", "Value": node["CacheClusterId"]}]
        points = watch.GetMetricStatistics(
            {
                "Namespace": SPACE, "MetricName": "DatabaseMemoryUsagePercentage", "Period": 60,
                "StartTime": clock.start, "EndTime": clock.date, "Statistics": ["Maximum"],
                "Dimensions": of,
            }
        )  # fmt: skip
        found += [point["Maximum"] for point in points["Datapoints"]]
    return max(found)


def tried(lab, load, lost=False):
    """Let the student's fleet bear a load, and perhaps the loss of a zone."""
    size = lab.params[load]
    cloud = created(lab, size)
    price = cloud.dollars()  # each node has begun its first hour
    hits, p99 = reads(cloud, size, 10 * ROWS + LAST)  # first each row is read
    after = hits
    if lost:
        there = [n for n in members(cloud) if n["PreferredAvailabilityZone"] == ZONE]
        cloud.kill(*(node["CacheClusterId"] for node in there))
        cloud.advance(minutes=10)
        after, _ = reads(cloud, size, LAST)
    cloud.advance(minutes=1)
    return Measured(price, hits, p99, fullest(cloud), after)


def fleet_of(lab, load):
    """Return the measurements of the student's fleet under a load; the small one loses a zone, too."""
    return lab.once(load, lambda: tried(lab, load, lost=load == "small"))


def keeps(lab, load):
    """Look at hits, times and memory."""
    found = fleet_of(lab, load)
    assert found.hits >= LEAST_HITS, f"the {load} load: {found.hits:.1%} of the reads hit"
    assert found.p99 <= MOST_P99, f"the {load} load: 99 % of the reads take {found.p99:.4f} s"
    assert found.memory <= MOST_MEMORY, f"the {load} load: a node is {found.memory:.0f} % full"


# %% id="visible" tags=["visible"]
def test_a_small_load(lab):
    keeps(lab, "small")


def test_a_zone_is_lost(lab):
    after = fleet_of(lab, "small").after
    assert after >= LEAST_HITS, f"{after:.1%} of the reads hit ten minutes after the loss of a zone"


# %% id="hidden" tags=["hidden"]
def test_a_medium_load(lab):
    keeps(lab, "medium")


def test_a_large_load(lab):
    keeps(lab, "large")


def test_not_twice_the_price(lab):
    check_price(lab, 1.95)


def test_the_cheapest(lab):
    check_price(lab, 1.1)
