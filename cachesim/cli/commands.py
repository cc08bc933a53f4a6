"""One function per command: options in, text or JSON out. The rooms below do the work."""

from typing import Any

import click

from cachesim.cli.anomalies import anomalies
from cachesim.cli.bench import bench
from cachesim.cli.cloud import cloud_command
from cachesim.cli.exercise import exercise_command
from cachesim.cli.experiment import experiment
from cachesim.cli.extras import Extras
from cachesim.cli.fidelity import fidelity
from cachesim.cli.fleet_plan import plan_command
from cachesim.cli.formats import formats
from cachesim.cli.grade import grade_command
from cachesim.cli.kinds import PATH, apply, folder, ruled
from cachesim.cli.options import JSON, REPORT, RUNS, SCENARIO
from cachesim.cli.output import (
    comparison_json,
    comparison_text,
    open_folder,
    print_json,
    print_notes,
    progress,
    write_comparison,
)
from cachesim.cli.replay import replay
from cachesim.cli.serve import serve
from cachesim.cli.sweep import sweep
from cachesim.cli.validate import validate
from cachesim.experiments import compare as experiments
from cachesim.experiments.assumptions import rows as assumptions
from cachesim.experiments.explain import explain
from cachesim.experiments.toml import Experiment, read_toml
from cachesim.measure import checks
from cachesim.measure.history import load_with_notes, since
from cachesim.measure.metrics import measure, miss_kinds
from cachesim.measure.tables import show, text_table
from cachesim.spec import Delay
from cachesim.units import visible


@click.command()
@apply((*SCENARIO, *RUNS, folder("out/compare"), *REPORT, JSON))
def compare(**options: Any) -> None:
    """Compare strategies, or engines, on the same requests."""
    _compare(experiment(options), options)


@click.command()
@click.argument("scenario", type=PATH)
@apply((folder("out/run"), *REPORT, JSON))
def run(scenario: str, **options: Any) -> None:
    """Run a scenario file. If it has a table [compare], run all of its alternatives."""
    _compare(read_toml(scenario), options)


def _compare(what: Experiment, options: dict[str, Any]) -> None:
    extras = Extras.of(options)
    extras.check(what.replications)
    folder = open_folder(options["out"])
    results = experiments.compare(
        what.scenario,
        replications=what.replications,
        until_precision=what.until_precision,
        precision_of=what.precision_of,
        progress=progress,
        **what.varied,  # type: ignore[arg-type]
    )
    print_notes(what.scenario.workload)
    files = [*write_comparison(folder, what, results), *extras.write(what, results)]
    if options["as_json"]:
        print_json({**comparison_json(what, results), **extras.as_json(results)})
    else:
        click.echo("\n\n".join([comparison_text(what, results), *extras.text(results)]))
        click.echo("\nwritten: " + ", ".join(map(str, files)))


@click.command()
@click.argument("scenario", type=PATH)
@click.option(
    "--request",
    "number",
    type=int,
    metavar="NUMBER",
    required=True,
    help="Number of the request, from 0, in the order in which requests end.",
)
def trace(scenario: str, number: int) -> None:
    """Tell one request step by step, with times and versions."""
    click.echo(explain(read_toml(scenario).scenario, number))


@click.command("assumptions")
@JSON
def list_assumptions(as_json: bool) -> None:
    """List every latency and size of the model, with its source. The word "assumption" says that there is none."""
    rows = assumptions()
    if as_json:
        print_json({"rows": rows})
    else:
        click.echo(text_table(list(rows[0]), [list(row.values()) for row in rows], left=True))


@click.command()
@click.argument("history", type=PATH)
@ruled("--warmup", Delay, "Time at the start to leave out.", default="0")
@JSON
def report(history: str, warmup: float, as_json: bool) -> None:
    """Measure and check a history from elsewhere. It is a CSV or Parquet file with one row per request."""
    whole, notes = load_with_notes(history)
    measured = since(whole, warmup)
    metrics, kinds = measure(measured), miss_kinds(measured)
    verdicts, causes = [check(measured) for check in checks.ALL], checks.told_causes(measured)
    if as_json:
        told = [{"rule": v.rule, "verdict": v.word, "why": v.why} for v in verdicts]
        found = {
            "metrics": metrics,
            "misses": kinds,
            "checks": told,
            "stale": causes,
            "notes": notes,
        }
        print_json({"history": history, **found})
        return
    rows = [[name, show(name, value)] for name, value in metrics.items()]
    rows += [
        [f"misses: {visible(kind)}", f"{share:.2%} of the lookups"] for kind, share in kinds.items()
    ]
    click.echo(text_table(["metric", "value"], rows))
    click.echo("\n" + "\n".join([*map(str, verdicts), *causes, *map(visible, notes)]))


COMMANDS = (
    anomalies,
    compare,
    run,
    sweep,
    replay,
    formats,
    trace,
    list_assumptions,
    report,
    fidelity,
    validate,
    plan_command,
    serve,
    cloud_command,
    bench,
    grade_command,
    exercise_command,
)
