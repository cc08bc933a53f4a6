"""Statistics are functions of numbers: tables and metrics are made above them."""

import ast

import pytest

from tests.test_floors import SOURCE, imports, is_part

ROOM = SOURCE / "measure" / "statistics"
BELOW = "cachesim.errors cachesim.rng cachesim.measure.statistics"


@pytest.mark.parametrize("path", sorted(ROOM.glob("*.py")), ids=lambda path: path.stem)
def test_statistics_know_numbers_only(path):
    """No file imports a table, a metric or a history."""
    found = [line.module for line in imports(ast.parse(path.read_text(encoding="utf-8")))]

    assert [] == [m for m in found if is_part(m, "cachesim") and not is_part(m, BELOW)]


def test_the_files_are_there():
    """The rule above looks at some files."""
    assert len(list(ROOM.glob("*.py"))) >= 6
