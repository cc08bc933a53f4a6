"""Options that ask for more than a machine can do: one sentence before anything starts."""

import pytest

from tests.cli.calls import refused

ASKED = [
    ["--duration=1e300"],
    ["--rate=1e9"],
    ["--keys=10000000"],
    ["--keys=1000000000000"],
    ["--value-size=1e9"],
    ["--value-size=1e300"],
    ["--value-size=lognormal:1e300,99"],
    ["--value-size=lognormal:1e9,1e3"],
    ["--skew=1e18"],
    ["--clients=1000000000"],
    ["--clients=10000000"],
    ["--memory=1e300"],
    ["--replications=1000000000"],
    ["--replications=1000000"],
]


@pytest.mark.parametrize("options", ASKED, ids=lambda options: options[0])
def test_a_comparison_that_cannot_work(options, tmp_path):
    """The limit is named, and nothing is written."""
    sentence = refused("compare", *options, f"--out={tmp_path / 'out'}")

    assert (
        "limit" in sentence
        or "at most" in sentence
        or "from 1 to" in sentence
        or "below" in sentence
    )
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_grid_of_a_million_cells(tmp_path):
    """It is counted before it is built."""
    (tmp_path / "s.toml").write_text("duration = 2\nwarmup = 0\n")
    numbers = ",".join(map(str, range(1, 1001)))
    vary = [f"--vary=seed={numbers}", f"--vary=database.connections={numbers}"]

    refused(
        "sweep", tmp_path / "s.toml", *vary, f"--out={tmp_path / 'out'}", says=["5,000,000 runs"]
    )


@pytest.mark.parametrize(
    "options", [["--items=1000000000000000000"], ["--items=10", "--value-size=1e300"],
                ["--memory=1e300"], ["--memory=4gb", "--value-size=1e18"],
                ["--curve", "--sizes=1e18"]], ids=lambda options: options[-1]
)  # fmt: skip
def test_a_replay_that_cannot_work(options, tmp_path):
    """The same in a replay."""
    (tmp_path / "t.csv").write_text("key\na\nb\na\n")

    refused("replay", tmp_path / "t.csv", "--format=csv", *options)
