"""The page on plans: each output on it is what its command prints."""

import re
from pathlib import Path

import pytest

from benchmarks.plan_runs import HEAD
from cachesim.node_types import node_types
from tests.cli.calls import call

PAGE = (Path(__file__).parents[2] / "docs/howto/plan_a_fleet.md").read_text("utf-8")
SHOWN = re.findall(r"```sh\ncachesim (plan [^\n]*)\n```\n\n```text\n(.*?)\n```", PAGE, re.DOTALL)


@pytest.mark.parametrize(("words", "text"), SHOWN)
def test_the_page_shows_what_the_command_prints(words, text):
    """On either stream."""
    found = call(*words.split())

    assert f"{text}\n" == found.out + found.err


def test_the_page_has_examples():
    """A plan, a hot key, a budget; and the figures of zones come from plans."""
    assert 3 == len(SHOWN)
    near = call(*SHOWN[0][0].split(), "--read-from", "nearest").out
    for text in ("67% of the requests leave their zone ($3.228 per hour); mean round trip 608 µs",
                 "7% of the requests leave their zone ($0.323 per hour); mean round trip 240 µs"):  # fmt: skip
        assert text in SHOWN[0][1] + near
        for figure in re.findall(r"\$[\d.]+ per hour|\d+ µs", text):
            assert figure in PAGE


def test_the_runs_on_the_page_say_what_the_text_says():
    """Each plan evicts nothing and keeps below 70 %; each smaller fleet breaks a limit that was predicted."""
    rows = [line.split(" | ") for line in PAGE.partition(HEAD[1])[2].strip().splitlines()]
    rows = [row for row in rows if len(row) > 3]
    plans = [seen(row[2]) for row in rows if len(row) == 6]
    smaller = [(row[-2], *seen(row[-1].rstrip(" |"))) for row in rows]

    assert 20 == len(plans) <= len(smaller)
    assert all(evictions == 0 and busy <= 70 for evictions, busy in plans)
    assert [] == [
        each for each in smaller
        if not ("memory" in each[0] and each[1]) and not ("cpu" in each[0] and each[2] > 70)
    ]  # fmt: skip


def seen(cell):
    """Read the cell of a run: evictions, and per cent of the busiest node."""
    evictions, busy = cell.split(", ")
    return int(evictions.replace(",", "")), int(busy.rstrip("%"))


def test_the_page_counts_types():
    """64 in the file; those without a baseline of the network are in no list."""
    lists = [node_types(status) for status in ("current", "older", "previous")]

    assert "has 64 types" in PAGE
    assert 64 - 4 == sum(map(len, lists))
