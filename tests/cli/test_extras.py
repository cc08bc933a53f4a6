"""--report and --rank: a page and a ranking on request, refused before anything runs if they cannot be."""

import pytest

from tests.cli.calls import SMALL, done, refused

TWO = ["compare", *SMALL, "--strategies=lazy-loading,write-through", "--replications=2"]


def test_a_page_on_request(tmp_path):
    """It holds the command line and the scenario that make it again, and no half of it stays behind."""
    file = tmp_path / "new" / "my report.html"
    found = done(*TWO, f"--out={tmp_path}", f"--report={file}")
    text = file.read_text("utf-8")

    assert str(file) in found.out
    assert "cachesim compare --engine=simple" in text
    assert "my report.html&#x27;" in text  # quoted for a shell, then escaped for a page
    assert (tmp_path / "scenario.toml").read_text() in text.replace("&quot;", '"')
    assert [file] == list(file.parent.iterdir())


def test_a_ranking_on_request(tmp_path):
    """Printed below the comparison; with --json a part of the object."""
    args = [*TWO, f"--out={tmp_path}", "--rank=hit_ratio", "--worth=0.01"]
    text, data = done(*args).out, done(*args, "--json").json

    assert "rank by hit ratio (%)" in text
    assert data["ranking"]["sentence"] in text
    assert {"lazy-loading", "write-through"} == {p["name"] for p in data["ranking"]["places"]}
    assert data["ranking"]["places"][0]["ahead"].keys() == {"mean", "low", "high"}


def test_run_takes_them_too(tmp_path):
    """The scenario file that compare wrote, with a page and a ranking."""
    done(*TWO, f"--out={tmp_path}")
    found = done(
        "run", tmp_path / "scenario.toml", f"--out={tmp_path}", f"--report={tmp_path / 'r.html'}", "--rank=read_p99"
    )  # fmt: skip

    assert "rank by read p99 (ms)" in found.out
    assert "cachesim run " in (tmp_path / "r.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--rank=speed"], ['--rank "speed" is unknown', "hit_ratio"]),
        (["--rank=hit_ratio", "--replications=1"], ["--rank takes 2 replications"]),
        (["--worth=0.01"], ["--worth belongs to --rank"]),
        (["--rank=hit_ratio", "--worth=0"], ["--worth must be"]),
        (["--report=/proc/none/r.html"], ["--report", "cannot be written"]),
        (["--report=."], ["must name a file"]),
    ],
)
def test_what_cannot_be_done_is_refused_at_once(tmp_path, options, says):
    """Exit 2, one sentence, nothing written."""
    refused(*TWO, f"--out={tmp_path / 'out'}", *options, says=says)

    assert not (tmp_path / "out" / "results.csv").exists()
