"""The full model of the textbook twin's system: TTL, versions, rows in SQLite, random legs, records."""

from time import process_time
from typing import Any

from cachesim.engines.base import EngineSpec
from cachesim.engines.simple import Simple
from cachesim.measure.history import Recorder
from cachesim.measure.metrics import requests
from cachesim.model.database import Database
from cachesim.model.distributions import Constant, Exponential
from cachesim.model.node import Node
from cachesim.model.popularity import Zipf
from cachesim.model.strategies.lazy import LazyLoading
from cachesim.model.system import System
from cachesim.model.workload import ClosedLoop, OpenLoop
from cachesim.scenario import Scenario

# As textbook.py has them, which cannot be imported without cachetools; a test compares.
CLIENTS, KEYS, ITEMS, READS, SKEW = 50, 10_000, 1_000, 0.95, 0.99
THINK, CACHE_SERVICE, DB_SERVICE, CONNECTIONS, SIZE = 0.05, 10e-6, 2e-3, 8, 100
RATE = 900.0  # requests per second of the open loop


def scenario(wanted: int, *, is_open: bool, cache: EngineSpec, keys: int = KEYS) -> Scenario:
    """Make a scenario of about `wanted` requests."""
    popularity, size = Zipf(keys=keys, skew=SKEW), Constant(value=SIZE)
    users = ClosedLoop(
        clients=CLIENTS,
        think=Exponential(mean=THINK),
        reads=READS,
        popularity=popularity,
        size=size,
    )
    arrivals = OpenLoop(rate=RATE, reads=READS, popularity=popularity, size=size)
    query = Exponential(mean=DB_SERVICE)
    return Scenario(
        strategy=LazyLoading(ttl=60, invalidate=True),
        cache=cache,
        node=Node(service=Exponential(mean=CACHE_SERVICE)),
        database=Database(
            connections=CONNECTIONS, buffer_read=query, disk_read=query, commit=query
        ),
        workload=arrivals if is_open else users,
        duration=wanted / RATE,
        warmup=0,
    )


def ours(wanted: int, *, is_open: bool = False, cache: EngineSpec | None = None) -> float:
    """Measure the seconds of CPU per request of our model, with its record in columns.

    Making a data frame of the columns is not included, for the twin does not do that either.
    """
    plan = scenario(wanted, is_open=is_open, cache=cache or Simple(items=ITEMS))
    recorder = Recorder()
    begin = process_time()
    System(plan, recorder.request, recorder.sample).run()
    took = process_time() - begin
    return took / requests(recorder.history())


def twin(wanted: int, *, is_open: bool = False, sql: bool = True) -> float:
    """Measure the seconds of CPU per request of the textbook twin, with rows in SQLite or in a dict."""
    from cachesim.cli.peers.textbook import Dictionary, Rows, Twin

    begin = process_time()
    model: Any = Twin(Rows() if sql else Dictionary())  # type: ignore[no-untyped-call]
    model.open(wanted, RATE) if is_open else model.closed(wanted)
    return (process_time() - begin) / wanted
