"""One submission as it arrived: its students, its time, and its unique id."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from pathlib import Path
from typing import NamedTuple

from cachesim.errors import BadInput
from cachesim.grading.deadline import parse_moment
from cachesim.grading.gradescope import Submitter
from cachesim.grading.roster import Person, Roster

LONGEST_ID = 100  # characters; a longer one is cut and marked
NO_TIME = ("", "-")  # what systems write for it


class Arrival(NamedTuple):
    """One submission, and what is known about it before it is read."""

    id: str
    path: Path
    people: tuple[Person, ...]  # by whom: one student, or a group
    is_late: bool | None = None  # what the system's mark says; None: it has no marks
    submitted: datetime | None = None
    notes: tuple[str, ...] = ()  # the student reads these
    trouble: str = ""  # why it cannot be read
    system: str = ""  # the layout that it came in; empty for a path of its own
    attempt: int = 0  # of two with one id, the system gave the newer one the greater number
    is_known: bool = True  # the roster has its students
    seed_name: str = ""  # the id that the parameters follow from, if it is another one


def label(name: str) -> str:
    r"""Return an id that can be shown anywhere; one that had to be changed ends in a mark of its own.

    >>> label("ada"), label("ada\x1b")
    ('ada', 'ada\\x1b-e76ab457')
    """
    if name.isprintable() and 0 < len(name) <= LONGEST_ID:
        return name
    plain = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)
    mark = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{plain[:LONGEST_ID]}-{mark}"


class Registry(NamedTuple):
    """What the teacher knows about the students."""

    roster: Roster
    times: Roster  # with a column "submitted"
    zone: tzinfo  # of times that do not say theirs

    def owned(self, arrival: Arrival, name: str, submitters: Sequence[Submitter] = ()) -> Arrival:
        """Return an arrival with its students, as the roster knows them, and with the roster's id."""
        if submitters:
            found = [(self._submitter(s), s) for s in submitters]
            people = [person or _stranger(s) for person, s in found]
            known = any(person for person, _ in found)
        else:
            matched = self._matched(arrival, name)
            people, known = matched or [_person(arrival, name)], bool(matched)
        if known and not submitters:
            own = people[0].id if len(people) == 1 else name or arrival.id
            arrival = arrival._replace(id=label(own))
        elif submitters:
            arrival = arrival._replace(id=label("+".join(sorted(p.id for p in people))))
        time = arrival.submitted or self._time(people)
        is_known = known or not self.roster.people
        return arrival._replace(people=tuple(people), submitted=time, is_known=is_known)

    def _submitter(self, submitter: Submitter) -> Person | None:
        keys = (submitter.email, submitter.sid, submitter.name)
        return next((p for key in keys if (p := self.roster.find(key))), None)

    def _matched(self, arrival: Arrival, name: str) -> list[Person]:
        """Find the students of a submission; nobody if the id and the name mean different students."""
        by_id = self.roster.find(arrival.id, arrival.system)
        by_name = self.roster.find(name) or self.roster.find(name.replace(" ", "_"))
        if by_id and by_name and by_id != by_name and not self._is_own_id(arrival):
            return []
        person = by_id or by_name
        if person is None:
            return self.roster.group(name or arrival.id)
        field = arrival.system if arrival.system in ("canvas", "moodle", "github") else ""
        return [person._replace(**{field: arrival.id}) if field else person]

    def _is_own_id(self, arrival: Arrival) -> bool:
        """Tell whether the roster has a column for the ids of this system."""
        return not arrival.system or any(
            p._asdict().get(arrival.system) for p in self.roster.people
        )

    def _time(self, people: Iterable[Person]) -> datetime | None:
        for person in people:
            said = (self.times.find(person.id) or person).submitted
            if said not in NO_TIME:
                try:
                    return parse_moment(said, self.zone)
                except BadInput as error:
                    raise BadInput(f"submitted, of {person.id}: {error}") from None
        return None


def _person(arrival: Arrival, name: str) -> Person:
    """Make a student from what the system wrote: nothing else is known."""
    field = arrival.system if arrival.system in ("canvas", "moodle", "github") else ""
    email = arrival.id if "@" in arrival.id else ""
    return Person(arrival.id, name, email, **({field: arrival.id} if field else {}))


def _stranger(submitter: Submitter) -> Person:
    return Person(label(submitter.key), submitter.name, submitter.email, sis=submitter.sid)


def distinct(arrivals: Iterable[Arrival]) -> tuple[list[Arrival], list[str]]:
    """Return one arrival for each id, and what the teacher should know.

    Of two that one system gave the newer stays. Two from elsewhere may be of two students: both stay, and the second
    gets an id of its own.
    """
    chosen: dict[str, Arrival] = {}
    notes = []
    for arrival in arrivals:
        other = chosen.get(arrival.id)
        if other is not None and other.system == arrival.system != "":
            new, old = sorted([other, arrival], key=_age, reverse=True)
            chosen[arrival.id] = new._replace(notes=(*new.notes, "an older attempt was ignored"))
            notes.append(f"{arrival.id}: an older attempt was ignored: {old.path.name}")
        elif other is not None:
            number = next(n for n in range(2, 10**6) if f"{arrival.id} ({n})" not in chosen)
            own = f"{arrival.id} ({number})"
            why = f'another submission is called "{arrival.id}" too; this one is graded as "{own}"'
            chosen[own] = arrival._replace(
                id=own,
                people=(Person(own),),
                notes=(*arrival.notes, why),
                is_known=False,
                seed_name=arrival.id,
            )
            notes.append(f'two submissions are called "{arrival.id}": {arrival.path} is "{own}"')
        else:
            chosen[arrival.id] = arrival
    return list(chosen.values()), notes


def _age(arrival: Arrival) -> tuple[float, int]:
    time = arrival.submitted.timestamp() if arrival.submitted else 0.0
    return time, arrival.attempt
