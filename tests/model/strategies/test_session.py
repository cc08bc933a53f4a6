"""The session store: a sliding TTL, logouts, and who serves whom."""

import pytest

from cachesim.engines.redis.engine import Redis
from cachesim.engines.simple import Simple
from cachesim.errors import BadInput
from cachesim.experiments.run import run
from cachesim.model.strategies.session import SessionStore
from cachesim.theory.freshness import sliding_ttl_hit_ratio
from tests.model.worlds import Script, agrees, drawn, metric, over_seeds, requests_of, scripted


def served(strategy, *steps, **fields):
    """Return lookup, latency and write id of each request, on Redis."""
    workload = Script(steps=steps, loaded=("a", "b"))
    rows = requests_of(scripted(strategy, (), workload=workload, cache=Redis(), **fields))
    rows = rows.sort_values("begin")
    rows = rows.assign(
        took=rows["end"] - rows["begin"], lookup=rows["lookup"].astype(object).fillna("-")
    )
    return [tuple(row) for row in rows[["lookup", "took", "write"]].itertuples(index=False)]


def test_a_session_by_hand():
    """Log in: HGET, the row, HSET, PEXPIRE. Each use renews 50 s; the change is read back; 80 s of silence end it,
    and the next log-in begins with what the database knows.
    """
    steps = [(1.0, "read", "a"), (40.0, "read", "a"), (40.0, "write", "a"), (40.0, "read", "a")]
    rows = served(SessionStore(ttl=50), *steps, (80.0, "read", "a"))

    assert [
        ("cold", 13.0, 0), ("hit", 2.0, 0), ("-", 2.0, 1), ("hit", 2.0, 1), ("expired", 13.0, 0),
    ] == rows  # fmt: skip


def test_the_sliding_ttl_is_that_of_theory():
    """F2: 1 - exp(-λT) of the reads find their session."""
    scenario = drawn(SessionStore(ttl=0.05), keys=20, requests=6_000, cache=Redis())
    values = over_seeds(scenario, metric("hit_ratio"), range(1, 8))

    assert agrees(values, sliding_ttl_hit_ratio(1000 / 20, 0.05))


def test_any_client_serves_any_session():
    """The web tier has no state: a session is served by many clients and stays the same."""
    scenario = drawn(SessionStore(), keys=3, requests=2_000, rate=5000.0, cache=Redis())
    scenario = scenario.replace(network__in_zone__value=0.001)
    reads = requests_of(scenario)

    assert reads.groupby("key")["client"].nunique().min() > 5


def test_a_warm_store():
    """Sessions that began before the run."""
    scenario = drawn(SessionStore(), keys=5, requests=50, cache=Redis(), start="warm")

    assert {"hit"} == set(requests_of(scenario)["lookup"])


def test_it_needs_redis():
    """One sentence."""
    with pytest.raises(
        BadInput, match=r"SessionStore needs Redis's commands, got the engine Simple\(\)"
    ):
        run(scripted(SessionStore(), [], cache=Simple()))
