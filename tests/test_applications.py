"""The table of applications: every row can be run. `make proofs` runs them, with the network."""

import tomllib
from pathlib import Path

import pytest

FILE = Path(__file__).parents[1] / "benchmarks/applications.toml"
ROWS = tomllib.loads(FILE.read_text(encoding="utf-8"))["application"]
FIELDS = {"name", "engine", "packages", "script", "installer", "options"}


def test_names():
    """A name is there once: it chooses the row on the command line."""
    names = [row["name"] for row in ROWS]

    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_rows(row):
    """A row has known fields; its script is Python that compiles, or it is for Node."""
    assert set() == set(row) - FIELDS
    assert row["engine"] in {"redis", "memcached"}
    assert row["packages"]
    assert "PORT" in row["script"]
    if row.get("installer") != "npm":
        compile(row["script"], row["name"], "exec")
