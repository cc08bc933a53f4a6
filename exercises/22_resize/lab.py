# %% [markdown] id="question"
# # 22 · Resize before the sale
#
# A shop keeps its sessions in one managed node, `cache.t3.micro`. A sale begins in 60 minutes, and then the node is too small. **How does it become larger, while the shop is open?**
#
# Write `plan(megabytes)`: it returns a list of calls of the service, `[minute, operation, parameters]`, with minutes from 0 to 55 in rising order. `megabytes` is the memory that the sale needs for keys;
# three quarters of a node's memory are for keys. The group is named `shop`; it has one node, no automatic failover and no Multi-AZ. The service is that of `cs.Cloud`, with AWS's names:
# `ModifyReplicationGroup`, `IncreaseReplicaCount` and all others. It takes its time, as AWS does: a new replica about seven minutes, another node type about a quarter of an hour.
#
# The rules:
#
# - the service accepts each call;
# - when the sale begins, the group is available, and each node has enough memory for keys;
# - when a machine dies, a replica takes over by itself (automatic failover, Multi-AZ);
# - customers notice nothing: no request fails for longer than a second;
# - no session is lost;
# - all nodes together cost at most 0.11 dollars per hour when the sale begins (`cachesim/data/node_types.csv` has the prices).
#
# Ours took 10 lines.


# %% id="plan"
def plan(megabytes):
    """List the calls that make the group ready for the sale: [minute, operation, parameters]."""
    # BEGIN SOLUTION
    shop = {"ReplicationGroupId": "shop", "ApplyImmediately": True}
    return [
        [0, "IncreaseReplicaCount", {**shop, "NewReplicaCount": 1}],
        [
            15,
            "ModifyReplicationGroup",
            {**shop, "AutomaticFailoverEnabled": True, "MultiAZEnabled": True},
        ],
        [16, "ModifyReplicationGroup", {**shop, "CacheNodeType": "cache.t3.small"}],
    ]
    # END SOLUTION


# %% id="parameters" tags=["parameters"]
def parameters(random):
    """Draw the parameters of one student."""
    return {"megabytes": random(500, 900)}


# %% id="helpers" tags=["helpers"]
from functools import partial
from typing import NamedTuple

import cachesim as cs
from cachesim.model.popularity import Uniform
from cachesim.service.faults import ServiceFault

SALE, LAST = 60, 55  # minutes: when the sale begins, and when the last call can be made
RATE, SOME = 40, 1 / 3  # requests per second; minutes of traffic that are looked at
SHOP = {
    "ReplicationGroupId": "shop", "ReplicationGroupDescription": "sessions", "NumCacheClusters": 1,
    "CacheNodeType": "cache.t3.micro", "PreferredMaintenanceWindow": "sun:05:00-sun:06:00",
}  # fmt: skip


class Seen(NamedTuple):
    """What came of a plan."""

    refused: list  # sentences of the service
    group: object  # as it is when the sale begins; None: there is none
    failed: int  # requests, near the moments at which something happened
    missed: float  # share of the sessions that the sale does not find


def calls_of(lab):
    """Return the plan of the student, if it is one."""
    calls = lab.call("plan", lab.params["megabytes"])
    assert isinstance(calls, list | tuple), f"plan() returned {calls!r:.60}, expected a list"
    for each in calls:
        assert isinstance(each, list | tuple) and len(each) == 3, (
            f"{each!r:.60} is not [minute, operation, parameters]"
        )
        minute, operation, wanted = each
        is_number = isinstance(minute, int | float) and 0 <= minute <= LAST
        assert is_number, (
            f"the minute of {operation!r:.40} must be from 0 to {LAST}, got {minute!r:.40}"
        )
        assert isinstance(operation, str) and operation[:1].isupper(), (
            f"{operation!r:.40} is no operation"
        )
        assert isinstance(wanted, dict), f"the parameters of {operation} must be a dict"
    assert [each[0] for each in calls] == sorted(each[0] for each in calls), "the minutes must rise"
    return calls


def called(desk, refused, minute, operation, wanted):
    """Make one call; note why the service refuses it."""
    try:
        getattr(desk, operation)(wanted)
    except (ServiceFault, AttributeError, KeyError) as fault:
        refused.append(f"minute {minute:g}, {operation}: {fault}")


