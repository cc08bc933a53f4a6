"""Every latency, size and rate of the default scenario is listed, with a source or the word."""

from cachesim.experiments.assumptions import ASSUMED, ASSUMPTION, rows
from cachesim.model.distributions import Distribution
from cachesim.scenario import Scenario
from cachesim.spec import Spec, field_types, fields_of

# How the run is set up, not what it assumes about the world; engines cite their own sources.
ABOUT_THE_RUN = {"duration", "warmup", "sample_every", "seed"}


def quantities(spec, path=""):
    """Yield the path of every distribution and every number below a spec."""
    for name, value in fields_of(spec).items():
        here = f"{path}.{name}".lstrip(".")
        if isinstance(value, Distribution):
            yield here
        elif isinstance(value, Spec):
            yield from quantities(value, here)
        elif {int, float} & set(field_types(type(spec))[name][0]):
            yield here


def test_every_quantity_is_listed():
    """The list cannot lag behind the code."""
    engine = {f"cache.{name}" for name in fields_of(Scenario().cache)} - {"cache.memory"}
    none = {
        field for field in quantities(Scenario()) if field.startswith("resilience.")
    }  # waits, no retries
    found = set(quantities(Scenario())) - none - ABOUT_THE_RUN - engine

    assert found == {assumed.field for assumed in ASSUMED}
    assert len(found) > 15


def test_values_are_the_defaults():
    """Read from the scenario, in their unit; distributions by their mean."""
    shown = {row["field"]: row["value"] for row in rows()}

    assert "1 MiB" == shown["cache.memory"]
    assert "0.7" == shown["database.buffer_hit_ratio"]
    assert shown["node.service"].startswith("10 µs (mean")
    assert shown["workload.size"].startswith("500 B")


def test_sources():
    """Each is a work, or admits that it is an assumption."""
    for assumed in ASSUMED:
        assert ASSUMPTION in assumed.source or any(c.isdigit() for c in assumed.source)
        assert assumed.unit in ("s", "bytes", "1/s", "share", "count")
