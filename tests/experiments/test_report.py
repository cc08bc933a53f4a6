"""The report page: what it says, that it is one whole file, and what a browser makes of it."""

import math
import re

import pandas as pd
import pytest

from cachesim.engines.simple import Simple
from cachesim.experiments.compare import compare
from cachesim.experiments.report import page
from cachesim.experiments.results import Case, Results
from cachesim.experiments.sweep import sweep
from cachesim.measure.metrics import METRICS
from cachesim.model.strategies.lazy import LazyLoading, NoCache
from cachesim.model.strategies.through import WriteThrough
from cachesim.model.workload import OpenLoop
from cachesim.scenario import Scenario

SMALL = Scenario(cache=Simple(memory=40_000), workload=OpenLoop(rate=200), duration=3, warmup=1)
EVIL = """<script>alert("&'")</script>"""


@pytest.fixture(scope="module")
def results():
    """Return a comparison of three strategies, the first with a name that would break a page."""
    strategies = {EVIL: LazyLoading(ttl=1), "through": WriteThrough(), "none": NoCache()}
    return compare(SMALL, strategy=strategies, replications=3, n_jobs=1)


@pytest.fixture(scope="module")
def text(results):
    """Return its page."""
    return page(results, version="9.9", scenario=f"x = 1 # {EVIL}", command=f"cachesim {EVIL}")


@pytest.fixture(scope="module")
def whole(text):
    """Return the page of three alternatives and that of two."""
    ttls = {"ttl 1": LazyLoading(ttl=1), "ttl 2": LazyLoading(ttl=2)}
    return text + page(compare(SMALL, strategy=ttls, replications=3, n_jobs=1), version="9.9")


@pytest.mark.parametrize(
    "part",
    [
        "<h1>Which strategy: &lt;script&gt;",
        "With 95 % confidence, the best by<ul>",
        "Means of 3 replications ± half of the 95 % interval, after 1 s of warm-up.",
        "ttl 1 minus ttl 2, paired replication by replication.",
        "ahead of the best other",
        "<h2>What theory says</h2>",
        "Closed forms simplify",
        "<summary>scenario.toml</summary>",
        "Made with cachesim 9.9, seed 1; engines: embedded",
        "OpenLoop(rate=200",
    ],
)
def test_the_page_says(part, whole):
    """Question, verdict, table, differences, ranking, scenario, how to make it again, notes."""
    assert part in whole


def test_everything_is_inside(text):
    """Six pictures with words, a style, no script, no address anywhere."""
    pictures = re.findall(r'<img alt="([^"]{40,})" src="data:image/png;base64,[^"]+">', text)
    without = re.sub(r"base64,[^\"]+", "", text)

    assert 6 == len(pictures)
    assert [] == re.findall(r"https?:|url\(|@import|<script|<link|<iframe", without)
    assert "default-src 'none'" in text


def test_what_users_wrote_is_only_text(text):
    """Labels, the scenario and the command line are escaped wherever they stand."""
    assert "<script" not in text
    assert text.count("&lt;script&gt;alert(&quot;&amp;&#x27;&quot;)&lt;/script&gt;") > 8


def test_the_same_results_give_the_same_page(results, text):
    """Byte for byte."""
    again = page(results, version="9.9", scenario=f"x = 1 # {EVIL}", command=f"cachesim {EVIL}")

    assert text == again


def test_a_sweep_over_numbers_has_them_on_an_axis():
    """Without histories there are four pictures; a field of three numbers is their axis."""
    found = sweep(SMALL, strategy__ttl=[0.5, 1, 2], replications=2, n_jobs=1)
    text = page(found, version="1")

    assert 4 == text.count("<img")
    assert "Which strategy ttl: 0.5, 1 or 2?" in text


def test_a_page_of_one_replication_says_what_it_is_worth():
    """No interval, no verdict, and a note that says why."""
    text = page(compare(SMALL, replications=1, n_jobs=1), version="1")

    assert "What does this scenario give?" in text
    assert "One replication has no interval" in text
    assert 'class="verdict"' not in text


def test_many_cases_stay_readable():
    """Forty cases: names and words are cut, the table has all of them."""
    cases = [Case({"strategy": f"s{n}"}, Scenario(), f"s{n}") for n in range(40)]
    about = {"engine": "embedded", "failure": None, **dict.fromkeys(METRICS, math.nan)}
    rows = [
        {"case": n, "strategy": f"s{n}", "replication": r, **about, "hit_ratio": n / 50 + r / 99, "evictions": 1.0}
        for n in range(40)
        for r in range(2)
    ]  # fmt: skip
    text = page(Results(cases, pd.DataFrame(rows), {}), version="1")

    assert "34 more?" in text
    assert "28 more in the table" in text
    assert '<th scope="row">s39</th>' in text


@pytest.mark.parametrize(("width", "dark"), [(390, False), (1280, False), (390, True)])
def test_a_browser_opens_it(browser, text, tmp_path, width, dark):
    """On a phone and on a desk: no word in the console, no request leaves, nothing is wider than the window."""
    file = tmp_path / "report.html"
    file.write_text(text, encoding="utf-8")
    seen = browser.see(file, width, dark=dark)

    assert ([], []) == (seen.console, seen.foreign)
    assert [file.as_uri()] == seen.requests[:1]
    assert seen.width <= seen.window <= width


def test_the_browser_would_have_noticed(browser, tmp_path):
    """A page that is too wide, speaks on the console and asks for a file is seen to do all three."""
    file = tmp_path / "bad.html"
    file.write_text(
        "<meta name=viewport content='width=device-width'><p style='width:900px'>"
        "<script>console.error('no')</script><img src='other.png'>"
    )
    seen = browser.see(file, 390)

    assert seen.width > seen.window
    assert any("no" in line for line in seen.console)
    assert [(tmp_path / "other.png").as_uri()] == seen.foreign
