"""What results look like in a notebook: units in every table, nothing cut off, and notes that hold."""

import math
import re

import pytest

from cachesim.engines.memcached.engine import Memcached
from cachesim.engines.redis.engine import Redis
from cachesim.experiments.compare import compare
from cachesim.experiments.run import run
from cachesim.experiments.sweep import sweep
from cachesim.measure.tables import in_unit, show_interval, title, unit
from cachesim.model.strategies.lazy import LazyLoading, NoCache
from cachesim.model.strategies.through import WriteThrough
from cachesim.model.workload import OpenLoop
from cachesim.predict.prediction import predict
from cachesim.scenario import Scenario
from cachesim.units import MIB
from tests.browser import browser as browser  # a fixture

SHORT = Scenario(duration=3, warmup=1, workload=OpenLoop(rate=300))
ROOMY = SHORT.replace(cache__memory=64 * MIB)
JUPYTERLAB = """<!doctype html><meta charset="utf-8"><style>
.output { width: 800px; overflow: auto; font: 13px sans-serif; }
table { border-collapse: collapse; table-layout: fixed; }
td, th { text-align: right; padding: .5em; white-space: normal; max-width: none; }
code { white-space: pre; }
</style>"""  # as JupyterLab styles an output, in a window of about 900 pixels


@pytest.fixture(scope="module")
def grid():
    strategies = [LazyLoading(ttl=1), WriteThrough(), LazyLoading(ttl=1, invalidate=True)]
    return compare(Scenario(duration=12, warmup=4), strategy=strategies, replications=3, n_jobs=1)


def test_a_table_says_its_units(grid):
    """In the headers as HTML, below the table as text."""
    page, text = grid._repr_html_(), str(grid)

    assert [] == [m for m in grid.header[1:] if f">{title(m)}</th>" not in page]
    assert "read p99 (ms)" in page
    assert {"%", "ms", "s", "queries/s"} == {unit(m) for m in grid.header[1:]} - {""}
    assert "hit_ratio, stale_ratio in %" in text
    assert "read_p50, read_p99, write_p50, write_p99 in ms" in text


def test_no_table_is_cut_off(grid, browser, tmp_path):
    """In a window of 900 pixels each is as wide as the output, or scrolls in place."""
    cells = sweep(SHORT, strategy__ttl=[1, 2], cache__memory=[MIB], replications=2, n_jobs=1)
    shown = (grid, grid.differences(), cells, predict(SHORT), run(SHORT))
    path = tmp_path / "notebook.html"
    path.write_text(
        JUPYTERLAB + "".join(f'<div class="output">{x._repr_html_()}</div>' for x in shown)
    )
    seen = browser.see(path, width=900)
    widths = browser.driver.execute_script(
        "return [...document.querySelectorAll('.output')].map(e => [e.scrollWidth, e.clientWidth])"
    )

    assert seen.width <= 900
    assert [] == [(wide, window) for wide, window in widths if wide > window]
    assert [] == [at for at in table_widths(browser)[:2] if at > 800]  # three strategies fit whole


def table_widths(browser):
    script = "return [...document.querySelectorAll('table')].map(e => e.offsetWidth)"
    return browser.driver.execute_script(script)


def test_differences_are_shown_in_the_units_of_the_table(grid):
    """As a list, one by one, and as numbers: what the table's columns give when they are subtracted."""
    found = {d.metric: d for d in grid.differences()}
    ours, theirs = (grid.interval(n, "read_p99").mean for n in (0, 1))
    p99 = found["read_p99"]

    assert ("ms", "%") == (p99.unit, found["hit_ratio"].unit)
    assert p99.in_units.mean == pytest.approx(1000 * ours - 1000 * theirs)
    assert p99.in_units.low == in_unit("read_p99", p99.interval.low)
    assert (
        f"read p99 (ms), {p99.first} minus {p99.second}: {show_interval('read_p99', p99.interval)}"
        == repr(p99)
    )
    assert re.search(r"^read p99 \(ms\) .*±", str(grid.differences()), re.MULTILINE)
    assert "<td" in grid.differences()._repr_html_()


def test_without_a_second_case_there_is_no_difference():
    """Shown as a sentence."""
    alone = compare(SHORT, replications=2, n_jobs=1, strategy=[NoCache()]).differences()

    assert "no differences: there is no second case" == str(alone)
    assert "" == alone._repr_html_()


def test_what_has_no_value_has_no_row():
    """A hit ratio against no cache is undefined."""
    found = compare(
        SHORT, replications=2, n_jobs=1, strategy=[LazyLoading(ttl=1), NoCache()]
    ).differences()

    assert math.isnan(found[0].interval.mean)
    assert "hit ratio" not in str(found)
    assert "nan" not in str(found) + found._repr_html_()


NOTE = "nothing was evicted: policies and engines cannot differ in their hit ratio here"


def test_where_nothing_is_evicted_hit_ratios_cannot_differ():
    """Two policies that are never asked: the same requests, the same hits, the same latencies."""
    policies = {
        name: Redis(memory=64 * MIB, policy=name) for name in ("allkeys-lru", "allkeys-lfu")
    }
    results = compare(SHORT, cache=policies, replications=2, n_jobs=1)

    assert [f"allkeys-lru; allkeys-lfu: {NOTE}"] == results.notes
    assert [NOTE] == run(ROOMY).notes


def test_where_latencies_differ_the_note_stays_away():
    """Engines with other workers, strategies with other visits: there is something to compare."""
    engines = {"redis": Redis(memory=64 * MIB), "memcached": Memcached(memory=64 * MIB)}
    slow = ROOMY.replace(workload=OpenLoop(rate=2000))
    strategies = [LazyLoading(ttl=1), WriteThrough()]

    assert [] == compare(slow, cache=engines, replications=2, n_jobs=1).notes
    assert [] == compare(ROOMY, strategy=strategies, replications=2, n_jobs=1).notes
