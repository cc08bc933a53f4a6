"""The output of the commands: tables for people, one JSON object for programs, and files."""

from __future__ import annotations

import json
import math
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cachesim.errors import BadInput
from cachesim.experiments.differences import HEADER, Difference
from cachesim.experiments.pictures import Picture, pictures, png
from cachesim.experiments.results import Results
from cachesim.experiments.toml import Experiment, kebab, scenario_table, to_toml
from cachesim.experiments.verdict import verdict
from cachesim.files import replace_file
from cachesim.measure.metrics import METRICS, shown_in
from cachesim.measure.tables import text_table, title
from cachesim.model.trace_workload import TraceReplay
from cachesim.replay import Replay
from cachesim.units import show_size

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = 1
NAMES = {"cache": "engine"}  # fields that have another name on the command line
NAMED = ("strategy", "cache")  # in every row of JSON: by their label, or else by their class


def print_json(content: dict[str, Any]) -> None:
    """Print one JSON object; an undefined number is null."""
    text = json.dumps(_defined({"schema": SCHEMA, **content}), ensure_ascii=False)
    click.echo("".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text))


def _defined(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _defined(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_defined(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def comparison_json(experiment: Experiment, results: Results) -> dict[str, Any]:
    """Return the comparison for JSON: the scenario, one row per case, the differences of the first two."""
    rows = []
    for number, case in enumerate(results.cases):
        labels = {field: kebab(type(getattr(case.scenario, field)).__name__) for field in NAMED}
        labels |= case.labels
        metrics = {metric: results.interval(number, metric)._asdict() for metric in METRICS}
        about = {NAMES.get(f, f): x for f, x in labels.items()}
        rows.append({**about, "version": results.engine(number), "metrics": metrics})
    differences = [
        {"metric": d.metric, "first": d.first, "second": d.second, **d.interval._asdict()}
        for d in results.differences()
    ]
    return {
        "scenario": scenario_json(experiment),
        "replications": experiment.replications,
        "differences": differences,
        "verdict": verdict(results.differences()),
        "rows": rows,
    }


def comparison_text(experiment: Experiment, results: Results) -> str:
    """Return the comparison for people: the table, the differences, the sentence."""
    parts = [results_table(results)]
    parts.append(
        f"Means of {experiment.replications} replications ± half of the 95 % interval; "
        f"after {experiment.scenario.warmup:g} s of warm-up."
    )
    differences = results.differences()
    if differences:
        parts += ["", _difference_table(differences), "", verdict(differences)]
    return "\n".join([*parts, *results.notes])


def results_table(results: Results) -> str:
    """Make the table of one row per case: the labels that differ, and the intervals."""
    labels = len(results.cases[0].labels)
    header = [NAMES.get(name, name) for name in results.header[:labels]]
    header += [title(metric) for metric in results.header[labels:]]
    rows = results.rows()
    shown = _differing(rows, labels)
    cut = [[cells[n] for n in shown] + cells[labels:] for cells in [header, *rows]]
    return _split_table(cut[0], cut[1:], len(shown))


def _differing(rows: list[list[str]], labels: int) -> list[int]:
    """Return the numbers of the label columns in which rows differ; the first, if there is only one row."""
    return [n for n in range(labels) if len({row[n] for row in rows}) > 1] or [0][:labels]


def _split_table(header: list[str], rows: list[list[str]], labels: int, width: int = 110) -> str:
    """Break a table that is wider than a terminal into blocks; each block repeats the labels."""
    blocks, start = [], labels
    while start < len(header):
        stop = len(header)
        while stop > start + 1 and len(_lines(header, rows, labels, start, stop)[1]) > width:
            stop -= 1
        blocks.append("\n".join(_lines(header, rows, labels, start, stop)))
        start = stop
    return "\n\n".join(blocks)


def _lines(
    header: list[str], rows: list[list[str]], labels: int, start: int, stop: int
) -> list[str]:
    cut = [cells[:labels] + cells[start:stop] for cells in [header, *rows]]
    return text_table(cut[0], cut[1:]).split("\n")


def _difference_table(differences: list[Difference]) -> str:
    shown = [d for d in differences if d.metric in shown_in("differences")]
    first, second = differences[0].first, differences[0].second
    return text_table([f"{first} minus {second}, paired", *HEADER], [d.cells for d in shown])


def open_folder(path: str) -> Path:
    """Make the folder if it does not exist, and try to write into it.

    Raises
    ------
    BadInput
        It cannot be made, or not be written.
    """
    if not path:
        raise BadInput('--out must name a folder, got ""; give a name, or . for this one')
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        raise BadInput(
            f'--out "{path}" cannot be written ({error.strerror}); name another folder'
        ) from None


def write_comparison(folder: Path, experiment: Experiment, results: Results) -> list[Path]:
    """Write results.csv, scenario.toml and the plots; return the files."""
    return write_results(folder, experiment, _named(results), pictures(results))


def write_results(
    folder: Path, experiment: Experiment, frame: pd.DataFrame, drawn: Iterable[Picture]
) -> list[Path]:
    """Write a frame, an experiment and pictures; return the files.

    An experiment with a class of the user's own has no scenario file: one that lies there from before is removed.
    """
    files: dict[str, str | bytes] = {
        "results.csv": frame.to_csv(index=False),
        **{f"{picture.name}.png": png(picture.axes) for picture in drawn},
    }
    if text := scenario_file(experiment):
        files["scenario.toml"] = text
    else:
        (folder / "scenario.toml").unlink(missing_ok=True)
        click.echo("note: no scenario.toml: a scenario file cannot name a class of yours", err=True)
    for name, content in files.items():
        replace_file(folder / name, content)
    return [folder / name for name in files]


def scenario_file(experiment: Experiment) -> str:
    """Return the text of the scenario file; "" if the experiment has a class of the user's own."""
    with suppress(BadInput):
        return to_toml(experiment)
    return ""


def scenario_json(experiment: Experiment) -> dict[str, Any] | None:
    """Return the scenario for JSON; None if it has a class of the user's own."""
    with suppress(BadInput):
        return scenario_table(experiment.scenario)
    return None


def _named(results: Results) -> pd.DataFrame:
    """Rename columns as the command line names them; `engine` is what was asked for, `engine_version` what ran."""
    ran = {"engine": "engine_version"} if "cache" in results.frame else {}
    return results.frame.rename(columns=ran | NAMES)


def replay_text(found: Replay) -> str:
    """Describe a replay for people: the hit ratio between its bounds, misses, evictions, memory."""
    best = [("optimum", found.optimum), ("bound", found.bound)]
    bounds = [
        ("infinite cache", found.infinite),
        *((name, ratio) for name, ratio in best if ratio is not None),
        (found.engine, found.hit_ratio),
        ("the same, in bytes", found.byte_hit_ratio),
    ]
    ratios = [[name, f"{ratio:.4f}"] for name, ratio in bounds]
    misses = ", ".join(f"{kind} {count:,}" for kind, count in sorted(found.misses.items()))
    return "\n".join(
        [
            f"{found.requests:,} requests ({found.reads:,} reads) for {found.unique:,} keys",
            text_table(["cache", "hit ratio"], ratios),
            *([f"optimum, bound: {found.why_no_bound}"] if found.why_no_bound else []),
            f"misses: {misses or 'none'}",
            f"evictions: {found.evictions:,}; expirations: {found.expirations:,}; "
            f"at most {found.items:,} keys held; {show_size(found.memory)} in use at the end",
            *(
                [f"stores refused: {found.refused:,} ({found.why_refused})"]
                if found.refused
                else []
            ),
        ]
    )


def print_notes(about: Any) -> None:
    """Print the notes about a trace on stderr: unused columns, ignored requests."""
    trace = about.trace() if isinstance(about, TraceReplay) else about
    for note in getattr(trace, "notes", ()):
        click.echo(f"note: {note}", err=True)


def progress(finished: Iterable[Any], total: int) -> Iterator[Any]:
    """Show a progress bar on stderr, if that is a terminal."""
    from tqdm import tqdm

    yield from tqdm(finished, total=total, unit="run", disable=not sys.stderr.isatty(), leave=False)
