"""Linearizability of each key: by hand, and against a search of all orders."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cachesim.measure.checks.register import RegisterOperation, linearizable, shortest_conflict
from tests.measure.hand_made import failed, history, read, write


def test_no_read_proves_nothing():
    """Writes alone, failed reads, and nothing at all: unknown."""
    assert linearizable(history()).ok is None
    assert linearizable(history(write(version=1))).ok is None
    assert linearizable(history(write(version=1), failed(read(2)))).ok is None


def test_a_stale_read_breaks_it():
    """Version 1 was acknowledged at t=1; a read that began at t=2 returned version 0."""
    verdict = linearizable(history(write(0, version=1), read(2)))

    assert verdict.ok is False
    assert ["write", "read"] == verdict.example["op"].tolist()
    assert "client 0 wrote version 1 from t=0 to 1 s; client 0 read version 0" in verdict.why


def test_a_read_beside_a_write_may_return_either():
    """While a write is under way both values are right."""
    assert linearizable(history(write(0, 3, version=1), read(1, 2))).ok
    assert linearizable(history(write(0, 3, version=1), read(1, 2, write=1, version=1))).ok


def test_readers_may_not_disagree():
    """Once somebody has read the new value, nobody may read the old one: regular, yet not linearizable."""
    new = read(1, 2, write=1, version=1)
    verdict = linearizable(history(write(0, 10, version=1), new, read(3, 4)))

    assert verdict.ok is False
    assert 3 == len(verdict.example)


def test_a_write_that_may_have_happened_may_happen_later_or_never():
    """A time-out leaves it open; a refusal does not."""
    unsure = {**write(0, 1, version=1), "version": None, "error": "from elsewhere"}
    seen = read(5, 6, write=1, version=1)

    assert linearizable(history(unsure, read(2, 3), seen)).ok
    assert linearizable(history(unsure, read(2, 3))).ok
    assert linearizable(history(unsure, seen, read(7, 8))).ok is False


def test_a_read_from_the_future():
    """A value is not read before its write begins."""
    verdict = linearizable(history(read(0, 1, write=1, version=1), write(2, version=1)))

    assert verdict.ok is False
    assert 2 == len(verdict.example)


def test_the_shortest_example_is_told_and_keys_are_counted():
    """Of two broken keys the one that needs fewer requests to show it."""
    three = [write(0, 10, version=1, key="a"), read(1, 2, write=1, version=1, key="a")]
    three.append(read(3, 4, key="a"))
    two = [write(20, version=1, key="b"), read(30, key="b")]
    verdict = linearizable(history(*three, *two, read(40, key="c")))

    assert 2 == verdict.violations
    assert ["b", "b"] == verdict.example["key"].tolist()


def test_the_value_of_a_write_outside_the_history():
    """A history cut at the front: where a value came from is not known, so it may have come any time."""
    cut = history(read(0, write=7, version=3), write(2, version=4), read(5, write=4, version=4))

    assert linearizable(cut).ok


def explained(operations):
    """Return whether some order of all operations, each within its time, explains every read."""
    loaded = {0}

    def search(left, value):
        if all(op.writes and op.end == math.inf for op in left):
            return True
        soonest = min(op.end for op in left)
        for op in left:
            if op.begin > soonest or (not op.writes and op.write != value):
                continue
            if search(left - {op}, op.write if op.writes else value):
                return True
        return False

    return search(frozenset(operations), next(iter(loaded)))


@st.composite
def some_operations(draw):
    """Return up to seven operations on a key: writes with ids of their own, reads of any of them or of 0."""
    n = draw(st.integers(1, 3))
    moments = st.integers(0, 12)
    made = []
    for number in range(1, n + 1):
        begin, length = draw(moments), draw(st.integers(1, 8))
        end = draw(st.sampled_from([begin + length + 0.5, math.inf]))
        made.append(RegisterOperation(begin, end, number, True, number))
    for number in range(draw(st.integers(1, 4))):
        begin, length = draw(moments), draw(st.integers(1, 8))
        write = draw(st.integers(0, n))
        made.append(RegisterOperation(begin, begin + length + 0.5, write, False, 100 + number))
    return made


@settings(max_examples=1500, derandomize=True, deadline=None)
@given(some_operations())
def test_it_agrees_with_a_search_of_all_orders(operations):
    """Zones say linearizable exactly when some order explains the history; and the example alone breaks it."""
    conflict = shortest_conflict(operations)

    assert explained(operations) == (not conflict)
    if conflict:
        told = [op for op in conflict if op.row >= 0]
        assert not explained(told)


@pytest.mark.parametrize("reads", [200, 2000])
def test_one_at_a_time_is_linearizable(reads):
    """A long history without any overlap and without a stale read is."""
    rng = np.random.default_rng(5)
    version, records = 0, []
    for moment in range(reads):
        if rng.random() < 0.3:
            version += 1
            records.append(write(2 * moment, version=version))
        else:
            records.append(read(2 * moment, write=version, version=version))

    assert linearizable(history(*records)).ok
