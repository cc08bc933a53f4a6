"""The page of a class: its figures are right, can be read without colours, and nothing in it is active."""

import re
from html.parser import HTMLParser

from cachesim.grading import overview
from cachesim.grading.feedback import page
from cachesim.grading.grades import Grade
from cachesim.grading.judge import TROUBLE, Outcome, Report
from cachesim.grading.roster import Person

EVIL = "<img src=x onerror=alert(1)>"


def grade(name, score, status="failed"):
    tests = [
        Outcome("a", "passed" if score else status, float(score), 50.0, "", True),
        Outcome(EVIL, status, 0.0, 50.0, "", False),
    ]
    return Grade(Report(name, "01", float(score), 100.0, "bwrap", tests, ()), (Person(name, EVIL),))


CLASS = [grade("ada", 50), grade("bob", 0), grade("cy", 100), grade("eve", 0, TROUBLE)]


def test_the_sentence():
    """Mean and median of what is final."""
    assert "4 submissions. Mean 50.0, median 50 of 100 points. 1 not final, and not counted." == (
        overview.summary(CLASS)
    )


def test_the_bars():
    """They count what is final, and a screen reader hears the same numbers."""
    text = overview.part(CLASS)
    scores, passed = re.findall(r'role="img" aria-label="([^"]*)"', text)

    assert "submissions with so many points: 0 to 10: 1, 10 to 20: 0" in scores
    assert "90 to 100: 1" in scores
    assert passed.startswith("submissions that passed this test: a: 2")
    assert ["33.3", "33.3", "33.3", "66.7"] == [
        w for w in re.findall(r"width:([\d.]+)%", text) if w != "0.0"
    ]


def test_a_class_of_which_nothing_is_final():
    """There is a page, and no mean."""
    text = page([CLASS[3], CLASS[3]], "x")

    assert "2 submissions. 2 not final" in text
    assert "Mean" not in text


class Tags(HTMLParser):
    """Collects tags and attributes."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def test_nothing_is_active():
    """No tag or attribute comes from a student; the page loads nothing and has one heading of the first level."""
    found = Tags(page(CLASS, EVIL)).found

    assert not {"img", "script", "link", "iframe"} & {tag for tag, _ in found}
    assert not [name for _, about in found for name in about if name in ("src", "onerror")]
    assert 1 == sum(tag == "h1" for tag, _ in found)


def test_what_a_visible_test_printed():
    """Line by line; of a hidden one nothing."""
    shown, hidden = (
        type(
            "Printed", (), {**CLASS[0].outcomes[0]._asdict(), "output": "one\n<two>", "visible": v}
        )
        for v in (True, False)
    )
    report = CLASS[0].report

    assert "<pre>one\n&lt;two&gt;</pre>" in page([report._replace(outcomes=[shown])], "x")
    assert "two" not in page([report._replace(outcomes=[hidden])], "x")
