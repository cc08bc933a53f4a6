"""Plots: axes with units, on a figure of their own or on the axes given; nothing global is touched."""

import struct
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from cachesim import plots
from cachesim.engines.simple import Simple
from cachesim.experiments.compare import compare
from cachesim.experiments.pictures import png
from cachesim.experiments.run import run
from cachesim.measure.metrics import read_p99
from cachesim.measure.statistics import Interval, warm_up, welch
from cachesim.model.faults import FlushCache, SlowDatabase
from cachesim.model.strategies.lazy import LazyLoading
from cachesim.replay import hit_ratio_curve

CURVES = hit_ratio_curve(
    [str(n * n % 31) for n in range(300)], {"LRU": lambda n: Simple(items=n)}, [2, 4, 8]
)
SERIES = [[0.9 - 0.5**n + n % 2 / 9 for n in range(40)], [0.9 - 0.4**n for n in range(39)]]
INTERVALS = [Interval(0.4, 0.3, 0.6), Interval(0.8, 0.7, 0.9), Interval(0.5, 0.5, 0.7)]


def test_a_timeline_shades_the_faults(result):
    """Each once, by its name: a span as long as it lasts and the run does, a line for a moment."""
    faults = (FlushCache(at=1), SlowDatabase(at=2, duration=1), SlowDatabase(at=3, duration=9))
    shaken = run(result.scenario.replace(faults=faults))
    ax = plots.timeline({"one": shaken, "two": shaken})
    named = dict(zip(*reversed(ax.get_legend_handles_labels()), strict=True))

    assert {"one", "two", "warm-up", "FlushCache", "SlowDatabase"} == set(named)
    assert 3.0 == ax.patches[-1].get_x()
    assert ax.get_xlim()[1] < 6


DRAWN = ["compare", "compare x", "timeline", "latency", "hit_ratio_curve", "welch", "coverage"]
DRAWN += ["load_per_shard", "fleet_timeline", "lag", "resize"]


@pytest.fixture(params=DRAWN)
def draw(request, results, grid, result, fleet_result, failed_over, resized):
    """Return each plot in turn, as a function of the axes."""
    return {
        "compare": lambda ax=None: plots.compare(results, ax=ax),
        "compare x": lambda ax=None: plots.compare(
            grid, x="cache__memory", y="read_p99", by="strategy__ttl", ax=ax
        ),
        "timeline": lambda ax=None: plots.timeline(result, ax=ax),
        "latency": lambda ax=None: plots.latency(result, ax=ax),
        "hit_ratio_curve": lambda ax=None: plots.hit_ratio_curve(CURVES, ax=ax),
        "welch": lambda ax=None: plots.welch(SERIES, 4, 0.5, y="hit_ratio", ax=ax),
        "coverage": lambda ax=None: plots.coverage(INTERVALS, 0.5, y="hit_ratio", ax=ax),
        "load_per_shard": lambda ax=None: plots.load_per_shard(fleet_result, ax=ax),
        "fleet_timeline": lambda ax=None: plots.fleet_timeline(fleet_result, ax=ax),
        "lag": lambda ax=None: plots.lag(failed_over, ax=ax),
        "resize": lambda ax=None: plots.resize(resized, ax=ax),
    }[request.param]


def test_axes_given_are_used(draw):
    """What was handed in comes back, with something drawn on it."""
    ax = Figure().add_subplot()

    assert ax is draw(ax)
    assert ax.has_data()


def test_without_axes_a_new_figure_of_its_own(draw):
    """Two calls, two figures, none of which pyplot knows."""
    first, second = draw(), draw()

    assert isinstance(first, Axes)
    assert first.figure is not second.figure
    if "matplotlib.pyplot" in sys.modules:
        assert [] == sys.modules["matplotlib.pyplot"].get_fignums()


def test_every_number_axis_has_a_unit(draw):
    """In brackets, but for shares and names."""
    ax = draw()
    texts = [ax.get_xlabel(), ax.get_ylabel()]
    names_rows = not texts[1]

    assert all("(" in text or "share of" in text for text in (texts[:1] if names_rows else texts))
    if names_rows:
        names = [label.get_text() for label in ax.get_yticklabels()]
        assert names in (["lazy", "slow", "none"], [f"shard-{n} node-0" for n in range(3)])


def test_nothing_global_changes(draw):
    """Not one of matplotlib's settings."""
    before = mpl.rcParams.copy()
    png(draw())

    assert before == mpl.rcParams


