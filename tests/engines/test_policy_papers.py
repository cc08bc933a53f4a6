"""ARC, 2Q, SLRU and LRU-2 against a transcription of their papers, hit for hit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachesim.engines.policies import ARC, LRU2, SLRU, TwoQ
from cachesim.engines.simple import Simple
from cachesim.rng import stream, uniform
from tests.engines import papers

PAPERS = [(ARC, papers.arc), (TwoQ, papers.two_q), (SLRU, papers.slru), (LRU2, papers.lru_2)]
by_paper = pytest.mark.parametrize(("policy", "paper"), PAPERS, ids=lambda one: one.__name__)


def hits(policy, requests, items):
    """Return, per request, whether it hit."""
    cache = Simple(items=items, policy=policy).build(lambda: 0.0, uniform(1, "eviction"))
    found = []
    for key in requests:
        found.append(cache.get(key) is not None)
        if not found[-1]:
            cache.set(key, b"")
    return found


@by_paper
@given(requests=st.text("abcdefgh", max_size=60), items=st.integers(1, 6))
def test_short_strings(policy, paper, requests, items):
    """Every string of requests goes as in the paper."""
    assert paper(requests, items) == hits(policy, requests, items)


@by_paper
@pytest.mark.parametrize("items", [1, 7, 40, 150])
def test_long_runs(policy, paper, items):
    """Skewed requests with scans in between, 6,000 of them."""
    draw = stream(items, "requests")
    requests = []
    for block in range(12):
        requests += [f"k{int(300 * float(u) ** 3)}" for u in draw.random(400)]
        requests += [f"scan{block}.{number}" for number in range(100)]

    assert paper(requests, items) == hits(policy, requests, items)
