"""Small worlds in which a test knows every number: instant tiers, scripted requests, scripted delays."""

from itertools import cycle

from cachesim.engines.simple import Simple
from cachesim.experiments.run import run
from cachesim.measure.history import select_requests
from cachesim.measure.statistics import interval
from cachesim.model.database import Database
from cachesim.model.distributions import Constant, Distribution
from cachesim.model.network import Network
from cachesim.model.node import Node
from cachesim.model.popularity import Uniform
from cachesim.model.strategies.base import Strategy
from cachesim.model.strategies.lazy import NoCache
from cachesim.model.workload import ClosedLoop, OpenLoop, Workload
from cachesim.scenario import Scenario
from cachesim.spec import Count
from cachesim.validate.worlds import INSTANT, ZERO


class Cycle(Distribution):
    """The given numbers, over and over: a delay for each visit."""

    numbers: tuple = (0.0,)

    def draws(self, rng):
        return cycle(self.numbers)


class Script(Workload):
    """The given (gap, op, key), in an open loop or, with `clients`, in a closed one."""

    steps: tuple = ()
    loaded: tuple = ("a",)
    clients: Count | None = None

    @property
    def users(self):
        return self.clients

    def keys_loaded(self):
        return list(self.loaded)

    def requests(self, seed):
        return iter(self.steps)

    def size_of(self, key):
        return 100


def scripted(strategy, steps, **fields):
    """Return a scenario of 1,000 s that plays the steps: a visit to the cache takes 1 s, a read of the
    database 10 s, a commit 20 s, unless `fields` say otherwise.
    """
    world = {
        "cache": Simple(),
        "node": Node(service=ZERO, per_byte=0, per_key=0),
        "network": Network(in_zone=Constant(value=1.0), cross_zone=ZERO, database_in_zone=False),
        "database": Database(
            connections=9,
            buffer_hit_ratio=1.0,
            buffer_read=Constant(value=10.0),
            commit=Constant(value=20.0),
        ),
        "workload": Script(steps=tuple(steps)),
        "duration": 1000,
        "warmup": 0,
    }
    return Scenario(strategy=strategy, **{**world, **fields})


def drawn(strategy, *, requests=20_000, rate=1000.0, warmup=0.0, **fields):
    """Return an instant open-loop scenario of about that many requests; more `fields` go to the
    workload if they are its own (keys, reads, popularity).
    """
    keys = fields.pop("keys", 1)
    popularity = fields.pop("popularity", Uniform(keys=keys))
    workload = OpenLoop(rate=rate, reads=fields.pop("reads", 1.0), popularity=popularity)
    world = {**INSTANT, "cache": Simple(), "workload": workload, "sample_every": 1e9, **fields}
    return Scenario(strategy=strategy, duration=requests / rate, warmup=warmup, **world)


def crowd(strategy, *, clients, duration=20.0, **fields):
    """Return a closed loop of eager clients that read and write five keys half and half."""
    workload = ClosedLoop(
        clients=clients, think=Constant(value=0.001), reads=0.5, popularity=Uniform(keys=5)
    )
    world = {"cache": Simple(), "workload": workload, "warmup": 0, **fields}
    return Scenario(strategy=strategy, duration=duration, **world)


def requests_of(scenario):
    """Run, and return one row per request."""
    return select_requests(run(scenario).history)


def over_seeds(scenario, measured, seeds):
    """Return `measured(result)` of a run for each seed."""
    return [measured(run(scenario.replace(seed=seed))) for seed in seeds]


def metric(name):
    """Make a function that reads one metric from a result."""
    return lambda result: result.metrics[name]


def agrees(values, expected):
    """Return whether the 99 % Student-t interval of independent values covers what theory expects.

    Once, over many sets of seeds, this was checked to fail about as often as it says:
    see docs/background/fidelity.md.
    """
    _, low, high = interval(values, 0.99)
    return low <= expected <= high


class FromCache(Strategy):
    """A base for strategies made in tests: reads ask the cache, then the database; writes commit."""

    def read(self, app, key):
        value = yield app.cache.get(key)
        if value is None:
            value = yield app.db.read(key)
        return value

    def write(self, app, key, value):
        yield app.db.write(key, value)


def reads(*gaps):
    """Return reads of "a" after these gaps."""
    return [(float(gap), "read", "a") for gap in gaps]


def took(records):
    """Return the latencies in seconds."""
    return (records["end"] - records["begin"]).tolist()


def played(steps, *faults, strategy=None, **fields):
    """Return the records of a scripted run under faults."""
    world = scripted(strategy or NoCache(), steps, faults=faults)
    return requests_of(world.replace(**fields))