def opened(calls, seed):
    """Return a cloud with a group that customers have filled, and the list of refusals to come."""
    cloud, refused = cs.Cloud(seed=seed, scale=1 / 200), []
    desk = cloud.desk("elasticache")
    desk.CreateReplicationGroup(SHOP)
    cloud.advance(minutes=15)
    traffic(cloud)
    for each in calls:
        cloud.at(each[0], partial(called, desk, refused, *each))
    return cloud, refused


def traffic(cloud):
    """Send requests for some seconds; return the history."""
    workload = cs.OpenLoop(rate=RATE, popularity=Uniform(keys=100))
    result = cloud.run(
        group="shop",
        strategy=cs.LazyLoading(),
        workload=workload,
        minutes=SOME,
        on_cache_error="raise",
    )
    return result.history[result.history["op"] != "sample"]


def seen(lab):
    """Play the plan twice: to learn when something happens, and then to look at the customers of those moments."""
    calls = calls_of(lab)
    first, refused = opened(calls, lab.seed)
    begin = first.account.calendar.now
    closed = []  # minutes in which there is no group
    for minute in range(SALE):
        first.at(minute + 0.5, lambda: closed.extend([1] * (not is_open(first))))
    first.advance(minutes=SALE)
    moments = sorted(
        {order.when for order in first.account.orders.orders if order.what != "resize"}
    )
    cloud, _ = opened(calls, lab.seed)
    failed = sum(near(cloud, moment) for moment in moments) + 60 * RATE * len(closed)
    cloud.advance(minutes=(begin - cloud.account.calendar.now) / 60 + SALE)
    if not is_open(cloud):
        return Seen(refused, None, failed, 1.0)
    group = cloud.desk("elasticache").groups.find("shop")
    lookups = traffic(cloud)["lookup"].dropna()
    return Seen(refused, group, failed, float((lookups != "hit").mean()))


def is_open(cloud):
    """Whether there is a group that takes requests."""
    groups = cloud.desk("elasticache").groups
    return "shop" in groups and groups.find("shop").status not in ("creating", "deleting")


def near(cloud, moment):
    """Count the requests that fail in the seconds around a moment, if nobody has looked at them yet."""
    now = cloud.account.calendar.now
    if moment < now:
        return 0
    cloud.advance(minutes=max(0.0, moment - 3 - now) / 60)
    if not is_open(cloud):
        return 0  # nobody answers: counted already
    return int(traffic(cloud)["error"].notna().sum())


# %% id="visible" tags=["visible"]
def test_calls_are_accepted(lab):
    assert calls_of(lab), "the plan is empty"
    refused = lab.once("seen", lambda: seen(lab)).refused
    assert not refused, f"the service refused {refused[0]}"


def test_large_enough_in_time(lab):
    group = lab.once("seen", lambda: seen(lab)).group
    assert group is not None, "there is no group to sell with at minute 60"
    assert group.status == "available", f"at minute {SALE} the group is still {group.status}"
    usable, wanted = group.node_type.usable / 2**20, lab.params["megabytes"]
    assert usable >= wanted, (
        f"{group.node_type.name} has {usable:.0f} MB for keys at minute {SALE}, the sale needs {wanted} MB"
    )


# %% id="hidden" tags=["hidden"]
def test_a_replica_takes_over(lab):
    group = lab.once("seen", lambda: seen(lab)).group
    assert group is not None, "no group"
    assert group.failover and group.zones, "no automatic failover over several zones"
    assert group.shards[0].ready(), "no replica"


def test_no_customer_notices(lab):
    found = lab.once("seen", lambda: seen(lab))
    assert found.group is not None, "no group"
    assert found.failed <= RATE, f"{found.failed} requests failed, at most {RATE} may"


def test_no_session_is_lost(lab):
    found = lab.once("seen", lambda: seen(lab))
    assert found.missed < 0.1, f"{found.missed:.0%} of the reads of the sale miss"


def test_price(lab):
    group = lab.once("seen", lambda: seen(lab)).group
    assert group is not None, "no group"
    price = sum(member.node_type.price for member in group.members)
    assert price <= 0.11, f"{price:.3f} dollars per hour"
