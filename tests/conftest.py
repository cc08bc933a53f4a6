"""What every test gets: one profile for hypothesis, no figure left open, the folders of traces and cases."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from cachesim.measure.metrics import METRICS
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


# Where tests are slow, by the beginning of their path: servers, a browser, notebooks, sandboxes, peers'
# suites, command lines in processes of their own, long runs. One slow test among quick ones is marked itself.
SLOW = tuple(f"{TESTS.as_posix()}/{place}" for place in (
    "anomalies", "attacks", "live", "test_bench_twin", "test_determinism", "test_newcomer",
    "test_notebooks", "test_packaging", "validate", "cli/test_anomalies", "cli/test_bench",
    "cli/test_compare", "cli/test_desk", "cli/test_edges", "cli/test_extras", "cli/test_fidelity",
    "cli/test_grad", "cli/test_help", "cli/test_interrupts", "cli/test_killed", "cli/test_other",
    "cli/test_own", "cli/test_processes", "cli/test_sweep", "cli/test_used_up",
    "engines/memcached/test_memcached", "engines/memcached/test_room", "engines/redis/test_rdb_real",
    "experiments/test_cluster",
    "experiments/test_fingerprint", "experiments/test_interrupted", "experiments/test_notes",
    "experiments/test_report", "experiments/test_run", "experiments/test_shown",
    "experiments/test_sweep", "experiments/test_two_tiers", "grading/test_batch",
    "grading/test_build", "grading/test_cases", "grading/test_choice.", "grading/test_clocks",
    "grading/test_damaged", "grading/test_desk", "grading/test_editors", "grading/test_exercises",
    "grading/test_gradescope", "grading/test_guides", "grading/test_hidden", "grading/test_honest",
    "grading/test_hostile", "grading/test_inprocess", "grading/test_judge", "grading/test_messages",
    "grading/test_needs_random", "grading/test_notebook", "grading/test_notes",
    "grading/test_packages", "grading/test_progress", "grading/test_sandbox",
    "grading/test_scripts", "grading/test_stubs", "grading/test_student", "grading/test_submission",
    "measure/checks/test_register", "measure/statistics/test_one_run",
    "measure/statistics/test_replications", "measure/statistics/test_warm_up",
    "measure/test_list_of_metrics",
    "model/fleet/test_full", "model/fleet/test_no_write", "model/fleet/test_slots_that",
    "model/test_copying",
    "model/strategies/test_behind", "model/strategies/test_lock",
    "model/strategies/test_near", "model/strategies/test_session", "model/strategies/test_versions",
    "model/strategies/test_wrap", "model/test_client_faults", "model/test_fault_schedules",
    "model/test_faults", "model/test_pool", "model/test_snapshots", "wire/test_folder",
    "model/test_prices", "model/test_station",
    "model/test_theory_runs", "plots/test_plots", "planner/test_runs", "plots/test_theory",
    "predict/test_predict",
    "replay/test_bounds", "replay/test_kernels", "replay/test_policy_peers", "replay/test_streams",
    "replay/test_unlimited", "traces/test_streams", "wire/test_client_suites", "wire/test_cluster_clients",
    "wire/test_page", "wire/test_replicas", "wire/test_scripts", "wire/test_server", "wire/test_fuzz",
    "engines/redis/test_replication_stream", "model/test_replica_twin", "service/test_acceptance_served",
    "cli/test_bad_scenarios", "cli/test_database_options", "cli/test_fleet",
    "engines/redis/test_books", "engines/redis/test_replication_random", "experiments/test_witness",
    "model/fleet/test_failing_pool", "model/fleet/test_pool_of", "model/test_database_standby",
    "model/fleet/test_gossip", "theory/test_capacity", "theory/test_links",
))  # fmt: skip


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """With `-m "not slow"` slow files are not even imported."""
    quick = config.option.markexpr == "not slow"
    return True if quick and collection_path.as_posix().startswith(SLOW) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the slow tests, which `make quick` leaves out."""
    for item in items:
        looks = "browser" in getattr(item, "fixturenames", ())  # a doctest has no fixtures
        if looks or item.path.as_posix().startswith(SLOW):
            item.add_marker(pytest.mark.slow)
