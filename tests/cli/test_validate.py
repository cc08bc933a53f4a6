"""`cachesim validate`: the table, the JSON that was promised, and its exit codes."""

import pytest

from cachesim.cli import validate as command
from cachesim.validate.oracle import OracleRow
from tests.cli.calls import call, done, refused

FAST = ["--oracle", "never-stale", "--jobs=1"]


def test_the_json_is_as_promised():
    """Schema 1, and a row a point with exactly these fields."""
    found = done("validate", *FAST, "--json").json

    assert {"schema", "rows"} == set(found)
    assert 1 == found["schema"]
    assert 3 == len(found["rows"])
    for row in found["rows"]:
        assert ["oracle", "parameters", "predicted", "simulated", "low", "high", "ok"] == list(row)
        assert row["ok"] is True


def test_the_table_has_a_verdict_a_row():
    """Predicted, simulated, interval and verdict; `--quick` runs one point of each."""
    lines = done("validate", *FAST, "--quick").out.splitlines()

    assert lines[0].split()[:4] == ["oracle", "parameters", "predicted", "simulated"]
    assert lines[2].startswith("never-stale")
    assert lines[2].endswith("ok")
    assert lines[-1].startswith("1 of 1 ok")


@pytest.mark.parametrize(
    ("high", "says"), [(1.01, "outside"), (1.3, "too wide")], ids=["outside", "too wide"]
)
def test_a_row_that_is_not_ok_gives_exit_code_1(monkeypatch, high, says):
    """And the verdict says what is wrong with it."""
    bad = OracleRow("che-lru", {"keys": 5}, 2.0, 1.0, 0.99, high)
    monkeypatch.setattr(command, "run_oracles", lambda *args, **options: [bad])
    found = call("validate")

    assert (1, "") == (found.code, found.err)
    assert f"NOT OK: {says}" in found.out


def test_the_oracles_are_listed():
    """`--list` runs nothing and names every one with its source."""
    assert "che-lru" in done("validate", "--list").out


def test_an_unknown_oracle_is_bad_input():
    """Exit code 2 and one sentence."""
    refused("validate", "--oracle", "che", says=['no oracle "che"'])
    refused("validate", "--seed=-1", says=["--seed"])
