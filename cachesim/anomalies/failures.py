"""Anomalies of failures: a tier goes away, comes back empty, or does not answer."""

import math
from functools import partial

from cachesim.anomalies.anomaly import Anomaly
from cachesim.anomalies.effects import (
    between,
    first_reads_stale,
    load_factor,
    lost_for_each,
    mean_read,
    queries,
    refused,
)
from cachesim.anomalies.herds import LoadedTogether
from cachesim.anomalies.worlds import world
from cachesim.engines.redis.engine import Redis
from cachesim.measure.checks import (
    OUTLIVED,
    all_answered,
    cache_is_of_use,
    lost_writes,
    no_pulse,
    no_stale_copy,
    short_reads,
)
from cachesim.measure.metrics import db_queries_per_s
from cachesim.model.database import Database
from cachesim.model.distributions import Constant, Exponential
from cachesim.model.faults import (
    Breaker,
    Calls,
    CrashCache,
    FailOverCache,
    FlushCache,
    KillNode,
    PartitionCache,
    RebootCache,
    RefuseCache,
    RejectCacheLogin,
)
from cachesim.model.fleet import Replicated
from cachesim.model.popularity import Uniform
from cachesim.model.resilience import Resilience
from cachesim.model.strategies import (
    DoubleDelete,
    LazyLoading,
    NoCache,
    WriteBehind,
    WriteThrough,
)
from cachesim.theory import write_behind_loss
from cachesim.units import US


def lost_deletes() -> Anomaly:
    """Return A4: the write commits, but its delete never reaches the cache."""
    at, down, rest, reads, writes = 6.0, 2.0, 0.6, 1.0, 0.1
    base = world(keys=3000, reads=reads, writes=writes, duration=15, warmup=5, start="warm")
    base = base.replace(faults=(RefuseCache(at=at, duration=down),))
    after = at + 2 * down + rest  # by then the second deletes of the cure are done
    share = -math.expm1(-writes * down) * reads / (reads + writes)
    return Anomaly(
        id="A4",
        name="crash between database and cache",
        story="W commits v2; the cache is out of reach, so v1 is not deleted; the cache is back and serves v1",
        shows=base.replace(strategy=LazyLoading(invalidate=True)),
        cure=base.replace(strategy=DoubleDelete(wait=down + rest / 2)),
        cured_by="deleting once more when the outage is over",
        effect=first_reads_stale(after),
        unit="of the keys",
        formula="(1 - e^(-writes · outage)) · reads / (reads + writes) · e^(-writes · time since)",
        predicted=share * math.exp(-writes * (after - at - down)),
        cured_to=0.01,
        check=partial(no_stale_copy, cause=OUTLIVED),
    )


def cold_start() -> Anomaly:
    """Return A8: the cache comes back empty, and the database gets its load."""
    at, window, reads, ttl = 40.0, 0.5, 1.0, 4.0
    base = world(keys=2000, reads=reads, duration=at + window, warmup=20, sample_every=window)
    base = base.replace(strategy=LazyLoading(ttl=ttl))
    first = -math.expm1(-reads * window) / (reads * window)
    fast = Replicated(1, detect=Constant(value=0.04), promote=Constant(value=0.01))
    return Anomaly(
        id="A8",
        name="cold start",
        story="all nodes restart empty; every read misses; the database gets 1 / (1 - h) times its load",
        shows=base.replace(faults=(FlushCache(at=at),)),
        cure=base.replace(cache=Redis(), fleet=fast, faults=(KillNode("primary", at=at),)),
        cured_by="a replica that takes over with its content, 50 ms after the primary died",
        effect=load_factor(at, window),
        unit="times the load before",
        formula="1 / (1 - h), h = reads · TTL / (1 + reads · TTL); times the part of the keys not yet back",
        predicted=(1 + reads * ttl) * first,
        cured_to=1.6,
        check=no_pulse,
    )


def maintenance() -> Anomaly:
    """Return A21: the only node is replaced in its maintenance window: first away, then empty."""
    at, away, keys, reads, after = 5.0, 2.0, 1000, 1.0, 8.0
    base = world(keys=keys, reads=reads, duration=at + away + after, warmup=2, start="warm")
    base = base.replace(strategy=LazyLoading(), sample_every=1.0)
    back = -math.expm1(-reads * after)
    reboot = RebootCache(node="node-0", at=at, duration=away)
    return Anomaly(
        id="A21",
        name="maintenance of a single node",
        story="a change waits for the maintenance window; the node is replaced; all reads miss, then each key once",
        shows=base.replace(faults=(RebootCache(at=at, duration=away),)),
        cure=base.replace(
            cache=Redis(), fleet=Replicated(1), faults=(FailOverCache(at=at - 1), reboot)
        ),
        cured_by="Multi-AZ: a replica, which has the content, takes over before the node is replaced",
        effect=queries,
        unit="additional queries to the database",
        formula="rate · time away + keys · (1 - e^(-reads · time since))",
        predicted=keys * reads * away + keys * back,
        cured_to=0.0,
        check=no_pulse,
    )


