"""A pool and shards of the cache: by hand, beside one node, and beside the rules of the clients."""

import math

import pandas as pd
import pytest

from cachesim.engines.memcached.engine import Memcached
from cachesim.engines.redis.engine import Redis
from cachesim.engines.redis.slots import SLOTS, slot_of
from cachesim.engines.simple import Simple
from cachesim.errors import BadInput
from cachesim.experiments.run import run
from cachesim.live.redis_server import RedisServer
from cachesim.measure.history import load, save, select_requests
from cachesim.model import routes, strategies
from cachesim.model.faults.clients import SkewClocks
from cachesim.model.fleet import Pool, Shards
from cachesim.model.fleet.specs import address
from cachesim.model.strategies.base import Strategy
from cachesim.records import FLEET_REQUEST, NODE_SAMPLE, REQUEST
from cachesim.scenario import Scenario
from cachesim.units import MIB
from tests.model.worlds import Script

SHORT = Scenario(duration=4, warmup=1)
FLEETS = {
    "pool": (Memcached(memory=2 * MIB), Pool(3)),
    "pool of redis": (Redis(memory=MIB), Pool(3, route=routes.Modulo())),
    "shards": (Redis(memory=MIB), Shards(3)),
}


def test_five_requests_by_hand():
    """Each first read of a key misses at the key's own node, each second one hits there."""
    steps = tuple((1.0, "read", key) for key in ("user:0", "user:2", "user:3", "user:2", "user:0"))
    result = run(
        SHORT.replace(
            cache=Memcached(memory=2 * MIB),
            fleet=Pool(3),
            workload=Script(steps=steps, loaded=("user:0", "user:2", "user:3")),
            duration=6,
            warmup=0,
        )
    )
    rows = select_requests(result.history)

    # The golden values of libmemcached's ring: user:0 -> 0, user:2 -> 2, user:3 -> 1.
    assert ["node-0", "node-2", "node-1", "node-2", "node-0"] == rows["node"].tolist()
    assert ["cold", "cold", "cold", "hit", "hit"] == rows["lookup"].tolist()
    assert [0] * 5 == rows["hops"].tolist()
    last = result.nodes.groupby("node")["items"].last()
    assert {"node-0": 1, "node-1": 1, "node-2": 1} == last.to_dict()


@pytest.mark.parametrize("name", FLEETS)
def test_every_key_is_at_the_node_that_the_rule_names(name):
    """No read is answered by another node."""
    cache, fleet = FLEETS[name]
    rows = select_requests(run(SHORT.replace(cache=cache, fleet=fleet)).history)
    reads = rows[rows["op"] == "read"]
    names, find = [group[0] for group in fleet.groups()], fleet.finder()

    assert len(reads) > 1000
    assert [names[find(key)] for key in reads["key"]] == reads["node"].tolist()
    assert set(names) == set(reads["node"])


@pytest.mark.parametrize("engine", [Redis(memory=MIB), Memcached(memory=2 * MIB)])
@pytest.mark.parametrize("faults", [(), (SkewClocks(at=1.0),)])
def test_a_fleet_of_one_node_is_that_node(engine, faults):
    """The same requests, hits and versions as without a fleet, in both kinds of system."""
    one = run(SHORT.replace(cache=engine, faults=faults)).history
    fleet = run(SHORT.replace(cache=engine, faults=faults, fleet=Pool(1))).history
    same = ["client", "op", "key", "begin", "lookup", "write", "version"]

    # The node draws from streams of its own name, so times differ by some microseconds.
    pd.testing.assert_series_equal(one["op"].value_counts(), fleet["op"].value_counts())
    assert list(one.columns) == [name for name in fleet.columns if name not in FLEET_REQUEST]
    reads, theirs = (select_requests(h).sort_values("begin")[same] for h in (one, fleet))
    assert reads["key"].tolist() == theirs["key"].tolist()
    assert abs((reads["lookup"] == "hit").mean() - (theirs["lookup"] == "hit").mean()) < 0.01


def test_a_sample_per_node_adds_up_to_the_sample_of_the_whole():
    """Memory, items and evictions are sums; busy time is the mean."""
    result = run(SHORT.replace(fleet=Shards(3)))
    whole = result.history[result.history["op"] == "sample"].set_index("begin")
    parts = result.nodes.groupby("begin")

    assert NODE_SAMPLE == tuple(result.nodes.columns)
    assert 3 * len(whole) == len(result.nodes)
    for name in ("memory", "items", "evictions", "expirations"):
        assert parts[name].sum().tolist()[:-1] == whole[name].tolist()[:-1]
    assert parts["cache_busy"].mean().iloc[-2] == pytest.approx(whole["cache_busy"].iloc[-2])


