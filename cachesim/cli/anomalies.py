"""`cachesim anomalies`: each way in which a cache goes wrong: predicted, measured, cured and drawn."""

from pathlib import Path
from typing import Any

import click

from cachesim.anomalies import ALL, Anomaly, Finding, by_id, find, occurrence
from cachesim.cli.kinds import apply, folder, processes
from cachesim.cli.options import JSON, SEED
from cachesim.cli.output import open_folder, print_json, progress
from cachesim.errors import BadInput
from cachesim.experiments.pictures import png
from cachesim.files import replace_file
from cachesim.measure.tables import text_table
from cachesim.plots import interleaving

NOT_AS_PREDICTED = 1  # exit code
HEADER = ["id", "name", "predicted", "measured", "99 % interval", "cured", "", "unit"]


@click.command("anomalies")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--all", "every", is_flag=True, help="Run all of them.")
@apply((SEED, processes("--jobs"), folder("out/anomalies", "Folder for the diagrams."), JSON))
def anomalies(
    ids: tuple[str, ...], every: bool, seed: int, n_jobs: int, out: str, as_json: bool
) -> int:
    """List the ways in which a cache goes wrong, or run some.

    With ids, such as A1 A6: run each anomaly beside its cure and its formula, and draw one occurrence of it.
    """
    if ids and every:
        raise BadInput("give either ids or --all, not both")
    if not ids and not every:
        _list(as_json)
        return 0
    chosen = [make() for make in ALL] if every else [by_id(id) for id in ids]
    findings = list(progress((find(one, seed, n_jobs) for one in chosen), len(chosen)))
    if as_json:
        print_json({"rows": [_as_dict(finding) for finding in findings]})
    else:
        _show(findings)
        _draw(findings, seed, out)
    return 0 if all(finding.ok for finding in findings) else NOT_AS_PREDICTED


def _list(as_json: bool) -> None:
    found = [make() for make in ALL]
    if as_json:
        names = ("id", "name", "story", "cured_by", "unit", "formula", "predicted")
        print_json({"rows": [{n: getattr(a, n) for n in names} for a in found]})
        return
    rows = [[a.id, a.name, f"{a.predicted:.4g}", a.unit, a.cured_by] for a in found]
    click.echo(text_table(["id", "name", "predicted", "unit", "cured by"], rows, left=True))
    click.echo("\nRun one with its cure: cachesim anomalies A1; all: cachesim anomalies --all")


def _as_dict(finding: Finding) -> dict[str, Any]:
    anomaly, measured = finding.anomaly, finding.measured
    return {
        "id": anomaly.id,
        "name": anomaly.name,
        "predicted": anomaly.predicted,
        "measured": measured.mean,
        "low": measured.low,
        "high": measured.high,
        "cured": finding.cured.mean,
        "ok": finding.ok,
    }


def _show(findings: list[Finding]) -> None:
    click.echo(text_table(HEADER, [_cells(finding) for finding in findings], left=True))
    for finding in findings:
        click.echo("\n" + "\n".join(_about(finding)))


def _cells(finding: Finding) -> list[str]:
    anomaly, seen = finding.anomaly, finding.measured
    numbers = [f"{x:.4g}" for x in (anomaly.predicted, seen.mean)]
    between = f"{seen.low:.4g} to {seen.high:.4g}"
    word = "ok" if finding.ok else "NOT OK"
    return [
        anomaly.id,
        anomaly.name,
        *numbers,
        between,
        f"{finding.cured.mean:.4g}",
        word,
        anomaly.unit,
    ]


def _about(finding: Finding) -> list[str]:
    """Return the lines about one anomaly below the table."""
    anomaly = finding.anomaly
    lines = [f"{anomaly.id} {anomaly.name}: {anomaly.story}."]
    lines += [f"  formula: {anomaly.formula}", f"  cured by: {anomaly.cured_by}"]
    lines += [f"  found: {finding.verdict}"]
    return lines + [f"  PROBLEM: {problem}" for problem in finding.problems]


def _draw(findings: list[Finding], seed: int, out: str) -> None:
    """Draw one occurrence of each anomaly whose check shows requests, and name the files."""
    folder = open_folder(out)
    shown = [f for f in findings if f.verdict.example is not None and len(f.verdict.example)]
    files = [str(_picture(finding.anomaly, seed, folder)) for finding in shown]
    click.echo("\ndrawn: " + ", ".join(files))


def _picture(anomaly: Anomaly, seed: int, folder: Path) -> Path:
    seen = occurrence(anomaly, seed)
    ax = interleaving(seen.steps, seen.requests)
    ax.set_title(f"{anomaly.id} {anomaly.name}", fontsize=10)
    path = folder / f"{anomaly.id}.png"
    replace_file(path, png(ax))
    return path
