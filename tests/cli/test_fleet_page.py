"""The page about fleets: every command line of it runs, with the scenario file that it shows."""

import re
import shlex
from pathlib import Path

import pytest

from tests.cli.calls import done

PAGE = (Path(__file__).parents[2] / "docs" / "howto" / "use_a_fleet.md").read_text("utf-8")
[TOML] = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
LINES = [
    line
    for block in re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    for line in block.replace("\\\n", " ").splitlines()
]


@pytest.mark.parametrize("line", LINES)
def test_a_line_of_the_page_runs(line, tmp_path, monkeypatch):
    """It ends well, without a word on stderr, and shows the hit ratio."""
    monkeypatch.chdir(tmp_path)
    Path("scenario.toml").write_text(TOML, encoding="utf-8")
    program, *arguments = shlex.split(line)
    here = ["--n-jobs=1"] if arguments[0] == "sweep" else []  # no processes in a test

    assert "cachesim" == program
    assert "hit ratio" in done(*arguments, *here).out.replace("_", " ")


def test_there_are_lines():
    """As many as the page has commands, or the test above would test nothing."""
    assert 10 == len(LINES)
