"""Which figures a text has, and when a claim about them is refused."""

import math

import pytest

from cachesim.errors import BadInput
from cachesim.experiments.claims import claim, figures


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("it hits 33.2 % of them", [0.332]),
        ("31,706 reads of 50,000", [31_706, 50_000]),
        ("0.25 ms, 200 µs and 3 s", [0.25e-3, 200e-6, 3]),
        ("by 9 points, or 9 percentage\npoints", [0.09, 0.09]),
        ("1.5 MiB or 5 million", [1.5 * 1024**2, 5e6]),
        ("twice, half, a third, three\ntimes", [2, 0.5, 1 / 3, 3]),
        ("Sixty clients, nearly nine in ten", [60, 0.9]),
        ("the queue is twenty long", [20]),
        ("±20 %, (5), 4-fold", [0.2, 5, 4]),
        ("in Redis 22 %, in Memcached 1.5 points", [0.22, 0.015]),
        ("in notebook 6, 30 reads of 2000 take 5 minutes", [30, 2000, 5]),
    ],
)
def test_figures_are_found(text, values):
    """Numbers in every unit, and the words that measure."""
    assert values == pytest.approx([figure.value for figure in figures(text)])


@pytest.mark.parametrize(
    "text",
    [
        "Che's approximation (2002), OSDI 2022; retries",
        "## 3 · Slabs\n1. first\n2. second",
        "`ttl=10` and $h_1 = 1/2$ and [here](a/07_stale.md)",
        "the 95 % interval, 99 % intervals",
        "p99, web07, LRU-2, MSER-5, S3-FIFO, Redis 7.0.15, M/M/1",
        "Notebook 6, notebooks 3 and 11, Exercises 03, 04",
        "**Time.** 45 minutes.",
        "often, someone, the third one",
    ],
)
def test_names_are_no_figures(text):
    """Years, numbers of chapters, code, formulas and names measure nothing."""
    assert [] == figures(text)


@pytest.mark.parametrize(
    ("text", "measured", "within"),
    [
        ("33.2 %", 0.33249, 0.0),
        ("about a third", 0.31, 0.03),
        ("58.7 % with it and 58.9 % without", (0.587, 0.589), 0.0),
        ("0.0 %", 0.0, 0.0),
        ("LFU hits least", True, 0.0),
        ("10 % of 80,000 reads", (0.1, 80_000), 0.0),
    ],
)
def test_a_claim_that_holds_is_silent(text, measured, within):
    """Half a unit of the last digit is always allowed, and `within` widens it."""
    assert claim(text, measured, within) is None


@pytest.mark.parametrize(
    ("text", "measured", "within"),
    [
        ("33.2 %", 0.3326, 0.0),
        ("33.2 %", math.nan, 0.1),
        ("about a third", 0.31, 0.01),
        ("58.7 % with it and 58.9 % without", (0.587, 0.598), 0.0),
        ("LFU hits least", False, 0.0),
        ("dozens of reads", 24, 0.0),
    ],
)
def test_a_claim_that_does_not_hold_raises(text, measured, within):
    """The sentence says both: what the text says and what was measured."""
    with pytest.raises(AssertionError, match=r'the text says ".*", this run gives '):
        claim(text, measured, within)


@pytest.mark.parametrize(
    ("text", "measured", "within", "sentence"),
    [
        ("33.2 %", 0.3, 0.2, "more than half of it"),
        ("58.7 % and 58.9 %", 0.587, 0.0, "has 2 figures, but 1 values"),
    ],
)
def test_a_claim_that_cannot_fail_is_refused(text, measured, within, sentence):
    """A tolerance as wide as the figure, and a value for one figure of two."""
    with pytest.raises(BadInput, match=sentence):
        claim(text, measured, within)
