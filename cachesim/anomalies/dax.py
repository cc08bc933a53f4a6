"""The anomaly of DAX: its two caches do not learn of each other."""

from cachesim.anomalies.anomaly import Anomaly
from cachesim.anomalies.worlds import SOON, world
from cachesim.measure.checks import bounded_staleness
from cachesim.measure.metrics import stale_ratio
from cachesim.model.dynamo import DynamoDB
from cachesim.model.popularity import Uniform
from cachesim.model.strategies import Dax
from cachesim.model.workload import OpenLoop
from cachesim.scenario import Scenario
from cachesim.theory import lazy_stale_ratio


def query_beside_item() -> Anomaly:
    """Return A32: a write that DAX takes renews the item, and a query still gives the old result."""
    reads, writes, ttl = 1.0, 0.01, 300.0
    base = one_query(reads, writes).replace(duration=21_000, warmup=ttl)
    return Anomaly(
        id="A32",
        name="DAX's item and query caches",
        story="W puts an item through DAX: the item cache has v2; R's query finds v1 in the query cache",
        shows=base.replace(strategy=Dax(query_ttl=ttl)),
        cure=base.replace(strategy=Dax(query_ttl=0)),
        cured_by="a query TTL of 0: queries pass through",
        effect=stale_ratio,
        unit="of the queries",
        formula="F1 · F8: hit ratio of a TTL, times 1 - (1 - e^(-writes · TTL)) / (writes · TTL)",
        predicted=lazy_stale_ratio(reads, writes, ttl),
        cured_to=0.001,
        check=bounded_staleness,
    )


def one_query(reads: float, writes: float) -> Scenario:
    """Make a table of one item, and readers who ask one query."""
    workload = OpenLoop(
        rate=reads + writes,
        reads=reads / (reads + writes),
        popularity=Uniform(keys=1),
        queries=1.0,
        sql="SELECT key, price FROM items WHERE category = ?",
        parameter=Uniform(keys=1),
    )
    table = DynamoDB(buffer_read=SOON, commit=SOON, lag=SOON, categories=1)
    base = world(reads=reads, writes=writes)
    return base.replace(workload=workload, database=table)
