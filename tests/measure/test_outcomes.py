"""Outcomes by hand, and what becomes of them in the ratios."""

import pytest

from cachesim import errors
from cachesim.errors import may_have_happened
from cachesim.measure.history import Recorder
from cachesim.measure.metrics import availability, error_ratio
from cachesim.measure.outcomes import outcome


def history(*rows):
    """Return a history of requests, each an (op, version, error), and one sample."""
    recorder = Recorder()
    for op, version, error in rows:
        recorder.request((0, op, "k", 0.0, 1.0, None, 1, version, 0, 0, error))
    recorder.sample((2.0, *[0] * 10))
    return recorder.history()


@pytest.mark.parametrize(
    ("op", "version", "error", "expected"),
    [
        ("read", 0, None, "ok"),
        ("write", 1, None, "ok"),
        ("read", None, "TimedOut", "failed"),  # a read has no effect
        ("write", None, "TimedOut", "unknown"),
        ("write", None, "ConnectionLost", "unknown"),
        ("write", None, "ConnectTimedOut", "failed"),
        ("write", None, "BreakerOpen", "failed"),
        (
            "write",
            3,
            "ConnectionRefused",
            "unknown",
        ),  # the row was written before a later step failed
        ("write", None, "what another program calls it", "unknown"),
    ],
)
def test_outcome_of_one(op, version, error, expected):
    """A sample has none."""
    assert [expected, None] == outcome(history((op, version, error))).tolist()


def test_ratios():
    """Errors by requests, and the rest."""
    mixed = history(
        ("read", 0, None), ("read", None, "TimedOut"), ("write", 1, None), ("write", 1, None)
    )

    assert (0.25, 0.75) == (error_ratio(mixed), availability(mixed))


def test_indefinite_failures():
    """Of all failures of the simulated world only these leave it open what happened."""
    kinds = (kind for kind in vars(errors).values() if isinstance(kind, type))
    names = {kind.__name__ for kind in kinds if issubclass(kind, errors.SimulatedFailure)}

    assert {"TimedOut", "ConnectionLost"} == {name for name in names if may_have_happened(name)}
