"""`cachesim exercise`: what a student does with an exercise, and what a teacher builds and tests."""

import time
from pathlib import Path
from typing import Any

import click

from cachesim.errors import BadInput
from cachesim.files import replace_file
from cachesim.grading import build as builder
from cachesim.grading.cells import for_students, to_notebook, to_percent
from cachesim.grading.desk import Desk
from cachesim.grading.doctor import examined
from cachesim.grading.exercise import Exercise, all_paths, find, whole
from cachesim.grading.progress import Progress
from cachesim.grading.sandbox import strongest
from cachesim.grading.work import own_files
from cachesim.measure.tables import text_table
from cachesim.units import visible

LOOK_AGAIN = 0.5  # seconds


def _numbers(_context: Any, _argument: Any, typed: str) -> list[str]:
    """Complete the number of an exercise."""
    return [path.name[:2] for path in all_paths() if path.name.startswith(typed)]


NAME = click.argument("name", shell_complete=_numbers)
STUDENT = click.option(
    "--student", default="", metavar="ID", help="Your id, for your own parameters."
)


@click.group("exercise")
def exercise_command() -> None:
    """Work on an exercise; for teachers: build and test one."""


@exercise_command.command("list")
def list_command() -> None:
    """List the exercises and how far you are."""
    known = Progress()
    tasks = [Exercise(path) for path in all_paths()]
    rows = [
        [t.id, t.title, f"{t.about.get('points', t.max_score):g}", _standing(known, t)]
        for t in tasks
    ]
    click.echo(text_table(["exercise", "title", "points", "you"], rows))


def _standing(known: Progress, task: Exercise) -> str:
    about = known.of(task.id)
    if about.get("passed"):
        return "visible tests passed"
    return "begun" if about else "-"


@exercise_command.command("start")
@NAME
def start(name: str) -> None:
    """Write the files of an exercise into this folder. Existing files stay as they are."""
    task = find(name)
    stem = task.name
    cells = list(for_students(task.cells))
    for path, text in (
        (Path(f"{stem}.ipynb"), to_notebook(cells)),
        (Path(f"{stem}.py"), to_percent(cells)),
    ):
        if path.exists():
            click.echo(f"{path} is there already and stays as it is")
        else:
            replace_file(path, text)
            click.echo(f"written: {path}")
    Progress().note(task.id, started=True)
    click.echo(f"\n{Desk(task).question()}")


@exercise_command.command("predict")
@NAME
@click.argument("answer", nargs=-1, required=True)
def predict(name: str, answer: tuple[str, ...]) -> None:
    """Answer the question of an exercise, best with a letter. Any answer, right or wrong, opens its tests."""
    click.echo(Desk(find(name)).predict(" ".join(answer)))


@exercise_command.command("check")
@NAME
@click.argument("submission", required=False, type=click.Path(exists=True, path_type=Path))
@STUDENT
def check(name: str, submission: Path | None, student: str) -> int:
    """Run the visible tests on your file. It is the .py or .ipynb that `start` wrote, unless you name one."""
    checked = Desk(find(name), student).check(submission)
    click.echo(visible(checked.text, keep="\n"))
    if checked.not_kept:
        raise BadInput(checked.not_kept)
    return 0 if checked.passed else 1


@exercise_command.command("watch")
@NAME
@STUDENT
def watch(name: str, student: str) -> None:
    """Check again each time you save your file, until Ctrl-C."""
    desk, seen = Desk(find(name), student), 0.0
    desk.must_be_open()
    own_files(desk.task)  # raises, with a sentence, if there is none
    try:
        while True:
            seen = _check_if_saved(desk, seen)
            time.sleep(LOOK_AGAIN)
    except KeyboardInterrupt:
        click.echo()


def _check_if_saved(desk: Desk, seen: float) -> float:
    """Check the file that was saved last, if it is newer than `seen`; return the time at which it was saved."""
    try:
        path = max(own_files(desk.task), key=lambda path: path.stat().st_mtime)
        saved = path.stat().st_mtime
        if saved > seen:
            click.clear()
            click.echo(visible(desk.check(path).text, keep="\n"))
        return saved
    except (BadInput, OSError) as error:  # an editor is writing it at this moment
        click.echo(visible(str(error), keep="\n"))
        return seen


@exercise_command.command("build")
@click.argument("names", nargs=-1, required=True)
@click.option(
    "--out",
    default="out/exercises",
    show_default=True,
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Folder for the files.",
)
@click.option(
    "--wheel",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Wheel of cachesim for the Gradescope archive.  [default: the one on PyPI]",
)
@click.option(
    "--secret",
    default="",
    metavar="WORDS",
    help="The course's secret, for the Gradescope archive.",
)
@click.option("--handouts", is_flag=True, help="Make only the handouts, which students may have.")
@click.option(
    "--check",
    "only_check",
    is_flag=True,
    help="Write nothing; fail if the files in --out differ from what the source makes.",
)
def build(
    names: tuple[str, ...],
    out: Path,
    wheel: Path | None,
    secret: str,
    *,
    handouts: bool,
    only_check: bool,
) -> int:
    """Make all files of exercises from their one source.

    These are the students' files, the solution, and the files for Gradescope, nbgrader and otter.
    """
    tasks = [whole(name) for name in names]
    made = [file for task in tasks for file in builder.files(task, wheel, secret)]
    if handouts:
        made = list(builder.handouts(tasks))
    if only_check:
        drifted = builder.drifted(made, out)
        for inside in drifted:
            click.echo(f"not what the source makes: {out / inside}")
        return 1 if drifted else 0
    for path in builder.write(made, out):
        click.echo(f"written: {path}")
    return 0


@exercise_command.command("doctor")
@click.argument("names", nargs=-1, shell_complete=_numbers)
@click.option(
    "--seeds",
    default=3,
    show_default=True,
    metavar="NUMBER",
    help="Different parameters for each answer.",
)
def doctor(names: tuple[str, ...], seeds: int) -> int:
    """Test exercises themselves. Right answers must get all points, each wrong answer its score, an empty one 0."""
    odd = 0
    for task in [whole(name) for name in names or [path.name for path in all_paths()]]:
        for said in examined(task, strongest(), seeds):
            click.echo(f"{task.id} {said.what}: {said.why or 'fine'}")
            odd += not said.is_fine
    click.echo(f"{odd} to mend" if odd else "all as it should be")
    return 1 if odd else 0


@exercise_command.command("hint")
@NAME
def hint(name: str) -> None:
    """Show the next of three hints."""
    click.echo(Desk(find(name)).hint())


@exercise_command.command("status")
def status() -> None:
    """Show what you have done. That is your first guess beside the answer, the hints you saw, the visible tests."""
    tasks = {task.id: task for task in map(Exercise, all_paths())}
    rows = [
        [
            name,
            Desk(tasks[name]).beside(about["predicted"])
            if name in tasks and "predicted" in about
            else "-",
            str(about.get("hints", 0)),
            "passed" if about.get("passed") else "-",
        ]
        for name, about in sorted(Progress().known.items())
    ]
    click.echo(text_table(["exercise", "prediction", "hints", "visible tests"], rows))


@exercise_command.command("reset")
@NAME
def reset(name: str) -> None:
    """Forget what you did in an exercise. Your files are renamed to NAME.old."""
    task = find(name)
    Desk(task).reset()
    click.echo(f"{task.id} is as new; begin with: cachesim exercise start {task.id}")
