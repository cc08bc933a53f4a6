"""Where many users think, clients are pooled: the records are those of a client per user, byte for byte."""

import math

import pytest

from cachesim.engines.memcached.engine import Memcached
from cachesim.engines.redis.engine import Redis
from cachesim.engines.simple import Simple
from cachesim.experiments.explain import explain
from cachesim.experiments.witness import steps
from cachesim.model import faults as f
from cachesim.model import system
from cachesim.model.choice import system_for
from cachesim.model.database import Database
from cachesim.model.distributions import Exponential
from cachesim.model.popularity import Zipf
from cachesim.model.resilience import Breaker, Calls, Resilience
from cachesim.model.strategies.behind import WriteBehind
from cachesim.model.strategies.lazy import DoubleDelete, LazyLoading
from cachesim.model.strategies.near import NearCache
from cachesim.model.strategies.refresh import RefreshAhead
from cachesim.model.strategies.session import SessionStore
from cachesim.model.strategies.versions import Leases
from cachesim.model.workload import ClosedLoop
from cachesim.scenario import Scenario
from cachesim.units import MIB
from tests.model.worlds import FromCache

SKEW = f.SkewClocks(at=0.5, duration=1.0, by=0.5)
PATIENCE = Calls(timeout=0.004, retries=1, breaker=Breaker())
WORLDS = {
    "plain": {},
    "writers": {"workload__writers": 40},
    "skewed clocks": {"faults": [SKEW], "strategy": NearCache(near_ttl=0.2)},
    "a crash, time-outs, retries": {
        "faults": [f.CrashCache(at=0.7, down=0.4), f.SlowDatabase(at=0.3, duration=1, factor=20)],
        "resilience": Resilience(cache=PATIENCE, database=PATIENCE),
    },
    "near caches": {"strategy": NearCache(items=3)},
    "leases": {"strategy": Leases(), "cache": Memcached(memory=2 * MIB)},
    "a second delete": {"strategy": DoubleDelete(wait=0.05)},
    "refreshed beside the request": {"strategy": RefreshAhead(ttl=0.3)},
    "a flusher": {"strategy": WriteBehind(interval=0.1)},
    "sessions": {"strategy": SessionStore(ttl=0.5), "cache": Redis(memory=MIB)},
}


def world(users, **fields):
    """Return a closed loop of some 600 requests in two seconds, over 30 keys."""
    loop = ClosedLoop(
        clients=users,
        think=Exponential(mean=users / 300),
        reads=0.7,
        popularity=Zipf(keys=30),
    )
    base = Scenario(
        strategy=LazyLoading(ttl=0.3, invalidate=True),
        cache=Simple(items=20),
        database=Database(connections=4, waiting=20_000),
        workload=loop,
        duration=2,
        warmup=0,
        sample_every=0.5,
    )
    return base.replace(**fields)


def played(scenario):
    """Run; return the records, the samples, and how many clients were made."""
    records, looks = [], []
    live = system_for(scenario)(scenario, records.append, looks.append)
    live.run()
    return records, looks, live._clients


def with_a_client_per_user(monkeypatch, call, *arguments):
    """Call with pooling out of reach."""
    with monkeypatch.context() as patch:
        patch.setattr(system, "POOLED", math.inf)
        return call(*arguments)


@pytest.mark.parametrize("users", [50, 1_000, 10_000])
@pytest.mark.parametrize("name", WORLDS)
def test_records_and_samples_are_equal(name, users, monkeypatch):
    """With pooled clients and with a client per user, whatever keeps something per client."""
    scenario = world(users, **WORLDS[name])
    records, looks, clients = with_a_client_per_user(monkeypatch, played, scenario)
    monkeypatch.setattr(system, "POOLED", 0)
    pooled = played(scenario)

    assert (records, looks) == pooled[:2]
    assert len(records) > 300
    assert users == clients
    assert pooled[2] < 50


def test_few_users_have_a_client_each():
    """Up to POOLED users; with one more, clients are shared."""
    assert system.POOLED == played(world(system.POOLED))[2]
    assert played(world(system.POOLED + 1))[2] < system.POOLED


class Clocks(FromCache):
    """Says whose clock shows what."""

    def read(self, app, key):
        app.shared.setdefault("seen", []).append((app.client, app.now - app._env.now))
        return (yield from super().read(app, key))


def test_a_user_keeps_his_clock(monkeypatch):
    """`app.client` is the user's number, and the skew of `app.now` is his own, whichever client serves him."""
    scenario = world(1_000, strategy=Clocks(), faults=[SKEW], workload__reads=1.0)

    def seen():
        live = system_for(scenario)(scenario, (records := []).append, lambda look: None)
        live.run()
        assert {record[0] for record in records} == {user for user, _ in live.shared["seen"]}
        return live.shared["seen"]

    own = with_a_client_per_user(monkeypatch, seen)
    assert own == seen()
    assert len({skew for _, skew in own}) > 100


def test_background_work_keeps_the_number_of_its_user():
    """What `app.spawn` started sees the user who started it, though his client serves another one by now."""
    seen = []

    class Late(FromCache):
        def read(self, app, key):
            app.spawn(self.later(app, app.client))
            return (yield from super().read(app, key))

        def later(self, app, user):
            yield app.timeout(0.3)
            seen.append((user, app.client))

    played(world(1_000, strategy=Late()))

    assert len(seen) > 100
    assert all(user == client for user, client in seen)


def test_who_asked_is_seen(monkeypatch):
    """The steps that an explanation is made of name the user, not the client that served him."""
    scenario = world(1_000)
    own = with_a_client_per_user(monkeypatch, steps, scenario, 0.0, 2.0)
    story = with_a_client_per_user(monkeypatch, explain, scenario, 100)

    assert own.equals(steps(scenario, 0.0, 2.0))
    assert str(story) == str(explain(scenario, 100))