@pytest.mark.parametrize("name", FLEETS)
@pytest.mark.parametrize("kind", [n for n in strategies.__all__ if n != "Strategy"])
def test_every_strategy_runs_on_every_fleet(name, kind):
    """Or it is refused with a sentence, as on one node of that engine."""
    cache, fleet = FLEETS[name]
    strategy = getattr(strategies, kind)()
    one, refusal = tried(SHORT.replace(cache=cache, strategy=strategy, duration=2))
    if one is None:
        fields = {"cache": cache, "fleet": fleet, "strategy": strategy}
        assert (None, refusal) == tried(SHORT.replace(duration=2, **fields))
        return
    many = run(SHORT.replace(cache=cache, fleet=fleet, strategy=strategy, duration=2))

    assert len(select_requests(many.history)) == len(select_requests(one.history))
    assert 0 == many.metrics["error_ratio"]
    for metric in ("hit_ratio", "stale_ratio"):
        ours, theirs = many.metrics[metric], one.metrics[metric]
        assert (math.isnan(ours) and math.isnan(theirs)) or abs(ours - theirs) < 0.1


def tried(scenario):
    """Return the result of a run, or the sentence that refuses it."""
    try:
        return run(scenario), None
    except BadInput as refusal:
        return None, str(refusal)


@pytest.mark.parametrize(
    ("cache", "fleet", "sentence"),
    [
        (Simple(), Pool(2), "a fleet takes Redis or Memcached, got Simple"),
        (Memcached(), Shards(2), r"Shards are nodes of Redis, got Memcached\(\); for Memcached"),
        (RedisServer(), Shards(2), "a fleet has no real servers, got RedisServer"),
    ],
)
def test_what_is_no_fleet_is_refused(cache, fleet, sentence):
    """One sentence with the next step."""
    with pytest.raises(BadInput, match=sentence):
        Scenario(cache=cache, fleet=fleet)
    for kind, field in ((Shards, "shards"), (Pool, "nodes")):
        with pytest.raises(BadInput, match=rf"{field} must be from 1 to 1,000, got 1001"):
            kind(1001)


def test_a_command_with_keys_of_several_nodes_is_refused():
    """A hash tag gives them one slot."""

    class Many(Strategy):
        tag: str = ""

        def read(self, app, key):
            yield app.cache.execute("MGET", f"{self.tag}a", f"{self.tag}b")
            yield app.cache.execute("PING")
            return (yield app.db.read(key))

    base = SHORT.replace(fleet=Shards(3), workload=Script(steps=((1.0, "read", "x"),)))

    with pytest.raises(BadInput, match="the keys of MGET belong to several slots"):
        run(base.replace(strategy=Many()))
    assert 0 == run(base.replace(strategy=Many(tag="{t}"))).metrics["error_ratio"]


def test_a_warm_fleet_has_every_key_at_its_node():
    """So no read of a warm start is cold."""
    result = run(SHORT.replace(cache=Redis(memory=4 * MIB), fleet=Shards(4), start="warm"))

    assert "cold" not in set(result.history["lookup"])


def test_the_history_of_a_fleet_survives_a_file(tmp_path):
    """With the columns node and hops."""
    history = run(SHORT.replace(fleet=Pool(2))).history
    save(history, tmp_path / "h.csv")

    back = load(tmp_path / "h.csv")
    assert history["node"].tolist() == back["node"].tolist()
    assert (*REQUEST, *FLEET_REQUEST) == tuple(
        n for n in history if n in (*REQUEST, *FLEET_REQUEST)
    )
    assert history["hops"].equals(back["hops"])


def test_slots_are_dealt_in_equal_runs():
    """16,384 slots: no shard has more than one slot above another."""
    find = Shards(5).finder()
    owner: dict[int, int] = {}
    number = 0
    while len(owner) < SLOTS:
        owner[slot_of(f"k{number}".encode())] = find(f"k{number}")
        number += 1
    sizes = pd.Series(owner).value_counts()

    assert pd.Series(owner).sort_index().is_monotonic_increasing
    assert sizes.max() - sizes.min() <= 1
    assert len({address(number) for number in range(70_000)}) == 70_000
