"""`cachesim fidelity`: how near the embedded engines are to the real servers, on your requests or on ours."""

from collections.abc import Iterable, Sequence
from typing import Any

import click
from click.core import ParameterSource

from cachesim.cli.kinds import PATH, apply, names, ruled
from cachesim.cli.options import JOBS, JSON, READING, SEED, how_to_read
from cachesim.cli.output import print_json, print_notes, progress
from cachesim.errors import BadInput
from cachesim.measure.tables import text_table
from cachesim.spec import Count, Exponent
from cachesim.units import parse_size, show_size
from cachesim.validate.fidelity import (
    EngineComparison,
    FidelityRow,
    RequestSource,
    cases,
    requests_of,
    standard,
)
from cachesim.validate.fidelity import fidelity as compare_engines
from cachesim.validate.fidelity_fleet import FleetRow, fidelity_fleet

HEADER = [
    "engine", "policy", "memory", "requests", "hit ratio", "real", "difference (pp)", "evictions", "real",
    "expirations", "real", "items", "real", "memory within (%)",
]  # fmt: skip


FLEET_HEADER = [
    "real fleets on simulated time",
    "ours or theory",
    "real",
    "difference",
    "allowed",
    "",
]
WITH_FLEET = ("is_fleet", "jobs", "markdown", "as_json")
COUNTS = ("evictions", "expirations", "items")


@click.command()
@names(
    "--engine",
    "Engines, of redis and memcached.",
    among=("redis", "memcached"),
    default="redis,memcached",
    show_default=True,
)
@names("--policy", "Eviction policies; for memcached segmented, flat.  [default: all]")
@names(
    "--memory",
    "Memory of the caches.",
    metavar="SIZE,...",
    default="2mb,4mb,8mb",
    show_default=True,
)
@click.option(
    "--trace",
    default="",
    metavar="FILE",
    type=PATH,
    help="Replay the requests of this file instead of drawn ones.",
)
@apply(READING)
@ruled("--keys", Count, "Number of keys drawn from.", default="200000")
@ruled("--skew", Exponent, "Zipf exponent.", default="0.99")
@ruled("--requests", Count, "At most so many requests.", default="1000000")
@click.option(
    "--value-size",
    default="100",
    show_default=True,
    metavar="SIZE",
    help='Bytes of a value, or "lognormal:150,1".',
)
@click.option(
    "--ttl",
    default="",
    metavar="SECONDS",
    help="TTL of every key, or FROM:TO: each key keeps its own.  [default: none]",
)
@SEED
@click.option("--standard", "is_standard", is_flag=True, help="Real traces and drawn requests.")
@click.option(
    "--traces",
    default="../shared/traces",
    show_default=True,
    metavar="FOLDER",
    type=PATH,
    help="Folder of --standard's traces.",
)
@click.option(
    "--fleet", "is_fleet", is_flag=True, help="Real Redis fleets beside theory and our model."
)
@JOBS
@click.option("--markdown", is_flag=True, help="Print the table in Markdown, with versions.")
@JSON
def fidelity(as_json: bool, markdown: bool, jobs: int | None, **options: Any) -> None:
    """Compare the embedded engines with the real servers. The same requests run on both; the difference is printed."""
    if options.pop("is_fleet"):
        _fleet(as_json, markdown, jobs)
        return
    rows = list(compare_engines(_cases(options), n_jobs=jobs or -1, progress=progress))
    if as_json:
        print_json({"rows": [as_dict(row) for row in rows]})
    else:
        cells = [_cells(row) for row in rows]
        click.echo(_markdown(HEADER, cells) if markdown else text_table(HEADER, cells))
        click.echo("\nThe real servers: " + ", ".join(_versions(rows)) + ".")


def _fleet(as_json: bool, markdown: bool, jobs: int | None) -> None:
    """Print the figures of real fleets. Exit code 1 if one is not as near as it has to be."""
    _refuse_others(click.get_current_context())
    rows = list(fidelity_fleet(n_jobs=jobs or -1, progress=progress))
    if as_json:
        print_json({"rows": [{**row._asdict(), "is_within": row.is_within} for row in rows]})
    else:
        cells = [_fleet_cells(row) for row in rows]
        click.echo(_markdown(FLEET_HEADER, cells) if markdown else text_table(FLEET_HEADER, cells))
        click.echo("\nThe real servers: " + ", ".join(sorted({row.version for row in rows})) + ".")
    if not all(row.is_within for row in rows):
        raise click.exceptions.Exit(1)


def _refuse_others(context: click.Context) -> None:
    """Refuse the options that say which requests are replayed: a fleet has its own."""
    for parameter in context.command.params:
        name = parameter.name or ""
        given = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if given and name not in WITH_FLEET:
            raise BadInput(f"{parameter.opts[0]} does not belong to --fleet; leave one of them out")


def _fleet_cells(row: FleetRow) -> list[str]:
    figures = row.expected, row.real, row.real - row.expected, row.allowed
    verdict = "" if row.is_within else "too far"
    return [row.what, *(f"{figure:.3f}" for figure in figures), verdict]


def _cases(options: dict[str, Any]) -> list[EngineComparison]:
    form, reading = _reading(options)
    for name in options["engine"]:
        if name not in ("redis", "memcached"):
            raise BadInput(f'--engine "{name}" has no real server; choose from redis, memcached')
    if options["is_standard"]:
        whole = standard(options["traces"], options["requests"])
        return [case for case in whole if type(case.spec).__name__.lower() in options["engine"]]
    requests = RequestSource(
        options["trace"],
        form,
        options["requests"],
        options["keys"],
        options["skew"],
        options["value_size"],
        options["ttl"],
        options["seed"],
        reading,
    )
    if requests.trace:
        print_notes(requests_of(requests))
    memories = [parse_size(text) for text in options["memory"]]
    return cases(options["engine"], options["policy"], memories, requests)


def _reading(options: dict[str, Any]) -> tuple[str, tuple[tuple[str, Any], ...]]:
    """Take the trace's format and the other options that say how to read it; none without a trace."""
    how = how_to_read(options)
    form = how.pop("format") or ""
    if bool(options["trace"]) != bool(form):
        raise BadInput("--trace FILE and --format F belong together; give both or neither")
    if how["columns"] is not None:
        how["columns"] = tuple(how["columns"].items())
    given = tuple((name, value) for name, value in how.items() if value not in (None, True))
    if given and not form:
        flag = "--no-header" if given[0][0] == "header" else f"--{given[0][0].replace('_', '-')}"
        raise BadInput(f"{flag} says how to read a trace; add --trace FILE, or leave it out")
    return form, given


def as_dict(row: FidelityRow) -> dict[str, Any]:
    """Return a row for JSON."""
    return {**row._asdict(), "embedded": row.embedded._asdict(), "real": row.real._asdict()}


def _cells(row: FidelityRow) -> list[str]:
    pair = row.embedded, row.real
    counts = [f"{count:,}" for name in COUNTS for count in (getattr(side, name) for side in pair)]
    about = [row.engine, row.policy, show_size(row.memory), row.trace]
    ratios = [f"{side.hit_ratio:.4f}" for side in pair]
    return [
        *about,
        *ratios,
        f"{row.hit_ratio_diff_pp:+.3f}",
        *counts,
        f"{row.memory_diff_percent:.2f}",
    ]


def _markdown(header: Sequence[str], cells: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *cells]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _versions(rows: Iterable[FidelityRow]) -> list[str]:
    return sorted({row.real.version for row in rows})
