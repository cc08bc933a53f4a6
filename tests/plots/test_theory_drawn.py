"""What theory says, drawn beside what was measured."""

from matplotlib.colors import to_hex

from cachesim import plots
from cachesim.experiments import predicted
from cachesim.experiments.pictures import pictures
from cachesim.measure.tables import in_unit
from cachesim.predict.prediction import predict

# --- theory beside what was measured


def rings(ax):
    """Return where theory's rings stand, as [(x, y)], and nothing if there are none."""
    found = [line for line in ax.lines if line.get_label() == "theory"]
    return [(x, y) for line in found for x, y in zip(*line.get_data(), strict=True)]


def test_compare_draws_what_theory_says(results):
    """A ring in the row of each case that it speaks of, in the plot's unit, and one word in the legend."""
    ax = plots.compare(results, predicted={"slow": 0.25, "lazy": 0.5, "another": 0.75})

    assert [(50.0, 0), (25.0, 1)] == rings(ax)
    assert ["theory"] == [text.get_text() for text in ax.get_legend().get_texts()]
    assert [] == rings(plots.compare(results, predicted={}))


def test_compare_against_a_field_draws_what_theory_says(grid):
    """Where the case stands on the axis; a latency in ms."""
    name = grid.cases[1].name
    ax = plots.compare(grid, "read_p99", "cache__memory", "strategy__ttl", {name: 0.002})

    assert [(40_000, 2.0)] == rings(ax)
    assert {"1", "5", "theory"} == {text.get_text() for text in ax.get_legend().get_texts()}


def test_timeline_draws_what_theory_says(result):
    """A line from the warm-up to the end, a ring there; a single run takes a prediction as it is."""
    two = plots.timeline({"one": result, "two": result}, predicted={"two": 0.5})
    alone = plots.timeline(result, predicted={"hit_ratio": 0.5, "stale_ratio": 0.1})

    for ax, runs in ((two, 2), (alone, 1)):
        line = ax.lines[runs]
        assert [(4, 50.0)] == rings(ax)
        assert ([1, 4], [50.0, 50.0]) == (list(line.get_xdata()), list(line.get_ydata()))
        assert to_hex(ax.lines[runs - 1].get_color()) == to_hex(line.get_color())


def test_pictures_show_theory(results):
    """What the command line and the report page draw: the predictions of the cases, also in words."""
    drawn = {picture.name: picture for picture in pictures(results)}
    said = {case.name: predict(case.scenario).values for case in results.cases}

    for metric in ("hit_ratio", "db_queries_per_s"):
        expected = [in_unit(metric, v[metric]) for v in said.values() if metric in v]
        assert expected == [x for x, _ in rings(drawn[metric].axes)]
        assert "Theory says: " in drawn[metric].words
    assert 2 == len(rings(drawn["timeline"].axes))
    assert [] == rings(drawn["read_p99"].axes)
    assert "Theory" not in drawn["read_p99"].words


def test_many_cases_are_not_predicted(results, monkeypatch):
    """Their rings would hide each other, and each takes a while."""
    monkeypatch.setattr(predicted, "DRAWN", 2)

    assert {"hit_ratio": {}} == predicted.values_of_cases(results, ["hit_ratio"])
