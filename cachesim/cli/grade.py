"""`cachesim grade`: submissions of a class, graded in sandboxes, with a report for each and for all."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from cachesim.cli.options import ruled
from cachesim.cli.output import print_json
from cachesim.grading import reports
from cachesim.grading.batch import as_dict, file_name, grade, jobs
from cachesim.grading.exercise import Exercise, whole
from cachesim.grading.feedback import page
from cachesim.grading.judge import PASSED, Report
from cachesim.grading.sandbox import NoSandbox, strongest
from cachesim.measure.tables import text_table
from cachesim.spec import Seed

NO_SANDBOX = 3  # exit code
LISTED = ("id", "status", "score", "max_score", "message")  # of a test, by --json


@click.command("grade")
@click.argument("exercise")
@click.argument(
    "submissions", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path)
)
@click.option(
    "--out", type=click.Path(path_type=Path), help="Folder for reports; a batch resumes from it."
)
@ruled("--seed", Seed, "Seed of the parameters, the same for all.  [default: each student's own]")
@click.option(
    "--secret", default="", help="The course's secret, from which students' seeds follow."
)
@click.option("--jobs", "n_jobs", default=-1, help="Processes.  [default: one a core]")
@click.option(
    "--accept-weak-isolation", "weak", is_flag=True, help="Grade even without a real sandbox."
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object on stdout instead of the table."
)
def grade_command(
    exercise: str,
    submissions: tuple[Path, ...],
    out: Path | None,
    seed: int | None,
    secret: str,
    n_jobs: int,
    *,
    weak: bool,
    as_json: bool,
) -> int:
    """Grade submissions (.py, .ipynb, a folder or a zip, any number) of EXERCISE."""
    task = whole(exercise)
    try:
        tier = strongest("rlimits" if weak else "landlock")
    except NoSandbox as problem:
        click.echo(f"cachesim: {problem}", err=True)
        return NO_SANDBOX
    if tier == "rlimits":
        click.echo(
            "warning: no sandbox holds here: hostile code could do what you can do", err=True
        )
    kept = _folder(out)
    work = jobs(task, submissions, tier, seed=seed, secret=secret, out=kept)
    done = grade(work, n_jobs, None if as_json or not sys.stderr.isatty() else _progress)
    if out is not None:
        _write_all(out, task, done)
    _show(task, done, as_json=as_json)
    return 0


def _progress(finished: Iterable[Any], count: int) -> Iterable[Any]:
    from tqdm import tqdm

    wrapped: Iterable[Any] = tqdm(finished, total=count, unit="submission")
    return wrapped


def _folder(out: Path | None) -> Path | None:
    if out is None:
        return None
    (out / "reports").mkdir(parents=True, exist_ok=True)
    return out / "reports"


def _write_all(out: Path, exercise: Exercise, done: list[Report]) -> None:
    for name, write in reports.WHOLE.items():
        _write(out / name, write(done, exercise.title))
    for folder in ("gradescope", "feedback"):
        (out / folder).mkdir(exist_ok=True)
    for number, report in enumerate(done):
        _write(out / "gradescope" / f"{number:04d}_results.json", reports.gradescope(report))
        _write(out / "feedback" / f"{file_name(report.id)}.html", page([report], exercise.title))


def _write(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, "utf-8")
    os.replace(part, path)


def _show(exercise: Exercise, done: list[Report], *, as_json: bool) -> None:
    if as_json:
        print_json({"exercise": exercise.id, "submissions": [_listed(report) for report in done]})
        return
    rows = [
        [r.id, f"{r.score:g}", f"{r.max_score:g}", f"{_passed(r)} of {len(r.outcomes)}"]
        for r in done
    ]
    click.echo(text_table(["submission", "score", "of", "tests passed"], rows))
    for report in done:
        for note in report.notes:
            click.echo(f"note on {report.id}: {note}")
    click.echo(f"\nGraded in the sandbox {done[0].isolation}.")


def _listed(report: Report) -> dict[str, Any]:
    told = as_dict(report)
    told["tests"] = [{name: test[name] for name in LISTED} for test in told["tests"]]
    return {name: told[name] for name in ("id", "score", "max_score", "isolation", "tests")}


def _passed(report: Report) -> int:
    return sum(outcome.status == PASSED for outcome in report.outcomes)
