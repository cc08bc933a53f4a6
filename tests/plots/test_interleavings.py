"""The labels of a drawn occurrence."""

import pandas as pd

from cachesim.experiments.witness import STEP
from cachesim.plots.interleavings import interleaving


def test_a_value_that_the_database_never_got_has_the_number_of_its_write():
    """By hand: a write that was committed, one that was not, a read of that one, and a read of nothing."""
    write = (1, "cache", "set", "a", 0.0, 0.1, None, "", "node-0")
    read = (2, "cache", "get", "a", 0.2, 0.3, None, "hit", "node-1")
    steps = pd.DataFrame([write, read], columns=STEP)
    rows = [
        ("write", 3, 1, 7),
        ("write", None, 2, 8),
        ("read", None, 3, 8),
        ("read", None, 4, None),
    ]
    requests = pd.DataFrame(
        {
            "op": op, "version": version, "client": client, "write": write, "begin": 0.1 * client,
            "end": 0.1 * client + 0.05, "error": None, "acknowledged": None,
        }
        for op, version, client, write in rows
    )  # fmt: skip
    told = {text.get_text() for text in interleaving(steps, requests).texts}

    assert {"writes v3", "writes value 8, not in the database", "reads nothing"} <= told
    assert "reads value 8, not in the database" in told
