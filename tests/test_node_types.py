"""The table of node types: every row is read, and says where it is from."""

import pytest

from cachesim.errors import BadInput
from cachesim.node_types import NodeType, node_type, node_types


def test_a_type_by_hand():
    """cache.r6g.large: 14,037,181,030 bytes of maxmemory, a quarter of it reserved."""
    found = node_type("cache.r6g.large")

    assert (2, 14_037_181_030, 0.75, 0.206) == (
        found.vcpu,
        found.maxmemory,
        found.gbps,
        found.price,
    )
    assert 10_527_885_772 == found.usable
    assert ("us-east-1", "2026-10-02", 1.0) == (found.region, found.priced, found.core)
    assert found == node_type("r6g.large")


def test_credits_limit_a_core():
    """10 % of each of two vCPUs, for the one thread that executes commands."""
    assert 0.2 == node_type("t4g.micro").core
    assert 0.4 == node_type("t3.medium").core


def test_lists_by_status():
    """No type is in two lists, none of t2 is current, and the cheapest comes first."""
    lists = {status: node_types(status) for status in ("current", "older", "previous")}
    names = [each.name for found in lists.values() for each in found]

    assert [46, 11, 3] == [len(found) for found in lists.values()]
    assert len(set(names)) == len(names)
    assert {"t2"} == {each.name.split(".")[1] for each in lists["previous"]}
    assert lists["current"] == sorted(lists["current"], key=lambda each: each.price)


def test_what_is_not_there_is_refused():
    """An unknown name, and a type whose network nobody published."""
    with pytest.raises(BadInput, match=r'unknown node type "r99"; choose one such as cache\.r6g'):
        node_type("r99")
    with pytest.raises(BadInput, match="no published baseline of its network; choose another"):
        node_type("c7gn.large")


def test_a_type_of_my_own_is_checked():
    """As any spec."""
    with pytest.raises(BadInput, match=r"NodeType\.price must be"):
        NodeType(price=0)
