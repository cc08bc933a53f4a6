"""What every test gets: one profile for hypothesis, no figure left open, the folders of traces and cases.

It also marks the slow tests, which `make quick` leaves out.
"""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.browser import browser  # noqa: F401  a fixture for every room whose pages are looked at

os.environ.setdefault("MPLBACKEND", "Agg")  # before matplotlib is first imported: draw to memory

# A busy machine draws slowly: neither an example nor the drawing has a time limit.
settings.register_profile(
    "same every time",
    derandomize=True,
    deadline=None,
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("same every time")

TESTS = Path(__file__).parent
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


@pytest.fixture(autouse=True)
def close_figures():
    """Close what a test has drawn, if it has drawn at all."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


# Folders and files whose tests are slow: servers, a browser, notebooks, sandboxes, peers' suites, whole
# command lines in processes of their own. One slow test among quick ones has `@pytest.mark.slow` itself.
SLOW = [
    "attacks",
    "grading/test_exercises",
    "live",
    "test_notebooks",
    "test_packaging",
    "wire/test_client_suites",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the slow tests; doctests have no fixtures."""
    for item in items:
        place = item.path.with_suffix("").as_posix()
        if "browser" in getattr(item, "fixturenames", ()) or any(
            place.startswith(f"{TESTS}/{s}") for s in SLOW
        ):
            item.add_marker(pytest.mark.slow)
