"""Fleets on the command line, in scenario files and in a sweep."""

import click
import pytest

from cachesim.cli.fleet import FLEET, fleet
from cachesim.cli.kinds import apply
from cachesim.cli.vary import varied
from cachesim.engines.redis.engine import Redis
from cachesim.experiments.toml import Experiment, from_toml, to_toml
from cachesim.model.distributions import Constant, Exponential
from cachesim.model.faults import Eject, FullCopy, KillNode, KillZone, Partition
from cachesim.model.fleet import Pool, Replicated, Shards
from cachesim.model.routes import Jump, Ketama
from cachesim.scenario import Scenario
from tests.cli.calls import ONE_RUN, call, done, refused

MADE = {
    "": None,
    "--nodes 4 --route ketama": Pool(4, route=Ketama()),
    "--nodes 3 --route jump": Pool(3, route=Jump()),
    "--shards 3": Shards(3),
    "--shards 3 --replicas 0": Shards(3),
    "--shards 3 --replicas 1 --read-from replica --lag 1ms": Shards(
        3, replicas=1, reads="replica", lag=Exponential(mean=0.001)
    ),
    "--replicas 2": Replicated(2),
    "--replicas 2 --read-from replica": Replicated(2, reads="replica"),
    "--replicas 2 --read-from nearest --zones 3": Replicated(2, reads="nearest", zones=3),
    "--nodes 3 --zones 2": Pool(3, zones=2),
    "--shards 3 --zones 3": Shards(3, zones=3),
    "--replicas 1 --lag 20ms": Replicated(1, lag=Exponential(mean=0.02)),
}


def parsed(words):
    """Return the fleet that these words describe."""
    found = []
    command = click.command()(apply(FLEET)(lambda **options: found.append(fleet(options))))
    command.main(words.split(), standalone_mode=False)
    return found[0]


@pytest.mark.parametrize("words", MADE)
def test_options_make_a_fleet(words):
    """--replicas alone is cluster mode disabled."""
    assert MADE[words] == parsed(words)


WRONG = {
    "--nodes 2 --shards 3": "--nodes (a pool) and --shards (a cluster) exclude each other; give one",
    "--nodes 2 --replicas 1": "--replicas copy a shard or a primary, and the nodes of a pool",
    "--route jump": "--route is the rule of a pool's clients; give --nodes N with it",
    "--shards 3 --route jump": "--route is the rule of a pool's clients; give --nodes N with it",
    "--nodes 2 --route ring": '--route "ring" is unknown; choose from modulo',
    "--read-from replica": "--read-from is about replicas; give --replicas 1 or more with it",
    "--shards 3 --replicas 0 --read-from replica": "--read-from is about replicas; give",
    "--shards 3 --lag 1ms": "--lag is about replicas; give --replicas 1 or more with it",
    "--zones 3": "--zones deals the nodes of a fleet out; give --nodes N, --shards N or --replicas N",
    "--nodes 3 --zones 7": "--zones must be from 1 to 6, got 7",
    "--nodes 3 --read-from nearest": "--read-from is about replicas; give --replicas 1 or more with it",
    "--replicas 6": "--replicas must be from 0 to 5, got 6",
    "--shards 17000": "--shards must be from 1 to 1,000, got 17000",
    "--shards 3 --engine memcached": "Shards are nodes of Redis, got Memcached",
    "--replicas 1 --engine memcached": "Replicated are nodes of Redis, got Memcached",
    "--nodes 3 --engine simple": "a fleet takes Redis or Memcached, got Simple",
}


@pytest.mark.parametrize("words", WRONG)
def test_a_wrong_combination_is_refused(words):
    """One sentence, exit code 2."""
    assert refused("compare", *words.split()).startswith(f"cachesim: {WRONG[words]}")


def test_compare_runs_a_fleet_with_replicas(tmp_path):
    """Its JSON has the whole fleet, and half of the nodes are replicas."""
    given = ["--shards=3", "--replicas=1", "--read-from=replica", "--lag=1ms", "--rate=300"]
    times = ["--duration=3", "--warmup=1", f"--out={tmp_path}", "--json"]
    found = call("compare", *ONE_RUN, *given, *times).json["scenario"]["fleet"]

    assert ("shards", 3, 1, "replica") == tuple(
        found[name] for name in ("kind", "shards", "replicas", "reads")
    )
    assert 0.001 == found["lag"]["mean"]


FLEETS = [
    Shards(3, replicas=2, lag=Constant(value=0.5), reads="replica", min_replicas=1, max_lag=5, node_timeout=2.0,
           full_coverage=False),
    Shards(3, replicas=2, reads="nearest", zones=3, processes=6),
    Replicated(2, dns_ttl=60.0, reresolves=False, detect=Constant(value=20.0), copy=FullCopy(load=1e6)),
    Pool(3, route=Jump(), discovery=10.0, eject=Eject(failures=5), gutter=1, gutter_ttl=5.0),
]  # fmt: skip


@pytest.mark.parametrize("described", FLEETS, ids=lambda each: type(each).__name__)
def test_a_scenario_file_says_all_of_it(described):
    """What is written is read again, with the faults of a node, of a zone and of the network."""
    split = Partition(nodes=("primary", "node-1"), processes=(0, 2), at=5, duration=2)
    faults = KillNode("primary", at=3), KillZone("zone-0", at=4), split
    experiment = Experiment(Scenario(cache=Redis(), fleet=described, faults=faults), {}, 1)

    assert experiment == from_toml(to_toml(experiment))


def test_a_sweep_varies_the_replicas():
    """Numbers, words and laws of one fleet."""
    base = Scenario(cache=Redis(), fleet=Shards(3))
    found = varied(
        base,
        [
            "fleet.replicas=0,1",
            "fleet.reads=primary,nearest",
            "fleet.zones=1,3",
            "fleet.lag=exponential(mean=5ms)",
        ],
    )

    assert {"0": 0, "1": 1} == found["fleet__replicas"]
    assert {"1": 1, "3": 3} == found["fleet__zones"]
    assert {"primary": "primary", "nearest": "nearest"} == found["fleet__reads"]
    assert [Exponential(mean=0.005)] == list(found["fleet__lag"].values())


def test_a_sweep_varies_the_fleet():
    """One kind beside the other, and none."""
    texts = "pool(nodes=2),shards(shards=3,replicas=1),replicated(replicas=2)"
    found = varied(Scenario(cache=Redis()), [f"fleet={texts}"])

    assert [Pool(2), Shards(3, replicas=1), Replicated(2)] == list(found["fleet"].values())


def test_a_sweep_runs_them(tmp_path):
    """A row per fleet."""
    (tmp_path / "a.toml").write_text(
        'duration = 2\nwarmup = 1\n[cache]\nkind = "redis"\n[workload]\nkind = "open-loop"\nrate = 200\n'
    )
    vary = ["--vary", "fleet=pool(nodes=2),shards(shards=3,replicas=1)"]
    told = done("sweep", tmp_path / "a.toml", *vary, "--replications=1", "--n-jobs=1", f"--out={tmp_path}")  # fmt: skip

    assert "pool(nodes=2)" in told.out
    assert "shards(shards=3,replicas=1)" in told.out
