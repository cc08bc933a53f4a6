"""One list of policies: what a new policy needs is its class and its row, and the tests name what is missing."""

from pathlib import Path

import pytest

from cachesim.engines.base import EvictionPolicy
from cachesim.engines.policies import ALL, ROWS, adaptive, frequency, queues, recency, size
from cachesim.replay import curves

PAGE = Path(__file__).parents[2] / "docs/background/policies.md"


def test_every_policy_of_a_family_has_a_row():
    """A class in the file of a family is in the list; a name stands there once."""
    families = (adaptive, frequency, queues, recency, size)
    written = {
        kind
        for family in families
        for kind in vars(family).values()
        if isinstance(kind, type) and kind.__module__ == family.__name__
        if issubclass(kind, EvictionPolicy)
    }

    assert set() == written - set(ALL.values())
    assert len(ROWS) == len(ALL)


@pytest.mark.parametrize(("kind", "remembers", "when"), ROWS, ids=list(ALL))
def test_the_page_of_policies_has_the_row(kind, remembers, when):
    """The table shows the policy with its advice: python benchmarks/policies_table.py --write."""
    rows = PAGE.read_text("utf-8").splitlines()

    found = [row for row in rows if row.startswith(f"| {kind.named()} |")]
    assert 1 == len(found)
    assert found[0].endswith(f"| {remembers} | {when} |")


def test_curves_draw_every_policy():
    """`--policies` knows the list, and the policies of Redis beside it."""
    assert list(ALL) == [name for name in curves.POLICIES if not name.startswith("redis-")]
