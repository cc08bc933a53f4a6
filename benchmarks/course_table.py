"""The course's table "Redis or Memcached": every cell is what a run, or a server's own reply, says.

`python benchmarks/course_table.py --write` puts it into docs/background/redis_or_memcached.md. All is
seeded: the same code gives the same table, and a test holds the page to it.
"""

import sys
import tempfile
from pathlib import Path

import cachesim as cs
from cachesim.engines.redis.watched import LoneEngine
from cachesim.wire.clients import Clients
from cachesim.wire.memcached_clients import MemcachedClients, PasswordFiles
from cachesim.wire.memcached_conversation import MemcachedConversation

PAGE = Path(__file__).parents[1] / "docs/background/redis_or_memcached.md"
BEGIN, END = "<!-- made by benchmarks/course_table.py -->", "<!-- end of the course's table -->"
KEYS = 1000
READS = cs.OpenLoop(rate=20, reads=1.0, popularity=cs.popularity.Uniform(keys=KEYS))
WARM = cs.Scenario(
    strategy=cs.LazyLoading(), workload=READS, duration=12, warmup=0, start="warm", sample_every=0.5
)
TRIED = (  # what a course names, and a command that needs it
    ("lists", "LPUSH a 1"), ("sets", "SADD a 1"), ("sorted sets", "ZADD a 1 x"),
    ("hashes", "HSET a f 1"), ("geo", "GEOADD a 13 38 x"), ("messages", "PUBLISH a 1"),
    ("transactions", "MULTI"), ("streams", "XADD a * f 1"), ("snapshots", "LASTSAVE"),
)  # fmt: skip


def kept(cache, *faults):
    """Return the share of the keys that are there after a fault at 5 s that lasts 1 s."""
    history = cs.run(WARM.replace(cache=cache, faults=faults, workload__rate=1)).history
    samples = history[history["op"] == "sample"].set_index("begin")["items"]
    return f"{samples[6.5] / samples[4.5]:.0%}"


def reads(scenario, begin, end):
    """Return the share of the reads between two moments that hit."""
    history = cs.run(scenario).history
    chosen = history[(history["op"] == "read") & history["begin"].between(begin, end)]
    return f"{(chosen['lookup'] == 'hit').mean():.0%}"


def loses_a_node(cache, fleet, node):
    """Return the share of the reads that hit between 30 and 60 s, after a node has died at 2 s."""
    fault = cs.faults.KillNode(node, at=2)
    return reads(WARM.replace(cache=cache, fleet=fleet, faults=(fault,), duration=60), 30, 60)


def gets_a_node(cache, fleet, fault):
    """Return the share of the reads that hit just after a fifth node has joined."""
    many = WARM.replace(cache=cache, fleet=fleet, faults=(fault,), workload__rate=50)
    return reads(many, 4, 8)


def latency(cache):
    """Return the median time of a hit in ms, as a client sees it."""
    history = cs.run(WARM.replace(cache=cache, workload__rate=2000)).history
    hits = history[history["lookup"] == "hit"]
    return f"{1000 * (hits['end'] - hits['begin']).median():.2f} ms"


def redis_says(line, password=""):
    """Return the reply of the embedded Redis to a line of text."""
    engine = LoneEngine(cs.Redis(), cs.ManualClock(), lambda: 0.5)
    if password:
        engine.execute(("CONFIG", "SET", "requirepass", password))
    return Clients(engine).join("c:1").receive(line.encode() + b"\r\n").decode()


def memcached_says(line, password=""):
    """Return the reply of the embedded Memcached to a line of text."""
    engine = cs.Memcached().build(cs.ManualClock(), lambda: 0.5)
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(f"ada:{password}\n")
        file.flush()
        files = PasswordFiles(text=file.name) if password else PasswordFiles()
        clients = MemcachedClients(engine, files)
        return MemcachedConversation(engine, clients).receive(line.encode() + b"\r\n").decode()


def told(reply):
    """Return the first line of a reply, as a table shows it."""
    return f"`{reply.splitlines()[0]}`"


def unknown(says, ok):
    """Return which of the structures a server has."""
    return ", ".join(name for name, line in TRIED if ok(says(line))) or "none of these"


def rows():
    """Yield what is compared, and what each of the two says or does."""
    redis, memcached = cs.Redis(persistence="rdb"), cs.Memcached()
    reboot = cs.faults.RebootCache(at=5, duration=1)
    crash = cs.faults.CrashCache(at=5, down=1)
    yield "keys that an orderly restart leaves", [kept(each, reboot) for each in (redis, memcached)]
    yield "the same without snapshots", [kept(cs.Redis(), reboot), "-"]
    yield "keys that a crash leaves", [kept(each, crash) for each in (redis, memcached)]
    snapshot = cs.faults.SnapshotCache(at=2)
    yield "the same, 3 s after a snapshot", [kept(redis, snapshot, crash), "-"]
    yield "a read without a password", [
        told(redis_says("GET a", "secret")), told(memcached_says("get a", "secret")),
    ]  # fmt: skip
    yield "median time of a hit", [latency(each) for each in (cs.Redis(), memcached)]
    yield (
        "reads that hit, half a minute after one of four primaries has died",
        [
            loses_a_node(cs.Redis(), cs.Shards(4, replicas=1), "shard-0 primary"),
            loses_a_node(memcached, cs.Pool(4), "node-0"),
        ],
    )
    yield (
        "reads that hit, some seconds after a fifth node has joined",
        [
            gets_a_node(cs.Redis(), cs.Shards(4), cs.faults.AddShard(at=2)),
            gets_a_node(memcached, cs.Pool(4), cs.faults.AddNode(at=2)),
        ],
    )
    yield (
        "of " + ", ".join(name for name, _ in TRIED) + " it has",
        [
            unknown(redis_says, lambda reply: "unknown command" not in reply),
            unknown(memcached_says, lambda reply: not reply.startswith("ERROR")),
        ],
    )
    yield (
        "`SELECT name FROM users`",
        [told(each("SELECT name FROM users")) for each in (redis_says, memcached_says)],
    )


def table():
    """Return the table in Markdown."""
    lines = ["| | Redis | Memcached |", "|---|---|---|"]
    return "\n".join(lines + [f"| {name} | {' | '.join(cells)} |" for name, cells in rows()])


def renewed(page):
    """Return the page with a new table."""
    before, rest = page.split(BEGIN)
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    if "--write" in sys.argv:
        PAGE.write_text(renewed(PAGE.read_text()))
    else:
        print(table())
