"""Loading again before readers have to wait: by hand, and XFetch against its theory."""

import numpy as np
import pytest

from cachesim.experiments.run import run
from cachesim.measure.statistics import interval
from cachesim.model.database import Database
from cachesim.model.distributions import Constant
from cachesim.model.strategies.refresh import RefreshAhead, StaleWhileRevalidate, XFetch
from cachesim.model.strategies.wrap import Jitter, NegativeCaching, SingleFlight
from cachesim.theory.herds import early_refresh_lead, early_refresh_loads
from tests.model.worlds import Script, drawn, requests_of, scripted


def reads_at(strategy, *begins, **fields):
    """Return the lookups, latencies and versions of reads of one key at these times; a write commits at 51."""
    gaps = np.diff([0.0, 31.0, *begins])
    steps = [(gap, op, "a") for gap, op in zip(gaps, ["write", *["read"] * 99], strict=False)]
    reads = requests_of(scripted(strategy, steps, **fields)).query("op == 'read'")
    reads = reads.sort_values("begin")
    return [
        tuple(row) for row in reads.assign(took=reads["end"] - reads["begin"])[
            ["lookup", "took", "version"]
        ].itertuples(index=False)
    ]  # fmt: skip


def test_refresh_ahead_by_hand():
    """Filled at 112 for 100 s. The hit that ends at 181 is early in its life; that at 195 is due: loaded
    again by 205 and set by 206, so the one at 301 hits too, and is due again: set by 312.
    """
    found = reads_at(RefreshAhead(ttl=100, ahead=0.2), 100.0, 180.0, 194.0, 300.0, 312.0)

    assert [("cold", 12.0, 1), *[("hit", 1.0, 1)] * 4] == found


def test_refresh_ahead_lets_what_nobody_reads_late_expire():
    """Filled at 112 - until 211; nobody asks in its last 20 s."""
    found = reads_at(RefreshAhead(ttl=100, ahead=0.2), 100.0, 180.0, 220.0)

    assert ["cold", "hit", "expired"] == [lookup for lookup, _, _ in found]


def test_stale_while_revalidate_by_hand():
    """Loaded at 11 before the write: fresh until 31, served stale until 61. The hit that ends at 53 is stale and
    begins the load; the next one, at 55, is served the same; from 64 on the new version is there.
    """
    steps = [(0.0, "read", "a"), (20.0, "write", "a"), (32.0, "read", "a"), (2.0, "read", "a")]
    steps += [(11.0, "read", "a"), (100.0, "read", "a")]
    scenario = scripted(StaleWhileRevalidate(ttl=20, stale=30), steps)
    reads = requests_of(scenario).query("op == 'read'").sort_values("begin")

    assert ["cold", "hit", "hit", "hit", "expired"] == reads["lookup"].tolist()
    assert [0, 0, 0, 1, 1] == reads["version"].tolist()
    assert [12.0, 1.0, 1.0, 1.0, 12.0] == (reads["end"] - reads["begin"]).tolist()
    assert 3 == int(run(scenario).history["db_queries"].max()) - 1  # one of the four is the write


@pytest.mark.parametrize("wrap", [SingleFlight, Jitter, NegativeCaching])
@pytest.mark.parametrize(
    "inner", [RefreshAhead(ttl=90), StaleWhileRevalidate(ttl=90, stale=1), XFetch(ttl=90)]
)
def test_they_can_be_wrapped(wrap, inner):
    """A fill, a hit with its note taken off, and an expiry."""
    found = reads_at(wrap(inner=inner), 100.0, 130.0, 250.0)

    assert [("cold", 12.0, 1), ("hit", 1.0, 1), ("expired", 12.0, 1)] == found


def test_a_negative_entry_may_stand_where_a_note_is_expected():
    """The mark carries one."""
    strategy = NegativeCaching(inner=XFetch(), negative_ttl=100.0)
    workload = Script(steps=((1.0, "read", "a"), (50.0, "read", "a")), loaded=())
    reads = requests_of(scripted(strategy, (), workload=workload))

    assert ["cold", "hit"] == reads["lookup"].tolist()
    assert reads["write"].isna().all()


def test_the_warm_cache_has_notes():
    """A preloaded copy expires at a share of its TTL, by its note as in the engine."""
    scenario = drawn(StaleWhileRevalidate(ttl=10), rate=10.0, requests=400, keys=5, start="warm")
    reads = requests_of(scenario)

    assert "hit" == reads["lookup"][0]
    assert {0} == set(reads["version"])


LOAD, RATE = 0.1, 200.0  # seconds; reads per second of the one key


def expiries(beta):
    """Return, for each expiry, how many readers loaded, and how long before it the first of them did."""
    database = Database(connections=1000, buffer_hit_ratio=1.0, buffer_read=Constant(value=LOAD))
    scenario = drawn(XFetch(ttl=2.0, beta=beta), rate=RATE, requests=30_000, database=database)
    reads = requests_of(scenario).sort_values("begin")
    loads = reads[reads["end"] - reads["begin"] >= LOAD / 2]["begin"].to_numpy()
    first = np.flatnonzero(np.diff(loads, prepend=-9.0) > 0.3)  # of each expiry's loads
    sizes, last = (
        np.diff(first),
        loads[first[1:] - 1] + LOAD + 2.0,
    )  # the last to load sets the expiry
    return sizes, (last - loads[np.append(first[1:], 0)[: len(last)]])


@pytest.mark.parametrize("beta", [0.5, 1.0, 2.0])
def test_xfetch_loads_e_to_the_one_over_beta_times(beta):
    """F7: e^(1/beta) loads an expiry, the first of them beta·D·(ln(r·beta·D) + 0.577) ahead of it."""
    loads, leads = expiries(beta)
    _, low, high = interval(loads[1:].astype(float), 0.99)
    _, early, late = interval(leads[1:], 0.99)

    assert low < early_refresh_loads(beta) < high
    assert early < early_refresh_lead(RATE, LOAD, beta) < late
