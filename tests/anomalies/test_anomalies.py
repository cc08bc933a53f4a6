"""Every anomaly: shown as its formula says, found by its check, cured; once here, ten times by `cachesim anomalies`."""

import pytest

from cachesim.anomalies import ALL, by_id, find, occurrence
from cachesim.anomalies.pools import moved
from cachesim.errors import BadInput
from cachesim.experiments.run import run
from cachesim.model.routes import Ketama, Modulo
from cachesim.plots import interleaving
from cachesim.theory import moved_keys

IDS = [make().id for make in ALL]
ONE_RUN = 0.25  # of the prediction: as far as the effect of one run may be from it; ten runs come within 10 %


@pytest.mark.parametrize("make", ALL, ids=IDS)
def test_predicted_measured_cured_and_found(make):
    """One run of each, with a fixed seed; no anomaly is found where it is cured."""
    anomaly = make()
    finding = find(anomaly._replace(replications=1), n_jobs=1)

    assert anomaly.predicted == pytest.approx(finding.measured.mean, rel=ONE_RUN)
    assert finding.cured.mean <= anomaly.cured_to
    assert anomaly.cured_to < 0.6 * anomaly.predicted
    assert finding.verdict.ok is False


@pytest.mark.parametrize("make", ALL, ids=IDS)
def test_it_says_what_it_is(make):
    """Ids are different, and every word is there."""
    anomaly = make()

    assert len(IDS) == len(set(IDS))
    assert all((anomaly.name, anomaly.story, anomaly.cured_by, anomaly.unit, anomaly.formula))
    assert by_id(anomaly.id.lower()).name == anomaly.name


def test_an_unknown_id():
    """The sentence names those there are."""
    with pytest.raises(BadInput, match=r"A999.*choose from A1, "):
        by_id("A999")


def test_findings_that_are_not_as_they_should_be():
    """A wrong prediction, a vague interval, a cure that does not cure and a check that finds nothing are all told."""
    anomaly = by_id("A30")
    finding = find(anomaly._replace(replications=3), n_jobs=1)
    wrong = finding._replace(anomaly=anomaly._replace(predicted=2 * anomaly.predicted))
    vague = finding._replace(measured=finding.measured._replace(low=0.0))
    ill = finding._replace(anomaly=anomaly._replace(cured_to=0.0))
    blind = finding._replace(verdict=finding.verdict._replace(ok=None))

    assert finding.ok
    assert 2 == len(wrong.problems)
    assert ["the interval is too wide"] == vague.problems
    assert ["the cure does not cure"] == ill.problems
    assert ["the check does not find it"] == blind.problems


def test_an_occurrence_can_be_drawn():
    """The requests of the check's example, and only their visits."""
    seen = occurrence(by_id("A2"))
    ax = interleaving(seen.steps, seen.requests)

    assert ["read", "read", "write"] == sorted(seen.requests["op"])
    assert {"delete", "write", "get", "read", "set"} == set(seen.steps["call"])
    assert set(seen.steps["client"]) <= set(seen.requests["client"])
    assert any("reads stale" in text.get_text() for text in ax.texts)


def test_a_replica_has_a_line_of_its_own():
    """A read of a replica is no visit to the primary."""
    seen = occurrence(by_id("A5"))

    assert {
        "read": "replica",
        "write": "db",
        "get": "cache",
        "set": "cache",
        "delete": "cache",
    } == dict(zip(seen.steps["call"], seen.steps["tier"], strict=True))
    assert "replica" in {
        label.get_text() for label in interleaving(seen.steps, seen.requests).get_yticklabels()
    }


def test_each_node_of_a_fleet_has_a_line_of_its_own():
    """The dead node answers nothing; the others and the database answer; no line is called cache."""
    seen = occurrence(by_id("A9"))
    labels = [
        label.get_text() for label in interleaving(seen.steps, seen.requests).get_yticklabels()
    ]
    failed = seen.steps[seen.steps["answer"] == "failed"]

    assert {"node-3"} == set(failed["node"])
    asked = {*seen.steps["node"]} - {"database"}
    assert [*sorted(asked), "database"] == [name for name in labels if "client" not in name]
    assert {"node-3"} < asked


def test_the_dead_node_of_a9_has_an_even_share():
    """The formula holds for a node with exactly one of n keys."""
    scenario = by_id("A9").shows
    find, keys = scenario.fleet.finder(), scenario.workload.keys_loaded()
    dead = scenario.faults[0].node

    assert len(keys) == 4 * sum(f"node-{find(key)}" == dead for key in keys)


@pytest.mark.parametrize(("route", "ring"), [(Modulo(), False), (Ketama(), True)])
def test_the_keys_that_move_when_a_node_joins(route, ring):
    """P4; 10,000 keys, and a ring has an imbalance of its own."""
    assert abs(moved(route, 9, 10_000) / 10_000 - moved_keys(9, ring=ring)) < 0.02


def test_a_failover_loses_what_the_result_names():
    """The column `lost` marks acknowledged writes; `lost_writes` has them, and nothing else was lost here."""
    anomaly = by_id("A14")
    result = run(anomaly.shows)
    seen = anomaly.sees(result)
    crashes = len(anomaly.shows.faults)

    assert len(result.lost_writes) == seen["lost"].sum() == round(anomaly.effect(seen) * crashes)
    assert {"only copy"} == set(result.lost_writes["what"])


def test_what_nobody_acknowledged_is_not_lost():
    """With WAIT a crash takes writes too, but their clients got an error."""
    anomaly = by_id("A14")
    result = run(anomaly.cure)

    assert len(result.lost_writes) > len(anomaly.cure.faults)
    assert not anomaly.sees(result)["lost"].any()


def test_a_rebooted_primary_empties_its_replica():
    """After a second the other shards have their keys, and the replica has what its empty primary has."""
    result = run(by_id("A20").shows.replace(sample_every=1.0))
    nodes = result.nodes
    items = nodes.groupby("node")["items"]
    first, last = items.first(), items.last()

    assert last["shard-0 node-1"] == last["shard-0 node-0"] < first["shard-0 node-1"]
    assert last["shard-1 node-1"] == first["shard-1 node-1"]
