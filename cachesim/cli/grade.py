"""`cachesim grade`: the submissions of a class, graded in sandboxes, with one report each and one for all."""

import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click

from cachesim.cli.kinds import apply, processes, ruled
from cachesim.cli.options import JSON
from cachesim.cli.output import print_json
from cachesim.files import replace_file
from cachesim.grading import reports
from cachesim.grading.arrivals import Registry
from cachesim.grading.batch import grade, jobs
from cachesim.grading.classes import CHOICES, Class, Reader
from cachesim.grading.deadline import LatePolicy, parse_grace, parse_moment, parse_percent, zone_of
from cachesim.grading.exercise import Exercise, whole
from cachesim.grading.feedback import page
from cachesim.grading.grades import Grade, as_dict
from cachesim.grading.judge import PASSED
from cachesim.grading.ledger import Ledger, file_name
from cachesim.grading.roster import Roster, read_roster
from cachesim.grading.sandbox import NoSandbox, Tier, strongest
from cachesim.grading.shown import shown
from cachesim.measure.tables import text_table
from cachesim.spec import Seed

NO_SANDBOX = 3  # exit code
SHOWN = ("id", "name", "score", "raw_score", "penalty", "max_score", "isolation", "is_final")
LISTED = ("id", "status", "score", "max_score", "message")  # of a test, by --json
NAMED = 20  # most students that one sentence names

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
ARRIVAL = (  # options: who submitted, and how late
    click.option(
        "--roster",
        type=FILE,
        help="CSV of the class: id, name, email, section; or an LMS's export.",
    ),
    click.option(
        "--layout",
        type=click.Choice(CHOICES),
        help="How the class is laid out.  [default: it is found]",
    ),
    click.option(
        "--deadline", metavar="TIME", help="Such as 2026-11-30T23:59; file times never count."
    ),
    click.option(
        "--grace",
        default="0s",
        show_default=True,
        metavar="SECONDS",
        help="Time after the deadline that costs nothing, such as 15m.",
    ),
    click.option(
        "--late",
        default="0%",
        show_default=True,
        metavar="PERCENT",
        help="Cost of each day begun, in % of the exercise's points, such as 10%.",
    ),
    click.option(
        "--submitted",
        type=FILE,
        help="CSV with the columns id and submitted; a roster may have them too.",
    ),
    click.option(
        "--timezone",
        default="UTC",
        show_default=True,
        metavar="ZONE",
        help="Time zone of times that name none, such as Europe/Berlin.",
    ),
)


@click.command("grade")
@click.argument("exercise")
@click.argument(
    "submissions", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path)
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Folder for reports; a batch resumes from it.",
)
@apply(ARRIVAL)
@ruled("--seed", Seed, "One seed for all parameters.", usual="each student's own")
@click.option(
    "--secret",
    default="",
    metavar="WORDS",
    help="The course's secret, from which the students' seeds follow.",
)
@processes("--jobs")
@click.option(
    "--accept-weak-isolation", "weak", is_flag=True, help="Grade even without a real sandbox."
)
@JSON
def grade_command(
    exercise: str, submissions: tuple[Path, ...], *, weak: bool, as_json: bool, **options: Any
) -> int:
    """Grade submissions of EXERCISE in sandboxes.

    Submissions are .py, .ipynb, folders, archives, or a whole class as an LMS exports it.

    Downloads of Canvas and Moodle, nbgrader's submitted/, exports of Gradescope and the folders of GitHub
    Classroom are understood, each as a folder or as a zip.
    """
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
    policy, registry = _rules(**options)
    with tempfile.TemporaryDirectory(prefix="cachesim-") as work:
        found = Reader(task.name, Path(work), registry).read(submissions, options["layout"] or "")
        ledger = _ledger(task, **options)
        done = _graded(task, found, tier, policy, ledger, is_quiet=as_json, **options)
    everybody = ledger.all(done) if ledger else done
    if ledger:
        _write_all(ledger.path, task, everybody)
        found.notes.extend(ledger.notes)
    _announce(found, registry.roster, everybody, done)
    _show(task, done, as_json=as_json)
    return 0


def _ledger(
    task: Exercise, *, out: Path | None, seed: int | None, secret: str, **_others: Any
) -> Ledger | None:
    return Ledger(out, task.id, seed, secret) if out is not None else None


