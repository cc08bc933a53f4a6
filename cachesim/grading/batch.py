"""Grade a whole class: each submission by itself, in parallel. A broken or hostile one cannot stop the others.

A batch that was interrupted goes on with the submissions that have no report for the same code, exercise and seed.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from cachesim.errors import BadInput, WorkerLost
from cachesim.experiments.parallel import in_parallel
from cachesim.grading.answers import plain
from cachesim.grading.arrivals import Arrival, distinct, label
from cachesim.grading.best import graded_best
from cachesim.grading.deadline import Lateness, LatePolicy
from cachesim.grading.exercise import Exercise, seed_of
from cachesim.grading.grades import Grade, from_json
from cachesim.grading.judge import ERROR, TROUBLE, Outcome, Repeat, Report
from cachesim.grading.ledger import file_name
from cachesim.grading.sandbox import Tier
from cachesim.grading.submission import Submission, read

SUSPECTS = (
    16  # submissions that are graded one by one after a process has died: it held one of them
)
LOST = "the process that graded this has died, as when memory is short; grade it again"
Progress = Callable[[Iterable[Any], int], Iterable[Any]]
Keep = Callable[[Grade], None]


class ToGrade(NamedTuple):
    """One submission to grade."""

    folder: Path  # of the exercise
    arrival: Arrival
    tier: Tier
    seed: int
    kept: Path | None  # the folder of reports that need not be made again
    policy: LatePolicy
    repeat: Repeat = "later"  # a test that hit a clock: when the others have been graded


def jobs(
    exercise: Exercise,
    handed: Sequence[Path | Arrival],
    tier: Tier,
    *,
    seed: int | None,
    secret: str,
    out: Path | None,
    policy: LatePolicy | None = None,
) -> list[ToGrade]:
    """Return a job for each submission; a student's seed follows from the secret unless one is given."""
    arrivals, _ = distinct(
        Arrival(label(path.stem if path.is_file() else path.name), path, ())
        if isinstance(path, Path)
        else path
        for path in handed
    )
    return [
        ToGrade(
            exercise.path,
            arrival,
            tier,
            seed_of(secret, arrival.seed_name or arrival.id) if seed is None else seed,
            out,
            policy or LatePolicy(),
        )
        for arrival in arrivals
    ]


def grade(
    work: Sequence[ToGrade],
    n_jobs: int = -1,
    progress: Progress | None = None,
    keep: Keep | None = None,
) -> list[Grade]:
    """Grade all; return the grades in the order of the jobs. Each is handed to `keep` as soon as it is there.

    One that is not final, as when the machine was too busy, is tried once more by itself.
    """
    done: dict[int, Grade] = {}
    found = _graded(work, n_jobs)
    for number, given in progress(found, len(work)) if progress else found:
        done[number] = given
        if keep:
            keep(given)
    for number, given in done.items():
        if not given.is_final and LOST not in given.notes:  # that one was tried by itself
            job = work[number]._replace(repeat="is one")
            done[number] = again = _by_itself(job, n_jobs)
            if keep:
                keep(again)
    return [done[number] for number in range(len(work))]


def _graded(work: Sequence[ToGrade], n_jobs: int) -> Iterator[tuple[int, Grade]]:
    """Yield number and grade, as they finish; a process that dies costs no more than its own submission."""
    waiting = list(range(len(work)))
    while waiting:
        try:
            numbered = [(number, work[number]) for number in waiting]
            for number, given in in_parallel(_numbered, numbered, n_jobs, ordered=False):
                waiting.remove(number)
                yield number, given
        except WorkerLost:
            suspects, waiting = waiting[:SUSPECTS], waiting[SUSPECTS:]
            yield from ((number, _by_itself(work[number])) for number in suspects)


def _numbered(job: tuple[int, ToGrade]) -> tuple[int, Grade]:
    return job[0], grade_one(job[1])


def _by_itself(job: ToGrade, n_jobs: int = -1) -> Grade:
    """Grade one submission while nothing else is graded; in this process if there is no other."""
    try:
        (given,) = in_parallel(grade_one, [job], apart=n_jobs != 1)
        assert isinstance(given, Grade)
        return given
    except WorkerLost:
        return _unjudged(Exercise(job.folder), job, TROUBLE, LOST)