def unreachable() -> Anomaly:
    """Return A23: packets to the cache vanish, and every request pays the whole time-out."""
    timeout, retries, load = 0.05, 1, 0.002
    base = world(load=load, keys=10, reads=10, duration=22, warmup=2, start="warm")
    base = base.replace(database__buffer_read=Exponential(mean=load))
    base = base.replace(strategy=LazyLoading(), faults=(PartitionCache(at=2, duration=30),))
    calls = Calls(timeout=timeout, retries=retries)
    broken = Calls(timeout=timeout, retries=retries, breaker=Breaker(rest=10))
    return Anomaly(
        id="A23",
        name="unreachable cache",
        story="a security group drops the packets; R waits for the time-out, tries again, and asks the database",
        shows=base.replace(resilience=Resilience(cache=calls)),
        cure=base.replace(resilience=Resilience(cache=broken)),
        cured_by="a circuit breaker",
        effect=between(3, 20, mean_read),
        unit="s, the mean of a read",
        formula="time-out · (1 + retries), for get and set; the load and its leg",
        predicted=2 * timeout * (1 + retries) + load + US,
        cured_to=0.1 * timeout,
        check=partial(short_reads, limit=timeout),
    )


def wrong_password() -> Anomaly:
    """Return A24: the cache refuses every command, and the database gets every read."""
    base = world(keys=10, reads=100, duration=22, warmup=2, start="warm", sample_every=1.0)
    base = base.replace(strategy=LazyLoading())
    return Anomaly(
        id="A24",
        name="rejected login",
        story="the token was rotated, the clients were not; every get is refused at once; all reads go to the database",
        shows=base.replace(faults=(RejectCacheLogin(at=1, duration=60),)),
        cure=base,
        cured_by="both tokens valid while clients change over",
        effect=db_queries_per_s,
        unit="queries/s",
        formula="the rate of the reads",
        predicted=1000.0,
        cured_to=1.0,
        check=cache_is_of_use,
    )


def connection_storm() -> Anomaly:
    """Return A25: all clients connect at once, and the database has connections for only a few."""
    clients, connections, waiting = 600, 2, 200
    workload = LoadedTogether(rate=1e-3, reads=1.0, popularity=Uniform(keys=clients))
    slow = Constant(value=0.001)
    pool = Database(connections=connections, waiting=waiting, buffer_read=slow, disk_read=slow)
    base = world(keys=clients, reads=1.0, duration=5, warmup=0, strategy=NoCache())
    base = base.replace(workload=workload, database=pool)
    patient = Calls(retries=20, backoff=0.05, longest=1.0)
    return Anomaly(
        id="A25",
        name="connection storm",
        story="after a failover all clients connect in the same instant; beyond the limit they are refused",
        shows=base,
        cure=base.replace(resilience=Resilience(database=patient)),
        cured_by="retries with backoff and full jitter",
        effect=refused,
        unit="of the requests",
        formula="1 - limit / clients",
        predicted=1 - (connections + waiting) / clients,
        cured_to=0.0,
        check=all_answered,
        replications=3,
    )


def unflushed_writes() -> Anomaly:
    """Return A27: acknowledged writes that were not flushed yet die with the cache."""
    interval, writes, crashes = 1.0, 200.0, 20
    faults = tuple(
        CrashCache(at=2.0 * n + 1 + (n + 0.5) / crashes, down=0.001) for n in range(crashes)
    )
    base = world(keys=50, writes=writes / 50, duration=2.0 * crashes + 2, warmup=0, faults=faults)
    return Anomaly(
        id="A27",
        name="write-behind loss",
        story="W is acknowledged by the cache; the cache dies before the next flush; the database never gets it",
        shows=base.replace(strategy=WriteBehind(interval=interval, coalesce=False)),
        cure=base.replace(strategy=WriteThrough()),
        cured_by="write-through",
        effect=lost_for_each(crashes),
        unit="writes lost per crash",
        formula="F12: writes · flush interval / 2",
        predicted=write_behind_loss(writes, interval)[0],
        cured_to=0.0,
        check=lost_writes,
    )
