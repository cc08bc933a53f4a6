"""`cachesim validate`: theory's predictions beside the model's numbers, and whether they agree."""

from typing import Any

import click

from cachesim.cli.kinds import apply
from cachesim.cli.options import JOBS, JSON, SEED
from cachesim.cli.output import print_json, progress
from cachesim.measure.tables import text_table
from cachesim.validate.oracle import NARROW, OracleRow
from cachesim.validate.run import ORACLES
from cachesim.validate.run import validate as run_oracles

NOT_OK = 1  # exit code when a row is not ok
HEADER = [
    "oracle",
    "parameters",
    "predicted",
    "simulated",
    "99 % interval",
    "half-width",
    "verdict",
]


@click.command()
@click.option(
    "--oracle",
    "names",
    multiple=True,
    metavar="NAME",
    help="Only this one, of those that --list names; may be given more than once.",
)
@click.option("--quick", is_flag=True, help="Only the first point of each oracle.")
@click.option("--list", "is_list", is_flag=True, help="List the oracles and run nothing.")
@apply((SEED, JOBS, JSON))
def validate(
    names: tuple[str, ...], quick: bool, is_list: bool, seed: int, jobs: int | None, as_json: bool
) -> int:
    """Run the model where theory knows the answer.

    Prints what is predicted and simulated, the 99 % interval, and whether they agree.

    Exit code 1 if a prediction lies outside its interval, or if an interval is too wide to prove anything.
    """
    if is_list:
        click.echo(_listed())
        return 0
    rows = run_oracles(names or None, seed=seed, quick=quick, n_jobs=jobs or -1, progress=progress)
    if as_json:
        print_json({"rows": [as_dict(row) for row in rows]})
    else:
        click.echo(text_table(HEADER, [_cells(row) for row in rows], left=True))
        click.echo(_summary(rows))
    return 0 if all(row.ok for row in rows) else NOT_OK


def _listed() -> str:
    rows = [[o.name, o.what, str(len(o.points)), o.source] for o in ORACLES.values()]
    return text_table(["oracle", "predicts", "points", "source"], rows, left=True)


def as_dict(row: OracleRow) -> dict[str, Any]:
    """Return a row for JSON."""
    return {**row._asdict(), "ok": row.ok}


def _cells(row: OracleRow) -> list[str]:
    parameters = ", ".join(f"{name} {_shown(value)}" for name, value in row.parameters.items())
    numbers = [f"{row.predicted:.4g}", f"{row.simulated:.4g}", f"{row.low:.4g} .. {row.high:.4g}"]
    return [row.oracle, parameters, *numbers, f"{row.half_width:.1%}", _verdict(row)]


def _shown(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _verdict(row: OracleRow) -> str:
    if row.ok:
        return "ok"
    return "NOT OK: too wide" if row.half_width > NARROW else "NOT OK: outside"


def _summary(rows: list[OracleRow]) -> str:
    ok = sum(row.ok for row in rows)
    return (
        f"\n{ok} of {len(rows)} ok: the prediction lies in the 99 % interval of independent runs, whose "
        f"half-width is at most {NARROW:.0%} of the value."
    )
