"""Who is in the class: a CSV file of one's own, or one that Canvas, Moodle or GitHub Classroom exports.

References
----------
Canvas: lib/gradebook_importer.rb of instructure/canvas-lms, for the columns of a gradebook ("Student", "ID", "SIS
User ID", "SIS Login ID", "Section"). Moodle: the participants' table and the grading worksheet of an assignment
("Identifier", "Full name", "Email address", "Last modified (submission)"). GitHub Classroom: its roster
("identifier", "github_username", "name").
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from cachesim.errors import BadInput
from cachesim.grading.answers import plain

LARGEST = 4 << 20  # bytes
HEADERS = {  # field -> names of columns, without upper case and punctuation
    "id": "id; student id; id number; student number; matriculation number",
    "login": "login; login id; sis login id; username; user name; user",
    "sis": "sis user id; sis id; sid",
    "canvas": "canvas id; canvas user id",
    "moodle": "identifier; participant; moodle id",
    "github": "github username; github user; github",
    "email": "email; email address; e mail; e mail address; mail",
    "name": "name; student; student name; full name",
    "first": "first name; firstname; given name; forename",
    "last": "last name; lastname; surname; family name",
    "section": "section; sections; class",
    "group": "group; groups; team",
    "submitted": "submitted; submitted at; submission time; last modified submission; created at; timestamp",
}
FIELD_OF = {name: field for field, names in HEADERS.items() for name in names.split("; ")}
IDS = ("id", "login", "sis", "canvas", "github", "moodle")  # the first that a row has is the id
NOBODY = {"points possible", "student test", "manual posting"}  # rows of Canvas that are no student


class Person(NamedTuple):
    """One student."""

    id: str
    name: str = ""
    email: str = ""
    section: str = ""
    login: str = ""
    sis: str = ""
    canvas: str = ""
    moodle: str = ""
    github: str = ""
    group: str = ""
    submitted: str = ""


class Roster:
    """The students of a class; a system may name them by id, login, name or e-mail address.

    >>> roster = Roster([Person("ada", "Ada King", "ak@uni.edu"), Person("bob", "Bob Day")])
    >>> [roster.find(name).id for name in ("ADA", "kingada", "Day, Bob", "ak@uni.edu", "ak")]
    ['ada', 'ada', 'bob', 'ada', 'ada']
    >>> roster.find("cy")
    """

    def __init__(self, people: Iterable[Person] = ()) -> None:
        self.people = list(people)
        self._index: dict[str, set[Person]] = {}
        for person in self.people:
            for key in _keys(person):
                self._index.setdefault(key, set()).add(person)

    def find(self, known_as: str, system: str = "") -> Person | None:
        """Find the one student with this id or name; None if there is none, or several.

        An id is looked for before a name, a name before the first part of an e-mail address.
        """
        same, like = exactly(known_as), squeezed(known_as)
        keys = [f"{system}:{same}", f"id:{same}", f"like:{like}", f"name:{like}", f"local:{like}"]
        for key in keys:
            found = self._index.get(key, set()) if like else set()
            if found:
                return next(iter(found)) if len(found) == 1 else None
        return None

    def group(self, name: str) -> list[Person]:
        """Return the members of a group."""
        return [p for p in self.people if p.group and squeezed(p.group) == squeezed(name)]


def _keys(person: Person) -> Iterator[str]:
    about = person._asdict()
    for field in (*IDS, "email"):
        if about[field]:
            yield from (f"id:{exactly(about[field])}", f"{field}:{exactly(about[field])}")
            yield f"like:{squeezed(about[field])}"
    words = re.split(r"[\s,]+", person.name.strip())
    for first in range(
        len(words)
    ):  # "Ada M. King" is "kingadam" on Canvas, "ada m. king" on Moodle
        if name := squeezed("".join(words[first:] + words[:first])):
            yield f"name:{name}"
    if "@" in person.email:
        yield f"local:{squeezed(person.email.partition('@')[0])}"


def exactly(text: str) -> str:
    """Return an id as systems compare ids: without outer blanks and upper case."""
    return unicodedata.normalize("NFKC", text).strip().casefold()


def squeezed(text: str) -> str:
    """Return a name without spaces, signs, accents and capital letters.

    >>> squeezed("O'Neil, Jörg"), squeezed("a_b")
    ('oneiljörg', 'ab')
    """
    normal = unicodedata.normalize("NFKC", text).casefold()
    return "".join(sign for sign in normal if sign.isalnum())


def read_roster(path: Path) -> Roster:
    """Read a roster. Raises BadInput, with the line, for what is none."""
    rows = list(_rows(path))
    columns = _columns(rows[0]) if rows else {}
    if not {*IDS, "email", "name", "last"} & set(columns):
        raise BadInput(
            f"{path} has no column for an id, a name or an e-mail address; "
            "its first line must name the columns, such as: id,name,email,section"
        )
    if {"sis user id", "sis login id", "student"} & set(map(_normal, rows[0])):
        columns.setdefault(
            "canvas", columns.get("id", -1)
        )  # in a gradebook of Canvas "ID" is its own
    people: dict[str, Person] = {}
    for row in rows[1:]:
        person = _person({f: row[n].strip() for f, n in columns.items() if 0 <= n < len(row)})
        if person is None:
            continue
        if people.get(person.id, person) != person:
            raise BadInput(
                f'{path} has two students with the id "{plain(person.id, 60)}"; give each an id of their own'
            )
        people[person.id] = person
    return Roster(people.values())


def _rows(path: Path) -> Iterator[list[str]]:
    try:
        with path.open("rb") as file:
            lines = _decoded(file.read(LARGEST + 1)).lstrip("\ufeff")
        head = lines.partition("\n")[0]
        yield from filter(
            any, csv.reader(io.StringIO(lines), delimiter=max(",;\t", key=head.count))
        )
    except (OSError, ValueError, csv.Error) as error:
        why = getattr(error, "strerror", None) or error
        raise BadInput(
            f"{path} cannot be read as a CSV file ({why}); save it as CSV, in UTF-8"
        ) from None


def _decoded(data: bytes) -> str:
    """Return the text of a file in UTF-8, UTF-16 or as Excel saves. Raises ValueError for what is no text."""
    if len(data) > LARGEST:
        raise ValueError(f"more than {LARGEST:,} bytes")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16")
    if data.startswith(b"PK") or b"\0" in data:
        raise ValueError("it is no text")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _columns(header: list[str]) -> dict[str, int]:
    """Return field -> column; of two columns for one field the first counts."""
    found: dict[str, int] = {}
    for number, name in enumerate(header):
        if field := FIELD_OF.get(_normal(name)):
            found.setdefault(field, number)
    return found


def _normal(header: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", header.casefold()))


def _person(about: dict[str, str]) -> Person | None:
    """Return the student of a row; None if it is not a student's."""
    first, last = about.pop("first", ""), about.pop("last", "")
    about["name"] = about.get("name") or f"{first} {last}".strip()
    about["moodle"] = re.sub(r"^\D+(?=\d+$)", "", about.get("moodle", ""))  # "Participant 123"
    known = next((about[f] for f in (*IDS, "email", "name") if about.get(f)), "")
    if not known or _normal(about["name"]) in NOBODY:
        return None
    return Person(**{**about, "id": known})