def _graded(
    task: Exercise,
    found: Class,
    tier: Tier,
    policy: LatePolicy,
    ledger: Ledger | None,
    *,
    seed: int | None,
    secret: str,
    n_jobs: int,
    is_quiet: bool,
    **_others: Any,
) -> list[Grade]:
    kept = ledger.reports if ledger else None
    listed = jobs(task, found.arrivals, tier, seed=seed, secret=secret, out=kept, policy=policy)
    is_shown = not is_quiet and sys.stderr.isatty()
    return grade(listed, n_jobs, _progress if is_shown else None, ledger.keep if ledger else None)


def _rules(
    *,
    roster: Path | None,
    submitted: Path | None,
    deadline: str | None,
    grace: str,
    late: str,
    timezone: str,
    **_others: Any,
) -> tuple[LatePolicy, Registry]:
    """Read the options about the students and about lateness."""
    zone = zone_of(timezone)
    due = parse_moment(deadline, zone) if deadline else None
    policy = LatePolicy(due, parse_grace(grace), parse_percent(late))
    people = read_roster(roster) if roster else Roster()
    times = read_roster(submitted) if submitted else Roster()
    return policy, Registry(people, times, zone)


def _progress(finished: Iterable[Any], count: int) -> Iterable[Any]:
    from tqdm import tqdm

    wrapped: Iterable[Any] = tqdm(finished, total=count, unit="submission")
    return wrapped


def _write_all(out: Path, exercise: Exercise, done: Sequence[Grade]) -> None:
    for name, write in reports.WHOLE.items():
        replace_file(out / name, write(done, exercise.title))
    for number, given in enumerate(done):
        replace_file(out / "gradescope" / f"{number:04d}_results.json", reports.gradescope(given))
        replace_file(
            out / "feedback" / f"{file_name(given.id)}.html", page([given], exercise.title)
        )


def _announce(
    found: Class, roster: Roster, everybody: Sequence[Grade], done: Sequence[Grade]
) -> None:
    """Say on stderr what is about the class and not about one submission."""
    here = {person.id for given in everybody for person in given.students}
    missing = [f"{p.id} ({p.name})" if p.name else p.id for p in roster.people if p.id not in here]
    strangers = [arrival.id for arrival in found.arrivals if not arrival.is_known]
    again = [given.id for given in done if not given.is_final]
    for what, names in (
        ("no submission from", missing),
        ("not in the roster", strangers),
        ("not final, grade again", again),
    ):
        if names:
            click.echo(f"{what}: {_listed_names(names)}", err=True)
    for note in found.notes:
        click.echo(shown(note), err=True)


def _listed_names(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return shown(", ".join(names[:NAMED])) + more


def _show(exercise: Exercise, done: Sequence[Grade], *, as_json: bool) -> None:
    if as_json:
        print_json({"exercise": exercise.id, "submissions": [_listed(given) for given in done]})
        return
    click.echo(_table(done))
    for given in done:
        for note in given.notes:
            click.echo(f"note on {shown(given.id)}: {shown(note)}")
    if done:
        click.echo(f"\nGraded in the sandbox {done[0].isolation}.")


def _table(done: Sequence[Grade]) -> str:
    """Make the table; leave out a column that is empty in every row."""
    columns = {
        "submission": [given.id for given in done],
        "name": [given.name for given in done],
        "answer": [f"{g.report.score:g}" if g.penalty else "" for g in done],
        "late": [f"-{given.penalty:g}" if given.penalty else "" for given in done],
        "score": [f"{given.score:g}" if given.is_final else "not final" for given in done],
        "of": [f"{given.max_score:g}" for given in done],
        "tests passed": [f"{_passed(given)} of {len(given.outcomes)}" for given in done],
    }
    kept = {head: cells for head, cells in columns.items() if any(cells)}
    rows = [[shown(cells[number]) for cells in kept.values()] for number in range(len(done))]
    return text_table(list(kept), rows)


def _listed(given: Grade) -> dict[str, Any]:
    every = as_dict(given)
    every["tests"] = [{name: test[name] for name in LISTED} for test in every["tests"]]
    return {name: every[name] for name in (*SHOWN, "tests") if name in every}


def _passed(given: Grade) -> int:
    return sum(outcome.status == PASSED for outcome in given.outcomes)
