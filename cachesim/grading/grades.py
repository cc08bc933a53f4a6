"""The grade of a submission: its report, its students, and the penalty for being late."""

from typing import Any, NamedTuple

from cachesim.grading.judge import Outcome, Report
from cachesim.grading.roster import Person

SCHEMA = 1
REPORTED = ("id", "exercise", "score", "max_score", "isolation")  # of a report, in its JSON


class Grade(NamedTuple):
    """One submission, graded.

    >>> late = Grade(Report("ada", "01", 70.0, 100.0, "bwrap", [], ()), penalty=20.0)
    >>> late.report.score, late.score, late.students[0].id
    (70.0, 50.0, 'ada')
    """

    report: Report
    people: tuple[Person, ...] = ()
    penalty: float = 0.0  # points
    mark: str = ""  # a hash of all that the report depends on; empty if it must not be kept

    @property
    def id(self) -> str:
        """The submission's id."""
        return self.report.id

    @property
    def score(self) -> float:
        """The points that count."""
        return self.report.score - self.penalty

    @property
    def max_score(self) -> float:
        """The points that could be had."""
        return self.report.max_score

    @property
    def outcomes(self) -> list[Outcome]:
        """The outcome of each test."""
        return self.report.outcomes

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks about the submission."""
        return self.report.notes

    @property
    def isolation(self) -> str:
        """The tier of the sandbox."""
        return self.report.isolation

    @property
    def students(self) -> tuple[Person, ...]:
        """The students; if nothing is known about them, the id."""
        return self.people or (Person(self.id),)

    @property
    def name(self) -> str:
        """The names of the students, if they are known."""
        return ", ".join(person.name for person in self.people if person.name)

    @property
    def is_final(self) -> bool:
        """Whether every test could be judged: a grade that is missing is not a 0."""
        return self.report.is_final


def graded(report: Report | Grade) -> Grade:
    """Return a report as a grade without a penalty, and a grade as it is."""
    return report if isinstance(report, Grade) else Grade(report)


def as_dict(report: Report | Grade) -> dict[str, Any]:
    """Return a report as the documented JSON, without empty fields.

    >>> sorted(as_dict(Report("ada", "01", 1.0, 2.0, "bwrap", [], ())))
    ['exercise', 'id', 'isolation', 'max_score', 'notes', 'schema', 'score', 'tests']
    """
    grade = graded(report)
    told: dict[str, Any] = {"schema": SCHEMA, "id": grade.id}
    told |= {"name": grade.name} if grade.name else {}
    told |= {"exercise": grade.report.exercise, "score": grade.score}
    if grade.penalty:
        told |= {"raw_score": grade.report.score, "penalty": grade.penalty}
    told |= {"max_score": grade.max_score, "isolation": grade.isolation}
    told |= {} if grade.is_final else {"is_final": False}
    return told | {
        "notes": list(grade.notes),
        "tests": [outcome._asdict() for outcome in grade.outcomes],
    }


def to_json(grade: Grade) -> dict[str, Any]:
    """Return a grade as JSON; `from_json` reads it back."""
    people = [{k: v for k, v in person._asdict().items() if v} for person in grade.students]
    return {**as_dict(grade), "students": people, "of": grade.mark}


def from_json(told: dict[str, Any]) -> Grade:
    """Return a grade that was kept.

    Raises
    ------
    ValueError, KeyError, TypeError
        It is damaged.

    >>> grade = Grade(
    ...     Report("ada", "01", 70.0, 100.0, "bwrap", [], ("odd",)), (Person("ada"),), 20.0
    ... )
    >>> from_json(to_json(grade)) == grade
    True
    """
    fields = {name: told[name] for name in REPORTED} | {
        "score": told.get("raw_score", told["score"])
    }
    outcomes = [Outcome(**test) for test in told["tests"]]
    report = Report(**fields, outcomes=outcomes, notes=tuple(told["notes"]))
    people = tuple(Person(**about) for about in told["students"])
    return Grade(report, people, float(told.get("penalty", 0.0)), str(told["of"]))