def grade_one(job: ToGrade) -> Grade:
    """Grade one submission, or reuse the report of an earlier batch."""
    exercise = Exercise(job.folder)
    try:
        submission = _read(exercise, job)
    except (BadInput, OSError) as error:
        return _unjudged(exercise, job, ERROR, plain(str(error), 500))
    except Exception as error:
        return _unjudged(exercise, job, TROUBLE, _fault(error))
    try:
        mark = _mark(exercise, submission, job)
        report = _kept(job, mark) or graded_best(
            exercise, submission, tier=job.tier, seed=job.seed, repeat=job.repeat
        )
    except Exception as error:
        return _unjudged(exercise, job, TROUBLE, _fault(error))
    return _priced(report, job, mark)


def _fault(error: Exception) -> str:
    """Describe a fault of the grader or of this machine: it must not cost the class."""
    return plain(f"the grader failed ({type(error).__name__}: {error}); grade it again", 500)


def _read(exercise: Exercise, job: ToGrade) -> Submission:
    if job.arrival.trouble:
        raise BadInput(job.arrival.trouble)
    return _named(read(job.arrival.path, exercise, job.tier), job.arrival.id)


def _named(submission: Submission, name: str) -> Submission:
    """Return a submission, and the other answers that came with it, under the id that it arrived with."""
    others = tuple(other._replace(id=name) for other in submission.others)
    return submission._replace(id=name, others=others)


def _unjudged(exercise: Exercise, job: ToGrade, status: str, why: str) -> Grade:
    """Return the grade of a submission that no test has seen: no points, and why."""
    outcomes = [Outcome(t.id, status, 0.0, t.points, why, t.visible) for t in exercise.tests]
    report = Report(
        job.arrival.id, exercise.id, 0.0, exercise.max_score, job.tier, outcomes, (why,)
    )
    return _priced(report, job, "")


def _priced(report: Report, job: ToGrade, mark: str) -> Grade:
    """Return a grade: with what being late costs, and without what students should not see."""
    arrival, policy = job.arrival, job.policy
    late = policy.lateness(arrival.submitted, arrival.is_late)
    penalty = policy.penalty(late.days, report.score, report.max_score)
    notes = dict.fromkeys([*report.notes, *arrival.notes, *_about_time(late, penalty, policy)])
    clean = report._replace(
        notes=tuple(without_paths(note, arrival.path) for note in notes),
        outcomes=[
            o._replace(message=without_paths(o.message, arrival.path)) for o in report.outcomes
        ],
    )
    given = Grade(clean, arrival.people, penalty, mark)
    return given if given.is_final else given._replace(mark="")


def _about_time(late: Lateness, penalty: float, policy: LatePolicy) -> list[str]:
    """Say how late it was, and the penalty."""
    if penalty:
        return [f"{late.why}; {penalty:g} points are taken off"]
    if late.days and not policy.per_day:
        return ["handed in late"]
    return [late.why] if late.why else []


def without_paths(text: str, path: Path) -> str:
    """Return text without paths of this machine: of each only the last name is left.

    >>> without_paths("no code in /home/jane/class/ada.py", Path("/home/jane/class/ada.py"))
    'no code in ada.py'
    """
    for folder in (str(path.parent), str(path.resolve().parent)):
        text = text.replace(f"{folder}/", "") if len(folder) > 1 else text
    return _ABSOLUTE.sub(r"\1", text)


_ABSOLUTE = re.compile(r"(?<![\w:./])(?:/[\w.@+~-]+)+/([\w.@+~-]+)")


def _mark(exercise: Exercise, submission: Submission, job: ToGrade) -> str:
    """Return a hash of all that a report depends on."""
    parts = [repr(submission), str(job.seed), job.tier]
    parts += [p.read_text("utf-8") for p in sorted(exercise.path.glob("*.*")) if p.is_file()]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _kept(job: ToGrade, mark: str) -> Report | None:
    """Return the report that is there for the same submission; its notes are made again."""
    path = job.kept / f"{file_name(job.arrival.id)}.json" if job.kept else None
    try:
        told = json.loads(path.read_text("utf-8")) if path else {}
        return from_json(told).report if told.get("of") == mark else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None  # not there, or damaged: it is graded again