def test_a_png_is_600_pixels_wide_and_always_the_same(draw):
    """Bytes depend on the result alone: no time, no version of a program in them."""
    first, second = png(draw()), png(draw())

    assert first == second
    assert b"\x89PNG\r\n\x1a\n" == first[:8]
    assert (600, 360) == struct.unpack(">II", first[16:24])
    assert b"Software" not in first


def test_plots_need_no_pyplot():
    """Drawing to bytes never imports it: no window, no global state."""
    program = (
        "import sys; from cachesim import plots\n"
        "plots.hit_ratio_curve({'LRU': [(1, .5), (2, .6)]}).figure.savefig(sys.stderr.buffer)\n"
        "sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    found = subprocess.run(
        [sys.executable, "-c", program], cwd=Path(__file__).parents[2], capture_output=True
    )

    assert 0 == found.returncode


def segments(ax):
    """Return the error bars, as (low, high) in the order of the cases."""
    return [
        sorted({round(float(x), 9) for x, _ in path.get_segments()[0]})
        for path in ax.collections
        if hasattr(path, "get_segments")
    ]


def test_compare_draws_means_and_intervals(results):
    """In per cent, one row per case, with a marker and colour of its own."""
    ax = plots.compare(results, y="stale_ratio")
    points = [line for line in ax.lines if line.get_marker() in plots.MARKERS]

    for number, line in enumerate(points):
        mean, low, high = results.interval(number, "stale_ratio")
        assert [100 * mean] == pytest.approx(list(line.get_xdata()))
        if low < high:
            assert [100 * low, 100 * high] == pytest.approx(segments(ax)[number])
    assert 3 == len({line.get_marker() for line in points})
    assert 3 == len({to_hex(line.get_color()) for line in points})
    assert "stale ratio (%)" == ax.get_xlabel()


def test_what_is_undefined_is_left_out(results):
    """No hit ratio without a cache: the row stays, without a point, and without a warning."""
    ax = plots.compare(results, y="hit_ratio")

    assert 3 == len(ax.get_yticks())
    (point,) = (
        line
        for line in ax.lines
        if to_hex(line.get_color()) == plots.COLOURS[2].lower()
        and line.get_marker() in plots.MARKERS
    )
    assert np.isnan(np.array(point.get_xdata(), dtype=float)).all()
    assert len(png(ax)) > 1000


def test_compare_against_a_field(grid):
    """Numbers where they stand, a series for each value of `by`, a legend that names them."""
    ax = plots.compare(grid, x="cache__memory", y="read_p99", by="strategy__ttl")

    series = [
        line for line in ax.lines if line.get_label() in ("1", "5") or len(line.get_xdata()) == 3
    ]
    assert all([20_000, 40_000, 80_000] == list(line.get_xdata()) for line in series)
    assert ["1", "5"] == [text.get_text() for text in ax.get_legend().get_texts()]
    assert "cache memory (bytes)" == ax.get_xlabel()
    assert "read p99 (ms)" == ax.get_ylabel()


def test_one_replication_has_points_without_bars(result):
    """No interval, no bar."""
    once = compare(
        result.scenario, replications=1, n_jobs=1, strategy=[LazyLoading(), LazyLoading(ttl=1)]
    )

    assert all(len(bar) == 1 for bar in segments(plots.compare(once)))


def test_timeline_shades_the_warm_up_and_covers_the_run(result):
    """A point an interval, the warm-up included; per cent; shaded until its end."""
    ax = plots.timeline(result, every=0.5)

    assert [0.25 + 0.5 * n for n in range(8)] == pytest.approx(list(ax.lines[0].get_xdata()[:8]))
    assert 0 <= min(ax.lines[0].get_ydata()) <= max(ax.lines[0].get_ydata()) <= 100
    (shade,) = (patch for patch in ax.patches if patch.get_label() == "warm-up")
    assert 1.0 == shade.get_extents().transformed(ax.transData.inverted()).x1
    assert "simulated time (s)" == ax.get_xlabel()


def test_timeline_of_several_runs_and_another_metric(result):
    """Named in the legend; the unit follows the metric."""
    ax = plots.timeline({"one": result, "two": result}, read_p99)

    assert ["one", "two", "warm-up"] == [text.get_text() for text in ax.get_legend().get_texts()]
    assert "read p99 (ms)" == ax.get_ylabel()
    assert ax.lines[0].get_linestyle() != ax.lines[1].get_linestyle()


