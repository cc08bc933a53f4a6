"""A zone is lost: all its nodes, and the database if it is there. A visit takes 1 s or, to another zone, 4 s."""

import pytest

from cachesim.model import faults
from cachesim.model.database import Database
from cachesim.model.distributions import Constant
from cachesim.model.fleet import Pool, Replicated
from tests.model.fleet.test_zones import play


def roles_at(nodes, moment):
    """Return node -> role in the sample of a moment."""
    return nodes[nodes["begin"] == moment].set_index("node")["role"].to_dict()


def test_a_zone_dies_and_is_back():
    """Every node of it, and no other; the database is in zone-0."""
    fleet = Replicated(
        3,
        zones=2,
        processes=2,
        detect=Constant(value=4.0),
        promote=Constant(value=1.0),
        dns_ttl=0.0,
    )
    steps = [(10.0, "write", "a"), (20.0, "read", "a"), (20.0, "read", "a")]
    rows, nodes = play(fleet, steps, faults.KillZone("zone-0", at=20, down=100))

    assert ["node-0", "node-2"] == [
        n for n, role in roles_at(nodes, 22).items() if role == "silent"
    ]
    assert "primary" == roles_at(nodes, 30)["node-1"]  # 5 s later
    assert "silent" not in roles_at(nodes, 125).values()
    assert ["node-1"] * 2 == rows["node"].dropna().tolist()


def test_the_database_dies_with_zone_0():
    """It is back with the zone, or its standby takes over; in another zone nothing happens to it."""

    def errors(zone, **database):
        fields = {"database": Database(**database), "sample_every": 1000.0}
        fault = faults.KillZone(zone, at=5, down=60)
        rows, _ = play(Pool(2, zones=2), [(10.0, "read", "a")] * 10, fault, **fields)
        return rows["error"].notna().tolist()

    assert 6 * [True] + 4 * [False] == errors("zone-0")
    assert 10 * [False] == errors("zone-1")
    assert 2 * [True] + 8 * [False] == errors("zone-0", standby=True, failover=Constant(value=20.0))


@pytest.mark.parametrize("standby", [False, True])
def test_a_zone_that_never_comes_back(standby):
    """The nodes are gone for good; so is the database, unless it has a standby."""
    fault = faults.KillZone("zone-0", at=5)
    database = Database(standby=standby, failover=Constant(value=20.0))
    rows, nodes = play(Pool(2, zones=2), [(10.0, "read", "a")] * 10, fault, database=database)

    assert "silent" == roles_at(nodes, 200)["node-0"]
    assert (2 if standby else 10) == rows["error"].notna().sum()


def test_a_node_that_joined_dies_with_its_zone():
    """It was dealt to a zone like the others."""
    played = faults.AddNode(at=5), faults.KillZone("zone-0", at=20)
    _, nodes = play(Pool(2, zones=2), [(10.0, "read", "a")] * 5, *played)

    assert {"node-0": "silent", "node-1": "primary", "node-2": "silent"} == roles_at(nodes, 50)
