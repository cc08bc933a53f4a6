"""`cachesim sweep`: every combination of values, on a laptop or a cluster; an interrupted sweep goes on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import click

from cachesim.cli.extras import Extras
from cachesim.cli.kinds import PATH, apply, folder, processes, ruled
from cachesim.cli.options import JSON, REPORT
from cachesim.cli.output import (
    open_folder,
    print_json,
    print_notes,
    progress,
    results_table,
    scenario_json,
    write_results,
)
from cachesim.cli.vary import varied
from cachesim.experiments import sweep as experiments
from cachesim.experiments.pictures import pictures
from cachesim.experiments.results import Results
from cachesim.experiments.store import Store
from cachesim.experiments.toml import Experiment, read_toml
from cachesim.measure.metrics import METRICS
from cachesim.spec import Count, Rule

Precision = Annotated[float, Rule("> 0, such as 0.05", lambda x: 0 < x < math.inf)]
MOST_CASES = 60  # people can still read a table or a plot of so many
FAILED = 1  # exit code where a run failed


@click.command()
@click.argument("scenario", type=PATH)
@click.option(
    "--vary",
    multiple=True,
    metavar="FIELD=VALUE,...",
    help="A field, with dots as in the file, and its values: cache.memory=4mb,8mb; a part by its name: "
    "'strategy=write-through,lazy-loading(ttl=5s)'. Several give every combination.",
)
@ruled(
    "--replications",
    Count,
    "Repetitions; with --until-precision, the limit.",
    usual="5; 100 with --until-precision",
)
@ruled(
    "--until-precision", Precision, "Repeat until an interval is at most this share of its mean."
)
@click.option(
    "--precision-of",
    type=click.Choice(list(METRICS)),
    default="hit_ratio",
    show_default=True,
    metavar="METRIC",
    help=f"The metric that is to be so precise: {', '.join(METRICS)}.",
)
@processes("--n-jobs")
@click.option(
    "--dask", "address", metavar="ADDRESS", help="Run on the Dask cluster of this scheduler."
)
@folder("out/sweep")
@click.option(
    "--store",
    metavar="FOLDER",
    type=PATH,
    help="Where finished runs are kept.  [default: OUT/runs]",
)
@apply((*REPORT, JSON))
def sweep(scenario: str, vary: Sequence[str], **options: Any) -> int:
    """Run every combination of values. Finished runs are kept, so an interrupted sweep goes on."""
    experiment = _experiment(read_toml(scenario), vary, options)
    extras = Extras.of(options)
    extras.check(experiment.replications)
    print_notes(experiment.scenario.workload)
    folder = open_folder(options["out"])
    kept = _store(folder, options["store"])
    results = _run(experiment, kept, options)
    files = [*_write(folder, experiment, results), *extras.write(experiment, results)]
    if options["as_json"]:
        print_json({**_json(experiment, results), **extras.as_json(results)})
    else:
        click.echo("\n\n".join([_text(results, kept), *extras.text(results)]))
        click.echo("\nwritten: " + ", ".join(map(str, files)))
    return FAILED if results.frame["failure"].notna().any() else 0


def _experiment(file: Experiment, vary: Sequence[str], options: dict[str, Any]) -> Experiment:
    """Return the file's experiment after the options have added to it, or replaced parts of it."""
    precision = options["until_precision"] or file.until_precision
    from_file = file.replications if file.varied else None
    return Experiment(
        file.scenario,
        {**file.varied, **varied(file.scenario, vary)},
        options["replications"] or from_file or (5 if precision is None else 100),
        precision,
        options["precision_of"],
    )


def _store(folder: Path, asked: str | None) -> Store | None:
    """Open the store of runs; without pyarrow there is none, which a note says."""
    if asked is None and find_spec("pyarrow") is None:
        click.echo('runs are not kept: pip install "cachesim-lab[parquet]"', err=True)
        return None
    return Store(asked or folder / "runs")


def _run(experiment: Experiment, store: Store | None, options: dict[str, Any]) -> Results:
    return experiments.sweep(
        experiment.scenario,
        replications=experiment.replications,
        until_precision=experiment.until_precision,
        precision_of=experiment.precision_of,
        n_jobs=options["n_jobs"],
        backend="processes" if options["address"] is None else "dask",
        address=options["address"],
        store=store,
        progress=progress,
        **experiment.varied,
    )


def _json(experiment: Experiment, results: Results) -> dict[str, Any]:
    """Return the scenario, the varied values, and one row per case: the number of runs and the intervals."""
    failed = results.frame.groupby("case")["failure"].count()
    runs = results.frame["case"].value_counts()
    rows = [
        {
            **case.labels,
            "version": results.engine(n),
            "runs": int(runs[n]),
            "failed": int(failed[n]),
            "metrics": {metric: results.interval(n, metric)._asdict() for metric in METRICS},
        }
        for n, case in enumerate(results.cases)
    ]
    return {
        "scenario": scenario_json(experiment),
        "varied": {field: list(values) for field, values in experiment.varied.items()},
        "rows": rows,
        "notes": results.notes,
    }


def _text(results: Results, store: Store | None) -> str:
    runs = len(results.frame)
    said = [f"{runs:,} runs; means ± half of the 95 % interval."]
    if store is not None and store.found:
        said.append(f"{store.found:,} of them were found in {store.folder}.")
    if len(results.cases) > MOST_CASES:
        return "\n".join([f"{len(results.cases):,} cases: see results.csv", *said, *results.notes])
    return "\n".join([results_table(results), *said, *results.notes])


def _write(folder: Path, experiment: Experiment, results: Results) -> list[Path]:
    """Write results.csv, scenario.toml and the plots; return the files."""
    drawn = pictures(results) if len(results.cases) <= MOST_CASES else []
    return write_results(folder, experiment, results.frame, drawn)
