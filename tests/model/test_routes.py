"""Routes of a pool: the numbers of the client libraries, and what moves when a node joins."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from cachesim.errors import BadInput
from cachesim.model.hashes import jump, murmur3, one_at_a_time
from cachesim.model.routes import (
    ALL,
    Jump,
    Ketama,
    Modulo,
    PlainKetama,
    Rendezvous,
    on_ring,
)

FACTS = Path(__file__).parents[3] / "shared" / "facts"
THREE = [f"10.0.1.{i}:11211" for i in (1, 2, 3)]
USERS = [f"user:{i}" for i in range(20)]
KEYS = [f"key:{i}" for i in range(5_000)]
# libmemcached's and spymemcached's published cases: their servers and weights
EIGHT = [f"10.0.1.{i}:11211" for i in range(1, 9)]
WEIGHTS = (600.0, 300.0, 200.0, 350.0, 1000.0, 800.0, 950.0, 100.0)

GOLDEN = {
    Ketama(): [0, 0, 2, 1, 0, 0, 1, 2, 2, 1, 1, 2, 0, 1, 0, 2, 1, 2, 2, 2],
    PlainKetama(): [0, 0, 2, 2, 0, 1, 1, 0, 0, 1, 2, 2, 0, 1, 1, 0, 1, 0, 1, 0],
    Modulo(): [2, 2, 2, 2, 0, 2, 2, 2, 2, 2, 1, 2],
    Rendezvous(): [1, 2, 0, 2, 0, 1, 2, 1, 1, 1, 2, 2, 0, 1, 0, 2, 0, 2, 2, 2],
}


def published(name: str) -> list[dict[str, str]]:
    path = FACTS / f"ketama_{name}.csv"
    if not path.exists():
        pytest.skip("the published cases are not here")
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("route", GOLDEN, ids=repr)
def test_golden_nodes(route):
    """Each rule sends twenty keys to the nodes that its library chooses."""
    find = route.over(THREE)
    assert GOLDEN[route] == [find(key) for key in USERS][: len(GOLDEN[route])]


def test_libmemcached_weighted_cases():
    """99 published keys of eight weighted servers go where libmemcached sends them."""
    find = Ketama(weights=WEIGHTS).over(EIGHT)
    cases = [row for row in published("libmemcached") if row["table"] == "ketama_test_cases"]
    assert 99 == len(cases)
    assert [row["server"] for row in cases] == [
        EIGHT[find(row["key"])].removesuffix(":11211") for row in cases
    ]


def test_libmemcached_spy_cases():
    """99 published keys of its variant SPY go where libmemcached sends them."""
    cases = [row for row in published("libmemcached") if row["table"] == "ketama_test_cases_spy"]
    find = Ketama(weights=WEIGHTS, dialect="libmemcached-spy").over(EIGHT)
    assert 99 == len(cases)
    assert [row["server"] for row in cases] == [
        EIGHT[find(row["key"])].removesuffix(":11211") for row in cases
    ]


def test_spymemcached_cases():
    """2,841 published keys go where spymemcached sends them."""
    cases = published("spymemcached")
    nodes = sorted(
        {row["server"] for row in cases}, key=lambda node: int(node.split(".")[3].split(":")[0])
    )
    find = Ketama(dialect="spymemcached").over(nodes)
    assert 2841 == len(cases)
    assert [row["server"] for row in cases] == [nodes[find(row["key"])] for row in cases]


def test_hashes():
    """The hashes are those of the libraries."""
    assert (2297466611, 3902465932) == (one_at_a_time(b"apple"), one_at_a_time(b"beat"))
    assert (3127628307, 79269533) == (murmur3(b"test"), murmur3(b"10.0.1.1:11211-user:0"))
    assert [0, 6, 3, 9] == [jump(number, 10) for number in (0, 1, 256, 2**40)]
    assert [55, 62, 8, 87] == [jump(number, 100) for number in (1, 2, 3, 0xDEADBEEF)]


@pytest.mark.parametrize("route", [Ketama(), PlainKetama(), Jump(), Rendezvous()], ids=repr)
def test_only_the_new_node_gains(route):
    """When a node joins, keys move to it and to no other, about 1/(n+1) of them."""
    before, after = route.over(THREE), route.over([*THREE, "10.0.1.4:11211"])
    moved = [after(key) for key in KEYS if before(key) != after(key)]
    assert {3} == set(moved)
    assert pytest.approx(1 / 4, abs=0.05) == len(moved) / len(
        KEYS
    )  # a ring of few points is uneven


def test_modulo_moves_nearly_all():
    """Modulo moves n/(n+1) of the keys when a node joins: a key stays only where both remainders agree."""
    before, after = Modulo().over(THREE), Modulo().over([*THREE, "10.0.1.4:11211"])
    moved = sum(before(key) != after(key) for key in KEYS)
    assert pytest.approx(3 / 4, abs=0.02) == moved / len(KEYS)


@pytest.mark.parametrize("route", [kind() for kind in ALL], ids=repr)
def test_each_node_gets_its_share(route):
    """No node of three gets a fifth more or less than a third of 5,000 keys."""
    shares = Counter(map(route.over(THREE), KEYS))
    assert all(0.8 < 3 * shares[node] / len(KEYS) < 1.2 for node in range(3))


def test_one_node_takes_all():
    """With one node there is nothing to choose."""
    assert {0} == {kind().over(THREE[:1])(key) for kind in ALL for key in USERS}


def test_a_ring_is_a_ring():
    """A key beyond the last point belongs to the first."""
    assert 7 == on_ring(iter([(0, 7), (1, 8)]))("user:0")


def test_wrong_weights():
    """A weight must be a number above 0."""
    with pytest.raises(BadInput, match=r"Ketama\.weights"):
        Ketama(weights=(1.0, 0.0))
