"""What Simple refuses: wrong victims, wrong fields, other commands."""

import math

import pytest

from cachesim.engines.base import EvictionPolicy
from cachesim.engines.simple import Simple
from cachesim.errors import BadInput, PolicyError
from tests.engines.simple_caches import build


class Wrong(EvictionPolicy):
    """Names a key that is not there."""

    answer: object = "ghost"

    def victim(self):
        return self.answer


@pytest.mark.parametrize("answer", ["ghost", None, 7])
def test_a_wrong_victim_is_named(answer):
    """With the policy's class and what it returned; the books stay right."""
    cache, _ = build(items=1, policy=type("Wrong", (Wrong,), {"answer": answer}))
    cache.set("a", b"1")

    with pytest.raises(
        PolicyError, match=rf"Wrong.victim\(\) returned {answer!r}, which the cache"
    ):
        cache.set("b", b"1")
    assert (["a"], 2, 0) == (list(cache.entries), cache.memory, cache.evictions)


def test_what_is_no_policy_is_refused():
    """Something that can be called and gives something else."""
    with pytest.raises(PolicyError, match=r"dict must be a subclass of cs.EvictionPolicy"):
        build(policy=dict)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"memory": 0}, "Simple.memory must be >= 1 byte, got 0"),
        ({"memory": math.nan}, "Simple.memory must be a whole number, got nan"),
        ({"items": 0}, "Simple.items must be .*1.*, got 0"),
        ({"policy": "lru"}, "Simple.policy must be .*, got 'lru'"),
        ({"size": 1}, 'Simple has no field "size"'),
    ],
)
def test_bad_fields_are_refused(fields, says):
    """As in every spec."""
    with pytest.raises(BadInput, match=says):
        Simple(**fields)
