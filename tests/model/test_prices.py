"""Strategies that send commands of their own: how busy the node is, and how long they wait, as theory says."""

import math

import pytest

from cachesim.engines.memcached.engine import Memcached
from cachesim.engines.redis.engine import Redis
from cachesim.experiments.run import run
from cachesim.measure.metrics import read_mean
from cachesim.model.distributions import Constant
from cachesim.model.node import Node
from cachesim.model.popularity import Uniform
from cachesim.model.strategies.base import Strategy
from cachesim.model.strategies.lazy import LazyLoading
from cachesim.model.strategies.session import DATA, SessionStore
from cachesim.model.strategies.versions import Leases, VersionCheck
from cachesim.model.workload import OpenLoop
from cachesim.records import Value
from cachesim.scenario import Scenario
from cachesim.theory import mgc_wait
from cachesim.units import US
from tests.model.worlds import INSTANT, agrees, over_seeds, requests_of

SERVICE, BYTE, SIZE = 100 * US, 1 * US, 400  # seconds, seconds, bytes
VERSION = 8  # bytes behind each copy of VersionCheck
RATE = 800.0  # requests per second


def warm(strategy, cache, reads=1.0, **fields):
    """Return a scenario of 10 s in which every key is held, and only the cache node takes time."""
    size = Constant(value=SIZE)
    workload = OpenLoop(rate=RATE, reads=reads, popularity=Uniform(keys=5_000), size=size)
    world = {**INSTANT, "node": Node(service=Constant(value=SERVICE), per_byte=BYTE), **fields}
    return Scenario(
        strategy=strategy, cache=cache, workload=workload, start="warm", duration=10, warmup=0, **world
    )  # fmt: skip


def visits(count, moved):
    """Return the seconds of work of so many commands that move so many bytes in all."""
    return count * SERVICE + moved * BYTE


ONE_THREAD = Memcached(threads=1)
ASKS = {  # strategy, engine, share of reads, seconds of work of a read and of a write
    "session": (SessionStore(ttl=1e6), Redis(), 0.6, visits(2, SIZE), visits(2, SIZE + len(DATA))),
    "leases": (Leases(inner=LazyLoading()), ONE_THREAD, 1.0, visits(1, SIZE), 0.0),
    "version check": (VersionCheck(), ONE_THREAD, 0.6, visits(1, SIZE + VERSION), visits(2, 2 * (SIZE + VERSION))),
}  # fmt: skip


@pytest.mark.parametrize("name", ASKS)
def test_a_node_is_as_busy_as_its_commands_make_it(name):
    """Rate x mean work, within what chance does to the number and kind of 8,000 requests at 99 %."""
    strategy, cache, reads, read, write = ASKS[name]
    result = run(warm(strategy, cache, reads))
    mean = reads * read + (1 - reads) * write
    square = reads * read**2 + (1 - reads) * write**2  # of a compound Poisson sum
    deviation = math.sqrt(RATE * square / 10)

    assert 1.0 == result.metrics["hit_ratio"]
    assert abs(result.metrics["cache_utilization"] - RATE * mean) < 2.576 * deviation


@pytest.mark.parametrize(
    ("strategy", "moved"),
    [(Leases(inner=LazyLoading()), SIZE), (VersionCheck(), SIZE + VERSION)],
    ids=["leases", "version check"],
)
def test_a_hit_waits_as_in_a_queue_with_its_bytes(strategy, moved):
    """One visit of constant work each, Poisson arrivals: M/D/1 (Pollaczek and Khinchine), at 99 %."""
    work = visits(1, moved)
    latency = work + mgc_wait(RATE, work, work**2)
    found = over_seeds(
        warm(strategy, ONE_THREAD), lambda result: read_mean(result.measured), range(12)
    )

    assert agrees(found, latency)


def test_a_session_is_found_and_renewed_in_the_time_of_two_commands():
    """At one request a second nobody waits: a read takes what HGET and PEXPIRE cost, a write HSET and PEXPIRE."""
    rare = warm(SessionStore(ttl=1e6), Redis(), reads=0.5).replace(
        workload__rate=1.0, duration=200.0
    )
    records = requests_of(rare)
    took = (records["end"] - records["begin"]).groupby(records["op"], observed=True).median()

    assert visits(2, SIZE) == pytest.approx(took["read"])
    assert visits(2, SIZE + len(DATA)) == pytest.approx(took["write"])


class ByCommands(Strategy):
    """Cache-aside with the engine's own commands in place of get, set and delete."""

    ask: tuple = ("GET",)

    def read(self, app, key):
        """As LazyLoading, by `execute`."""
        found = yield app.cache.execute(*self.ask, key)
        if found is not None:
            app.cache.note(key, "hit")
            return Value(found)
        app.cache.note(key)
        value = yield app.db.read(key)
        yield app.cache.execute(*self.store(key, value))
        return value

    def write(self, app, key, value):
        """As LazyLoading(invalidate=True), by `execute`."""
        yield app.db.write(key, value)
        yield app.cache.execute("DEL" if self.ask == ("GET",) else "delete", key)

    def store(self, key, value):
        """Return the command that stores a value."""
        return ("SET", key, value) if self.ask == ("GET",) else ("set", key, 0, 0, value)


@pytest.mark.parametrize(
    ("cache", "ask"),
    [(Redis(memory=800_000), ("GET",)), (Memcached(memory=1 << 20), ("get",))],
    ids=repr,
)
def test_a_run_by_commands_is_the_run_by_methods(cache, ask):
    """Record for record, to the last bit of every time."""
    ours, theirs = (
        requests_of(
            warm(strategy, cache, reads=0.8).replace(start="cold", network=Scenario().network)
        )
        for strategy in (ByCommands(ask=ask), LazyLoading(ttl=math.inf, invalidate=True))
    )

    assert 0 < (ours["lookup"] == "evicted").sum() < (ours["lookup"] == "hit").sum()
    assert theirs.equals(ours)


def test_a_lease_that_hits_costs_what_a_get_costs():
    """Leases ask by `mg`, lazy loading by `get`: with every key held their records are the same."""
    leases, lazy = (
        requests_of(warm(strategy, Memcached()))
        for strategy in (Leases(inner=LazyLoading()), LazyLoading())
    )

    assert lazy.equals(leases)