def test_latency_marks_p50_and_p99(result):
    """The marks stand where the metrics say; the line falls; both axes are logarithmic."""
    ax = plots.latency(result)
    line, marks = ax.lines[0], ax.lines[1]

    p50, p99 = result.metrics["read_p50"] * 1000, result.metrics["read_p99"] * 1000
    assert [p50, p99] == pytest.approx(list(marks.get_xdata()))
    assert [0.5, 0.01] == list(marks.get_ydata())
    assert (np.diff(line.get_xdata()) >= 0).all()
    assert (np.diff(line.get_ydata()) <= 0).all()
    assert ("log", "log") == (ax.get_xscale(), ax.get_yscale())
    assert {"p50", "p99"} == {text.get_text() for text in ax.texts}


def test_latency_of_writes(result):
    """The same for the other operation; without any, an empty plot."""
    assert "write latency (ms)" == plots.latency(result, op="write").get_xlabel()
    only_reads = run(result.scenario.replace(workload__reads=1))
    assert len(png(plots.latency(only_reads, op="write"))) > 1000


def test_hit_ratio_curve_draws_the_bounds():
    """Optimum and infinite cache, thin and grey, above the engine's curve, in per cent."""
    ax = plots.hit_ratio_curve(CURVES, unit="items")
    lines = {line.get_label(): line for line in ax.lines}

    assert {"LRU", "optimum", "infinite cache"} == set(lines)
    lru, optimum, infinite = (np.array(line.get_ydata()) for line in lines.values())
    assert (lru <= optimum).all()
    assert (optimum <= infinite).all()
    assert [100 * ratio for _, ratio in CURVES["LRU"]] == pytest.approx(lru)
    assert "#666666" == lines["optimum"].get_color() == lines["infinite cache"].get_color()
    assert ("cache size (items)", "hit ratio (%)") == (ax.get_xlabel(), ax.get_ylabel())


def test_nine_policies_look_different_and_none_is_covered():
    """After seven, colours come with other markers; many names stand beside the axes."""
    curves = {f"policy {n}": [(10, 0.1 * n), (1000, 0.1 * n)] for n in range(9)}
    ax = plots.hit_ratio_curve(curves)
    looks = {(to_hex(line.get_color()), line.get_marker()) for line in ax.lines}

    assert 9 == len(looks)
    ax.figure.draw_without_rendering()
    assert ax.get_legend().get_window_extent().x0 >= ax.get_window_extent().x1


@pytest.mark.parametrize(
    ("sizes", "named"), [((10, 100_000), ["100", "1,000"]), ((100, 900), ["200", "500"])]
)
def test_sizes_are_plain_numbers(sizes, named):
    """Powers of ten on a wide axis, also what lies between on a narrow one."""
    ax = plots.hit_ratio_curve({"lru": [(size, 0.5) for size in sizes]})
    ax.figure.draw_without_rendering()
    told = [label.get_text() for label in ax.get_xticklabels()]

    assert set(named) <= set(told)
    assert not [text for text in told if "^" in text]


def test_more_series_than_colours(result):
    """They begin again: nothing fails with the eighth."""
    ax = plots.timeline({str(n): result for n in range(9)})

    assert 9 == len(ax.lines)
    assert len(set(plots.COLOURS)) == len(plots.COLOURS) == len(plots.MARKERS) == len(plots.LINES)


def test_welch_draws_the_smooth_line_and_where_mser_cuts():
    """In the metric's unit, at the middle of each piece; the cut in seconds."""
    ax = plots.welch(SERIES, 4, 0.5, y="hit_ratio")
    mean, smooth, cut = ax.get_lines()

    assert pytest.approx(100 * welch(SERIES, 4)) == smooth.get_ydata()
    assert [0.25, 0.75] == list(mean.get_xdata()[:2])
    assert 0.5 * warm_up(np.mean([SERIES[0][:39], SERIES[1]], axis=0)).length == cut.get_xdata()[0]
    assert "MSER-5: 2.5 s" == cut.get_label()


def test_welch_says_when_a_run_is_too_short():
    """A cut at the edge is no figure to read off; what is too short for the rule has none."""
    words = [line.get_label() for line in plots.welch(list(range(40)), 4).get_lines()]

    assert "MSER-5: the run is too short" == words[-1]
    assert 2 == len(plots.welch(list(range(12)), 2).get_lines())
