"""The caching patterns as one table of trade-offs, every figure from a run.

`python benchmarks/strategies_table.py --write` puts the table into docs/background/strategies.md, `--check` fails
if the page has another one. All is seeded: the same code gives the same table, and a test holds the page to it.
"""

import math
import sys
from pathlib import Path

import cachesim as cs
from cachesim import strategies as st

PAGE = Path(__file__).parents[1] / "docs/background/strategies.md"
BEGIN, END = "<!-- made by benchmarks/strategies_table.py -->", "<!-- end -->"
TTL = 2.0  # seconds
CRASH = 2.0  # seconds: when the cache crashes in the runs of the last column
REDIS, MEMCACHED = cs.Redis(memory=8 * cs.MIB), cs.Memcached(memory=8 * cs.MIB)
LAZY = cs.LazyLoading(ttl=TTL)
INVALIDATING = cs.LazyLoading(ttl=TTL, invalidate=True)
HEAD = "| strategy | hits | stale | read p50 | read p99 | write p50 | queries/s | lost | when |"

ROWS = (  # name, strategy, engine, when to use it
    ("no cache", st.NoCache(), REDIS, "the base line; data that nobody reads twice"),
    ("lazy loading, TTL", LAZY, REDIS, "reads dominate, and a copy as old as the TTL will do"),
    ("lazy loading, delete after the commit", INVALIDATING, REDIS,
     "the usual choice; the TTL bounds the rare race"),
    ("... delete before the commit", st.InvalidateFirst(ttl=TTL), REDIS, "never: a read in between fills the old row"),
    ("... double delete", st.DoubleDelete(ttl=TTL, wait=0.2), REDIS,
     "where the order cannot be changed, or replicas lag"),
    ("write-through", cs.WriteThrough(), REDIS, "what is written is soon read; few writers per key"),
    ("write-through, no fill", cs.WriteThrough(fill=False), REDIS, "one writer, and reads may never be stale"),
    ("write-through, TTL", cs.WriteThrough(ttl=TTL), REDIS, "the same, with races and dead data bounded"),
    ("write-around", st.WriteAround(), REDIS, "data that is written once, such as logs"),
    ("write-behind, 0.5 s", st.WriteBehind(interval=0.5), REDIS,
     "many writes per key that may be lost: counters, positions"),
    ("read-through", st.ReadThrough(ttl=TTL, invalidate=True), REDIS,
     "the cache knows how to load, so applications need not"),
    ("refresh-ahead", st.RefreshAhead(ttl=TTL), REDIS, "hot keys whose readers should never wait"),
    ("stale-while-revalidate", st.StaleWhileRevalidate(ttl=TTL, stale=TTL), REDIS,
     "pages and feeds: fast matters more than fresh"),
    ("early refresh (XFetch)", st.XFetch(ttl=TTL), REDIS, "hot keys, slow loads, and no lock to share"),
    ("single flight", st.SingleFlight(inner=INVALIDATING), REDIS, "hot keys and slow loads in one process"),
    ("leases", st.Leases(inner=INVALIDATING), MEMCACHED, "the same among many processes, and no stale sets"),
    ("negative caching", st.NegativeCaching(inner=INVALIDATING), REDIS, "keys that often do not exist"),
    ("loads from replicas", st.ReadReplicas(inner=INVALIDATING), REDIS,
     "the primary is full, and old copies will do"),
    ("TTL with jitter", st.Jitter(inner=LAZY), REDIS, "keys that are filled together, for example by a batch"),
    ("version check (CAS)", st.VersionCheck(ttl=TTL), MEMCACHED,
     "several writers per key, and copies that must not go back"),
    ("near cache", st.NearCache(inner=INVALIDATING, near_ttl=TTL), REDIS, "few keys, read by everybody all the time"),
    ("query cache, TTL (all reads are queries)", st.QueryCache(ttl=TTL), REDIS,
     "lists and searches that may be as old as the TTL"),
    ("... delete by table", st.QueryCache(ttl=TTL, invalidate="table"), REDIS, "tables that are hardly written"),
    ("... delete by row", st.QueryCache(ttl=TTL, invalidate="row"), REDIS,
     "conditions on columns that no write changes"),
    ("DAX", st.Dax(item_ttl=TTL, query_ttl=TTL), REDIS,
     "DynamoDB, where milliseconds are too many and results may be as old as the TTL"),
    ("session store", st.SessionStore(ttl=TTL), REDIS, "state of users that may be lost: they log in again"),
    ("lock", st.Locked(ttl=TTL), REDIS, "work that two should not do at the same time, for efficiency"),
    ("lock with fencing", st.Locked(ttl=TTL, fencing=True), REDIS, "work that two must not do at the same time"),
)  # fmt: skip


def scenario(strategy, cache, **fields):
    """Return the one workload of all rows: nine reads for each write, memory for everything."""
    popularity = cs.popularity.Zipf(keys=2000, skew=0.99)
    asks = isinstance(strategy, st.QueryCache)
    workload = cs.OpenLoop(rate=1000, reads=0.9, popularity=popularity, queries=float(asks))
    world = {
        "workload": workload,
        "database": cs.Database(connections=8, replicas=2),
        "warmup": 3,
        "duration": 8,
    }
    return cs.Scenario(strategy=strategy, cache=cache, **{**world, **fields})


def lost(strategy, cache):
    """Return how many writes acknowledged before a crash of the cache never reached the database."""
    crash = (cs.faults.CrashCache(at=CRASH, down=0.1),)
    history = cs.run(scenario(strategy, cache, faults=crash, warmup=1, duration=2.5)).history
    writes = history[(history["op"] == "write") & history["error"].isna()]
    return int((writes["version"].isna() & (writes["end"] <= CRASH)).sum())


def row(name, strategy, cache, when):
    """Return one line of the table."""
    metrics = cs.run(scenario(strategy, cache)).metrics
    shares = [
        f"{metrics[m]:.2%}" if not math.isnan(metrics[m]) else "–"
        for m in ("hit_ratio", "stale_ratio")
    ]
    times = [f"{1000 * metrics[m]:.2f} ms" for m in ("read_p50", "read_p99", "write_p50")]
    cells = [
        name,
        *shares,
        *times,
        f"{metrics['db_queries_per_s']:.0f}",
        f"{lost(strategy, cache)}",
        when,
    ]
    return f"| {' | '.join(cells)} |"


def table():
    """Return the table in Markdown."""
    return "\n".join([HEAD, "|---" + "|---:" * 7 + "|---|", *(row(*line) for line in ROWS)])


def renewed(page):
    """Return the page with a new table."""
    before, rest = page.split(BEGIN)
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    page = PAGE.read_text(encoding="utf-8")
    if "--write" in sys.argv:
        PAGE.write_text(renewed(page), encoding="utf-8")
    elif "--check" in sys.argv:
        sys.exit(0 if page == renewed(page) else f"{PAGE} is out of date; run this with --write")
    else:
        print(table())
