"""The roster: a file of one's own, or as the systems export it, finds students by whatever they are called."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from cachesim.errors import BadInput
from cachesim.grading.arrivals import Arrival, Registry
from cachesim.grading.gradescope import Submitter
from cachesim.grading.roster import Person, Roster, read_roster

OWN = "ID,Name,E-Mail,Section\nada,Ada King,ada.king@uni.edu,A\nbob,Bob O'Neil,bob@uni.edu,B\n"
GRADEBOOK = (  # of Canvas, with its rows that are no student's
    '\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,"LRU (4711)"\n'
    ",,,,,Manual Posting\n    Points Possible,,,,,100\n"
    '"King, Ada",11,S1,ada,"A, B",\n"Student, Test",99,,,A,\n'
)
PARTICIPANTS = "First name;Last name;ID number;Email address\nAda;King;ada;ada.king@uni.edu\n"
WORKSHEET = (  # of an assignment of Moodle
    'Identifier,"Full name","Email address",Status,Grade,"Last modified (submission)"\n'
    'Participant 11,Ada King,ada.king@uni.edu,,,"Monday, 30 November 2026, 10:10 PM"\n'
)
CLASSROOM = "identifier,github_username,github_id,name\nada,ada-k,5,Ada King\n"
FORMS = {
    "own": OWN,
    "canvas": GRADEBOOK,
    "moodle": PARTICIPANTS,
    "sheet": WORKSHEET,
    "git": CLASSROOM,
}


@pytest.fixture
def roster(tmp_path):
    """Read a roster from text."""

    def read(text, encoding="utf-8"):
        path = tmp_path / "class.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return read_roster(path)

    return read


@pytest.mark.parametrize("form", FORMS)
def test_every_form_knows_ada(roster, form):
    """By her name in each form that a system writes, and nobody else by it."""
    found = roster(FORMS[form])

    assert "Ada" in found.find("kingada").name
    assert {found.find("Ada King")} == {found.find("kingada"), found.find("King, Ada")}
    assert found.find("adaking2") is None


def test_a_gradebook_of_canvas(roster):
    """Its own ID is the id; the rows for points, posting and the test student are no students."""
    (ada,) = roster(GRADEBOOK).people

    assert ("11", "11", "ada", "S1", "A, B") == (
        ada.id,
        ada.canvas,
        ada.login,
        ada.sis,
        ada.section,
    )


def test_a_worksheet_of_moodle(roster):
    """The number of the participant is the id, and the time is known."""
    found = roster(WORKSHEET)
    arrival = Registry(found, Roster(), UTC).owned(
        Arrival("11", Path(), (), system="moodle"), "Ada King"
    )

    assert "11" == arrival.id
    assert datetime(2026, 11, 30, 22, 10, tzinfo=UTC) == arrival.submitted


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_as_spreadsheets_save(roster, encoding, ends):
    """Any of the usual encodings and line ends."""
    (jorg,) = roster(f"id,name{ends}jörg,Jörg Straße{ends}", encoding).people

    assert Person("jörg", "Jörg Straße") == jorg


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "no column for an id"),
        (b"a,b\n1,2\n", "no column for an id"),
        (b"PK\x03\x04rest", "no text"),
        (b"id\0name", "no text"),
        (b"id,name\n7,Ada\n7,Bob\n", 'two students with the id "7"'),
        (b'id\n"' + b"x" * 200_000, "field larger"),
        (b"id\n" + b"x\n" * (3 << 20), "more than"),
    ],
)
def test_what_is_no_roster(roster, text, says):
    """One sentence, with the next step."""
    with pytest.raises(BadInput, match=says):
        roster(text)


def matched(people, known_as, name="", system=""):
    """Return the id that an arrival gets."""
    arrival = Arrival(known_as, Path(), (), system=system)
    found = Registry(Roster(people), Roster(), UTC).owned(arrival, name)
    return found.id if found.is_known else None


def test_who_is_who():
    """By id, login, address, name; not where two fit, and not where the id says another than the name."""
    ada = Person("ada", "Ada King", "ak@uni.edu", login="aking")
    people = [ada, Person("bob", "Bob Day"), Person("11", "Eve Hill"), Person("12", "Bob Day")]

    assert ["ada"] * 4 == [matched(people, name) for name in ("ADA", "aking", "ak", "ak@uni.edu")]
    assert "ada" == matched(people, "77", "kingada", "canvas")
    assert matched(people, "77", "daybob", "canvas") is None
    assert matched(people, "11", "kingada", "canvas") is None
    assert "11" == matched(people, "11", "hilleve", "canvas")
    assert matched(people, "cy") is None


def test_ids_that_differ_in_a_sign():
    """The id "-1" is not "1": what is written exactly so is found first."""
    people = [Person("1"), Person("-1"), Person("a.b"), Person("ab")]

    assert ["1", "-1", "a.b", "ab"] == [matched(people, p.id) for p in people]


def test_a_group_has_a_row_for_each(roster):
    """By the roster's column, or by the list of Gradescope."""
    found = roster("id,name,group\nada,Ada,Red team\nbob,Bob,Red team\ncy,Cy,Blue\n")
    registry = Registry(found, Roster(), UTC)
    red = registry.owned(Arrival("5", Path(), (), system="canvas"), "redteam")
    pair = registry.owned(
        Arrival("submission_1", Path(), ()),
        "",
        [Submitter("Cy", "cy"), Submitter("Eve", "9", "e@u.edu")],
    )

    assert (["ada", "bob"], "redteam") == ([p.id for p in red.people], red.id)
    assert (["cy", "e@u.edu"], "cy+e@u.edu") == ([p.id for p in pair.people], pair.id)


def test_times_from_a_list_of_their_own(roster):
    """Matched by id; one that cannot be read is named."""
    times = roster("id,submitted\nada,2026-11-30T23:00\nbob,soon\ncy,-\n")
    registry = Registry(Roster(), times, UTC)

    assert 23 == registry.owned(Arrival("ada", Path(), ()), "").submitted.hour
    assert registry.owned(Arrival("cy", Path(), ()), "").submitted is None
    with pytest.raises(BadInput, match='bob: "soon" is no time'):
        registry.owned(Arrival("bob", Path(), ()), "")
