"""What a witness hears of the visits for one key, and that nobody notices it."""

import pytest

from cachesim.engines.redis.engine import Redis
from cachesim.engines.simple import Simple
from cachesim.errors import BadInput
from cachesim.experiments.explain import explain
from cachesim.experiments.run import run
from cachesim.experiments.witness import STEP, steps, witnessed
from cachesim.measure import checks
from cachesim.model.distributions import Exponential
from cachesim.model.fleet import Shards
from cachesim.model.network import Network
from cachesim.model.popularity import Zipf
from cachesim.model.strategies.lazy import LazyLoading
from cachesim.model.workload import ClosedLoop
from cachesim.plots import counter_example, interleaving
from cachesim.records import REQUEST
from cachesim.scenario import Scenario

SCENARIO = Scenario(
    strategy=LazyLoading(invalidate=True),
    cache=Simple(items=10),
    network=Network(in_zone=Exponential(mean=0.005)),
    workload=ClosedLoop(clients=20, popularity=Zipf(keys=20), reads=0.8),
    duration=20,
    warmup=0,
)
KEY = "key:00000000"


def requests(key):
    """Return the requests of an ordinary run for one key."""
    history = run(SCENARIO).history
    return history[history["key"] == key]


FLEET = SCENARIO.replace(cache=Redis(), fleet=Shards(3))


@pytest.mark.parametrize("scenario", [SCENARIO, FLEET], ids=["one node", "fleet"])
def test_a_witness_changes_nothing(scenario):
    """The same records with and without it."""
    heard, records = [], []
    witnessed(scenario, lambda record: records.append(tuple(record)), heard.append).run()
    history = run(scenario).history
    plain = history[history["op"] != "sample"]

    assert plain["begin"].tolist() == [record[REQUEST.index("begin")] for record in records]
    assert plain["end"].tolist() == [record[REQUEST.index("end")] for record in records]
    assert len(heard) > len(records)


def test_a_witness_names_the_node_of_a_fleet():
    """Each call goes to the node of its key, and a request is explained with it."""
    heard = []
    witnessed(FLEET.replace(duration=2), lambda record: None, heard.append).run()
    names, find = [group[0] for group in FLEET.fleet.groups()], FLEET.fleet.finder()
    asked = [step for step in heard if step.tier == "cache"]

    assert [names[find(step.arguments[0])] for step in asked] == [step.node for step in asked]
    assert set(names) == {step.node for step in asked}
    assert "app.cache.get('key:00000010') at shard-" in explain(FLEET, 0)


def test_every_visit_of_a_request_is_heard():
    """A read that missed asked the cache, the database and the cache again, with the version it returned."""
    missed = requests(KEY)
    missed = missed[(missed["op"] == "read") & (missed["lookup"] == "cold")].iloc[0]
    seen = steps(SCENARIO, missed["begin"], missed["end"], key=KEY)
    mine = seen[seen["client"] == missed["client"]]

    assert list(STEP) == list(seen.columns)
    assert ["get", "read", "set"] == mine["call"].tolist()
    assert ["miss", "hit", ""] == mine["answer"].tolist()
    assert [missed["version"]] * 2 == mine["version"].tolist()[1:]
    assert (missed["begin"], missed["end"]) == (mine["sent"].iloc[0], mine["done"].iloc[-1])


def test_only_what_was_under_way_is_told():
    """Nothing that ended before the window, nothing sent after it."""
    seen = steps(SCENARIO, 1.0, 1.5, key=KEY)

    assert len(seen)
    assert seen["done"].dropna().min() >= 1.0
    assert seen["sent"].max() <= 1.5


def test_the_diagram_of_a_stale_set():
    """A line for each client and tier; the stale read is called so; its copy is newer in the database."""
    history = run(SCENARIO).history
    found = checks.stale_causes(history)
    found = found[found["cause"] == checks.STALE_SET].iloc[0]
    told = history.loc[sorted([int(found["stored"]), int(found.name)])]
    seen = steps(SCENARIO, told["begin"].min(), told["end"].max(), key=found["key"])
    ax = interleaving(seen[seen["client"].isin(told["client"])], told)
    texts = [text.get_text() for text in ax.texts]

    assert [f"client {c}" for c in sorted({*told["client"]})] == [
        tick.get_text() for tick in ax.get_yticklabels()
    ][:-2]
    assert f"reads stale v{found['version']}" in texts
    assert f"set v{found['version']}" in texts


def test_a_counter_example_is_drawn_without_a_scenario():
    """A history is enough: one line per client, one bar per request, and the version of each."""
    verdict = checks.bounded_staleness(run(SCENARIO).history)
    ax = counter_example(verdict)
    lines = [tick.get_text() for tick in ax.get_yticklabels()]

    assert [f"client {c}" for c in sorted({*verdict.example["client"]})] == lines
    assert any(text.get_text().startswith("reads stale v") for text in ax.texts)
    with pytest.raises(BadInput, match="no counter-example"):
        counter_example(checks.lost_writes(run(SCENARIO).history))
