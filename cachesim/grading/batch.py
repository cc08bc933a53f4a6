"""A whole class at once: every submission is graded by itself, in parallel, and one bad one stops nobody.

A report is written as soon as it is there, under a temporary name first; a batch that was interrupted goes on with
those that have none for the same code, exercise and seed.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from cachesim.errors import BadInput
from cachesim.experiments.parallel import in_parallel
from cachesim.grading.answers import plain
from cachesim.grading.best import graded_best
from cachesim.grading.exercise import Exercise, seed_of
from cachesim.grading.judge import ERROR, Outcome, Report
from cachesim.grading.sandbox import Tier
from cachesim.grading.submission import Submission, read

SCHEMA = 1
Progress = Callable[[Iterable[Any], int], Iterable[Any]]


class Job(NamedTuple):
    """One submission to grade."""

    folder: Path  # of the exercise
    path: Path
    tier: Tier
    seed: int
    out: Path | None  # where its report is kept


def jobs(
    exercise: Exercise,
    paths: Sequence[Path],
    tier: Tier,
    *,
    seed: int | None,
    secret: str,
    out: Path | None,
) -> list[Job]:
    """Return a job for each submission; a student's seed follows from the secret unless one is given."""
    names = [path.stem if path.is_file() else path.name for path in paths]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadInput(f'two submissions are called "{plain(twice[0])}"; give each its own name')
    return [
        Job(exercise.path, path, tier, seed_of(secret, name) if seed is None else seed, out)
        for name, path in zip(names, paths, strict=True)
    ]


def grade(work: Sequence[Job], n_jobs: int = -1, progress: Progress | None = None) -> list[Report]:
    """Grade all; return the reports in the order of the jobs."""
    done = in_parallel(grade_one, work, n_jobs)
    return list(progress(done, len(work)) if progress else done)


def grade_one(job: Job) -> Report:
    """Grade one submission, or read the report that an interrupted batch has left."""
    exercise = Exercise(job.folder)
    try:
        submission = read(job.path, exercise, job.tier)
    except (BadInput, OSError) as error:
        name = plain(job.path.stem if job.path.is_file() else job.path.name, 100)
        report = unreadable(exercise, name, plain(str(error)), job.tier)
        _keep(job, report, "")
        return report
    kept = job.out / f"{file_name(submission.id)}.json" if job.out else None
    known = _kept(kept, exercise, submission, job)
    if known is not None:
        return known
    report = graded_best(exercise, submission, tier=job.tier, seed=job.seed)
    _keep(job, report, _mark(exercise, submission, job))
    return report


def _keep(job: Job, report: Report, of: str) -> None:
    if job.out is not None:
        _write(job.out / f"{file_name(report.id)}.json", {**as_dict(report), "of": of})


def unreadable(exercise: Exercise, name: str, why: str, tier: Tier) -> Report:
    """Return the report of a submission that cannot be read: no points, and why."""
    outcomes = [Outcome(t.id, ERROR, 0.0, t.points, why, t.visible) for t in exercise.tests]
    return Report(name, exercise.id, 0.0, exercise.max_score, tier, outcomes, (why,))


def as_dict(report: Report) -> dict[str, Any]:
    """Return a report as the JSON that is documented.

    >>> as_dict(Report("ada", "01", 1.0, 2.0, "bwrap", [], ()))["score"]
    1.0
    """
    fields = report._asdict()
    tests = [outcome._asdict() for outcome in fields.pop("outcomes")]
    return {"schema": SCHEMA, **fields, "notes": list(report.notes), "tests": tests}


def _mark(exercise: Exercise, submission: Submission, job: Job) -> str:
    """Return what a report depends on, as a hash."""
    parts = [submission.source, str(job.seed), job.tier]
    parts += [
        path.read_text("utf-8") for path in sorted(exercise.path.glob("*.*")) if path.is_file()
    ]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _kept(path: Path | None, exercise: Exercise, submission: Submission, job: Job) -> Report | None:
    if path is None or not path.is_file():
        return None
    try:
        told = json.loads(path.read_text("utf-8"))
        if told["of"] != _mark(exercise, submission, job):
            return None
        outcomes = [Outcome(**test) for test in told["tests"]]
        fields = {
            name: told[name] for name in ("id", "exercise", "score", "max_score", "isolation")
        }
        return Report(**fields, outcomes=outcomes, notes=tuple(told["notes"]))
    except (ValueError, KeyError, TypeError):
        return None  # damaged: graded anew


def file_name(name: str) -> str:
    """Return a file's name for a submission's: no separators, and no two alike.

    >>> file_name("ada"), file_name("../ada")
    ('ada', '_ada-60088279')
    """
    plainer = (
        "".join(c if c.isalnum() or c in "-_." else "_" for c in name).lstrip(".") or "unnamed"
    )
    tail = hashlib.sha256(name.encode()).hexdigest()[:8]
    return plainer if plainer == name else f"{plainer}-{tail}"


def _write(path: Path, content: Any) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")
    os.replace(part, path)
