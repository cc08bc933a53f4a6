"""Whatever bytes a class, a roster or a list holds: submissions, or one sentence."""

from contextlib import suppress
from datetime import UTC
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from cachesim.errors import BadInput
from cachesim.grading.arrivals import Registry
from cachesim.grading.classes import Reader
from cachesim.grading.deadline import parse_moment
from cachesim.grading.gradescope import from_autograder, from_export
from cachesim.grading.reports import cell
from cachesim.grading.roster import Roster, read_roster
from tests.grading.hand_ins import LAYOUTS, Student, zipped

ADA, BOB = (
    Student("ada", "Ada K", 1, "a.py", b"ada = 1\n" * 20),
    Student("bob", "Bob", 2, "b.py", b""),
)
PLACE = st.floats(0, 1, exclude_max=True)
CHANGES = st.lists(st.tuples(PLACE, st.integers(0, 255)), max_size=6)
TABLE = st.text(max_size=200).map(lambda text: f"id,name\n{text}".encode("utf-8", "replace"))
SIGNS = st.sampled_from("=+-@\uff1d \t\n;,|\"'1a\x1b\u202e")
OFTEN = settings(max_examples=80, deadline=None)


@OFTEN
@given(st.sampled_from(sorted(LAYOUTS)), CHANGES)
def test_a_damaged_archive(layout, changes):
    """A few bytes of it were changed anywhere."""
    data = bytearray(zipped(LAYOUTS[layout]([ADA, BOB])))
    for place, byte in changes:
        data[int(place * len(data))] = byte
    with TemporaryDirectory() as folder:
        path = Path(folder, "class.zip")
        path.write_bytes(data)
        registry = Registry(Roster(), Roster(), UTC)
        found = Reader("01_lru", Path(folder, "work"), registry).read([path]).arrivals

    assert 1 <= len(found) == len({arrival.id for arrival in found})
    assert all(f"{arrival.id}{arrival.trouble}".isprintable() for arrival in found)


@OFTEN
@given(st.one_of(st.binary(max_size=200), TABLE))
def test_any_bytes_as_a_roster(data):
    """People, or one sentence."""
    people, refused = [], ""
    with TemporaryDirectory() as folder:
        path = Path(folder, "class.csv")
        path.write_bytes(data)
        try:
            people = read_roster(path).people
        except BadInput as error:
            refused = str(error)

    assert all(person.id for person in people)
    assert "\n" not in refused


@OFTEN
@given(st.text(max_size=300))
def test_any_text_as_a_list_or_a_time(text):
    """Submitters and times, or the error that is promised."""
    from_export(text)
    for read in (from_autograder, parse_moment):
        with suppress(ValueError):
            read(text)


@OFTEN
@given(st.text(SIGNS, max_size=12))
def test_no_text_begins_a_formula(text):
    """At the beginning of a cell, and behind whatever could be taken for a separator."""
    for separators in (";", ",", "|", ";,|"):
        parts = [""]
        for sign in cell(text):
            parts = [*parts, ""] if sign in separators else [*parts[:-1], parts[-1] + sign]
        begun = [part.strip(' "') for part in parts]
        assert not [p for p in begun if p.startswith(("=", "@", "\uff1d"))]
        assert not [p for p in begun if p.startswith(("+", "-")) and not p[1:].isdigit()]
