"""Versions that became known after the record was written."""

import pytest

from cachesim.measure.history import Recorder
from cachesim.measure.metrics import stale_ratio, versions_behind_mean

# Write 1 is acknowledged at 1, write 2 at 2; both are committed later. Reads return 1, 2, 1 and the loaded row.
RECORDS = [
    (0, "write", "k", 0.0, 1.0, None, 1, None, 0, 0, None),
    (1, "read", "k", 1.0, 1.5, "hit", 1, None, 0, 0, None),
    (0, "write", "k", 1.5, 2.0, None, 2, None, 0, 0, None),
    (1, "read", "k", 2.1, 2.5, "hit", 2, None, 0, 0, None),
    (2, "read", "k", 1.9, 2.6, "hit", 1, None, 0, 0, None),
    (1, "read", "k", 2.6, 2.7, "hit", 1, None, 0, 0, None),
    (1, "read", "k", 2.8, 2.9, "cold", 0, 0, 0, 0, None),
    (3, "write", "k", 2.9, 3.0, None, 9, None, 0, 0, "CacheError"),
    (1, "read", "other", 3.1, 3.2, "cold", 0, 0, 0, 0, None),
]


def recorded(versions):
    """Return the history, with these versions known at its end."""
    recorder = Recorder()
    for record in RECORDS:
        recorder.request(record)
    return recorder.history(versions)


def test_late_versions_count_from_the_acknowledgement_on():
    """Who began before write 2 was acknowledged, at 2, need not have seen it; who began later must."""
    history = recorded({0: 0, 1: 1, 2: 2})
    reads = history[history["op"] == "read"]

    assert [1, 2, 1, 1, 0, 0] == reads["version"].tolist()
    assert [1, 2, 1, 2, 2, 0] == reads["acknowledged"].tolist()
    assert pytest.approx(2 / 6) == stale_ratio(history)
    assert pytest.approx(3 / 6) == versions_behind_mean(history)
    assert pytest.approx([0.6, 1.8]) == reads["age"].dropna().tolist()


def test_a_write_that_was_never_committed_keeps_no_version():
    """Write 2 is lost: who read it is in no order with the others, and nothing is stale because of it."""
    history = recorded({0: 0, 1: 1})

    assert [False, True, True] == history[history["op"] == "write"]["version"].isna().tolist()
    assert pytest.approx(1 / 5) == stale_ratio(history)


def test_a_history_without_late_versions_is_left_as_it_is():
    """Nothing to add: as recorded."""
    recorder = Recorder()
    recorder.request(RECORDS[-1])

    assert recorder.history({0: 5}).equals(recorder.history())
