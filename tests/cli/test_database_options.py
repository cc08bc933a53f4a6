"""A standby and replicas on the command line, in scenario files and in a sweep."""

import pytest

from cachesim.cli.vary import varied
from cachesim.experiments.toml import Experiment, from_toml, to_toml
from cachesim.model import faults
from cachesim.model.database import Database
from cachesim.model.distributions import Between, Exponential
from cachesim.model.strategies.wrap import ReadReplicas
from cachesim.scenario import Scenario
from tests.cli.calls import ONE_RUN, SMALL, call, refused

GIVEN = ["--standby", "--db-replicas=2", "--db-lag=20ms", "--json"]


def test_compare_takes_a_standby_and_replicas(tmp_path):
    """The scenario of its JSON has them, and writes take longer than without."""
    alone, pair = (
        call("compare", *SMALL, *ONE_RUN, *given, f"--out={tmp_path}")
        for given in (["--json"], GIVEN)
    )
    database = pair.json["scenario"]["database"]
    write = [each.json["rows"][0]["metrics"]["write_p50"]["mean"] for each in (alone, pair)]

    assert (0, True, 2) == (pair.code, database["standby"], database["replicas"])
    assert 0.02 == database["lag"]["mean"]
    assert write[0] < write[1]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("--db-lag=20ms", "--db-lag is about read replicas; give --db-replicas 1 or more with it"),
        ("--db-replicas=16", "--db-replicas must be from 0 to 15, got 16"),
        ("--db-lag=soon", "--db-lag: time must be a number"),
    ],
)
def test_a_wrong_option_is_refused(given, sentence):
    """One sentence."""
    assert refused("compare", given).startswith(f"cachesim: {sentence}")


def test_a_scenario_file_says_all_of_it():
    """What is written is read again, and the sentence of a wrong range names it."""
    scenario = Scenario(
        strategy=ReadReplicas(),
        database=Database(
            standby=True, replicas=2, accepts=50, lag=Exponential(mean=0.05), failover=Between(low=20, high=35)
        ),
        faults=(faults.FailOverDatabase(at=30), faults.StopReplication(at=5, duration=2)),
    )  # fmt: skip
    experiment = Experiment(scenario, {}, 1)

    assert experiment == from_toml(to_toml(experiment))


def test_a_sweep_varies_the_replicas():
    """Numbers, flags and laws."""
    found = varied(
        Scenario(),
        ["database.replicas=0,2", "database.standby=false,true",
         "database.lag=exponential(mean=5ms),between(high=8ms)"],
    )  # fmt: skip

    assert {"0": 0, "2": 2} == found["database__replicas"]
    assert {"false": False, "true": True} == found["database__standby"]
    assert [Exponential(mean=0.005), Between(high=0.008)] == list(found["database__lag"].values())
