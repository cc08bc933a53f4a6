"""The Python blocks of the README and of every page run, each page from top to bottom in one namespace."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PRINTS = re.compile(  # a block, and what the page says that it prints: the whole of it
    r"^```python\n(.*?)^```$(?:\n\nIt prints:\n\n```text\n(.*?)^```$)?", re.MULTILINE | re.DOTALL
)
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


@pytest.mark.slow
@pytest.mark.parametrize(
    "page", [p for p in PAGES if BLOCK.search(p.read_text("utf-8"))], ids=lambda p: p.stem
)
def test_examples_run(page, tmp_path, monkeypatch, own_metrics, capsys):
    """No block of the page raises, and each prints what the page says, if it says so."""
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "example"}
    for block, told in PRINTS.findall(page.read_text("utf-8")):
        exec(compile(block, str(page), "exec"), names)
        printed = capsys.readouterr().out
        assert printed == told or not told


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_links_lead_somewhere(page):
    """Every relative link names a file that is there."""
    assert [] == [
        link for link in LINK.findall(page.read_text("utf-8")) if not (page.parent / link).exists()
    ]


def test_every_page_is_reachable():
    """From docs/index.md, by links from page to page; no page is on its own."""
    waiting, seen = [ROOT / "docs" / "index.md"], set()
    while waiting:
        page = waiting.pop().resolve()
        if page not in seen and page.suffix == ".md" and page.is_file():
            seen.add(page)
            waiting += [page.parent / link for link in LINK.findall(page.read_text("utf-8"))]

    assert set() == {page.resolve() for page in PAGES} - seen


def test_the_index_names_every_page():
    """Each page below docs/ has its own link there, so that a reader finds it at once."""
    index = ROOT / "docs" / "index.md"
    links = {(index.parent / link).resolve() for link in LINK.findall(index.read_text("utf-8"))}

    assert set() == {page.resolve() for page in (ROOT / "docs").rglob("*.md")} - links - {index}


@pytest.mark.slow
def test_the_trade_offs_are_measured():
    """The table of Redis against Memcached is the one that its script makes."""
    from benchmarks import redis_or_memcached

    page = redis_or_memcached.PAGE.read_text()
    assert page == redis_or_memcached.renewed(page)


@pytest.mark.slow
def test_the_course_table_is_measured():
    """Each of its cells is what a run, or a server's reply, says."""
    from benchmarks import course_table

    page = course_table.PAGE.read_text()
    assert page == course_table.renewed(page)


@pytest.mark.slow
def test_the_trade_offs_of_strategies_are_measured():
    """The table of strategies is the one that its script makes."""
    from benchmarks import strategies_table

    page = strategies_table.PAGE.read_text(encoding="utf-8")
    assert page == strategies_table.renewed(page)


@pytest.mark.slow
def test_the_trade_offs_of_policies_are_measured():
    """The table of eviction policies is the one that its script makes."""
    from benchmarks import policies_table

    page = policies_table.PAGE.read_text(encoding="utf-8")
    assert page == policies_table.renewed(page)


def test_the_table_of_metrics_is_the_list():
    """The table of metrics is the one that its script makes from the list."""
    from benchmarks import metrics_table

    page = metrics_table.PAGE.read_text(encoding="utf-8")
    assert page == metrics_table.renewed(page)


def test_the_page_of_assumptions_is_complete():
    """Its tables are those that its script makes; each data file with sources has its part."""
    from benchmarks import assumptions_table

    page = assumptions_table.PAGE.read_text(encoding="utf-8")
    assert page == assumptions_table.renewed(page)
    heads = {
        path.stem: path.read_text("utf-8").partition("\n")[0]
        for path in assumptions_table.DATA.glob("*.csv")
    }
    assert set(assumptions_table.FILES) == {
        name for name, head in heads.items() if "source" in head.split(",")
    }


@pytest.mark.slow
def test_the_table_of_routes_is_measured():
    """The table of the rules that choose a node is the one that its script makes."""
    from benchmarks import routes_table

    page = routes_table.PAGE.read_text(encoding="utf-8")
    assert page == routes_table.renewed(page)


@pytest.mark.slow
def test_the_table_of_service_peers_is_asked():
    """Our column is what our desks answer to the probes; moto's was recorded."""
    pytest.importorskip("boto3", reason="needs the extra aws")
    from benchmarks import service_peers

    page = service_peers.PAGE.read_text(encoding="utf-8")
    assert page == service_peers.renewed(page)
