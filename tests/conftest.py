"""What every test gets: one profile for hypothesis, no figure left open, the folders of traces and cases."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from cachesim.measure.metrics import METRICS
from tests.browser import browser  # noqa: F401  a fixture for every room whose pages are looked at

os.environ.setdefault("MPLBACKEND", "Agg")  # before matplotlib is first imported: draw to memory

settings.register_profile("same every time", derandomize=True, deadline=None, max_examples=50)
settings.load_profile("same every time")

TRACES = Path(__file__).parents[2] / "shared" / "traces"
CASES = Path(__file__).parents[2] / "shared" / "cases"


@pytest.fixture(scope="session")
def traces() -> Path:
    """Return the folder of real traces; where it is absent the test is skipped, in CI it fails."""
    if not TRACES.is_dir():
        missing = f"the trace folder ../shared/traces is missing (looked at {TRACES})"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    return TRACES


@pytest.fixture(scope="session")
def cases() -> Path:
    """Return the folder of inputs that failed once; where it is absent the test is skipped, in CI it fails."""
    if not CASES.is_dir():
        missing = f"the folder of cases ../shared/cases is missing (looked at {CASES})"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    return CASES


@pytest.fixture
def own_metrics():
    """Take the metrics that a test adds out of the list again."""
    before = dict(METRICS)
    yield METRICS
    METRICS.clear()
    METRICS.update(before)


@pytest.fixture(autouse=True)
def close_figures():
    """Close what a test has drawn, if it has drawn at all."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
