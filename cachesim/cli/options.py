"""The options that several commands share. The rule of the field that an option sets checks its value."""

from typing import Any

import click

from cachesim.cli.choices import COMPARED, ENGINES, STRATEGIES
from cachesim.cli.fleet import FLEET
from cachesim.cli.kinds import PATH, Decorator, names, one_of, parsed, ruled
from cachesim.cli.own import FORM
from cachesim.engines.policies import ALL as SIMPLE_POLICIES
from cachesim.engines.redis.policy import POLICIES as REDIS_POLICIES
from cachesim.measure.metrics import METRICS
from cachesim.records import STAMP_SIZE
from cachesim.scenario import Scenario
from cachesim.spec import Bytes, Count, Delay, Exponent, Rate, Seconds, Seed, Share, Span
from cachesim.traces import FORMATS, UNITS, columns_from_text, delimiter_from_text
from cachesim.traces.header import MEANINGS
from cachesim.units import show_size

USUAL: Any = Scenario()  # the defaults that help pages name, and that plan.py uses
CLOCK = click.option(
    "--clock",
    type=click.Choice(["simulated", "wall"]),
    help="Time of a real server: the simulation's (default), or the wall's, which misleads.",
)
POLICY = click.option(
    "--policy",
    metavar="NAME",
    shell_complete=one_of([*SIMPLE_POLICIES, *REDIS_POLICIES]),
    help=f"Eviction policy. The engine simple has {', '.join(SIMPLE_POLICIES)}, or yours as {FORM}; "
    f"redis has {', '.join(REDIS_POLICIES)}.  [default: the engine's own]",
)
READING: tuple[Decorator, ...] = (
    click.option(
        "--format",
        "format_name",
        metavar="NAME",
        shell_complete=one_of(FORMATS),
        help=f'The trace\'s format: {", ".join(FORMATS)}; "cachesim formats" explains them.',
    ),
    parsed(
        "--columns",
        columns_from_text,
        f"Which column of a csv is what, of {', '.join(MEANINGS)}: key=object_id,size=bytes.",
        "MEANING=COLUMN,...",
    ),
    click.option("--time-unit", type=click.Choice(list(UNITS)), help="Unit of the trace's times."),
    parsed(
        "--delimiter",
        delimiter_from_text,
        "The sign between a csv's columns, such as tab or ;",
        "SIGN",
    ),
    click.option(
        "--no-header", is_flag=True, help="The csv has no header; --columns takes numbers."
    ),
    ruled("--block", Bytes, "Split the requests of a disk's trace into blocks, such as 4096."),
)


def how_to_read(options: dict[str, Any]) -> dict[str, Any]:
    """Move the options of READING out of `options`, and name them as `read_trace` does."""
    columns = options.pop("columns")
    return {
        "format": options.pop("format_name"),
        "columns": None if columns is None else columns_from_text(columns),
        "time_unit": options.pop("time_unit"),
        "delimiter": options.pop("delimiter"),
        "header": not options.pop("no_header"),
        "block": options.pop("block"),
    }


_DRAWN = USUAL.workload
SCENARIO: tuple[Decorator, ...] = (
    names(
        "--engine",
        f"Engines: {', '.join(ENGINES)} (-live: the real server); a comma list compares them.",
        among=ENGINES,
        default="redis",
        show_default=True,
    ),
    names(
        "--strategies",
        f"Strategies to compare: {', '.join(STRATEGIES)}, or yours as {FORM}.  [default: {','.join(COMPARED)}]",
        among=STRATEGIES,
    ),
    click.option(
        "--preset",
        metavar="NAME",
        help="The published shape of a production cluster: cluster1 ... cluster54.",
    ),
    click.option(
        "--trace", metavar="FILE", type=PATH, help="Replay the requests of this file; - is a pipe."
    ),
    *READING,
    ruled("--writes", Share, "Share of a trace's requests to turn into writes.", usual=0),
    ruled("--reads", Share, "Share of the requests that read.", usual=_DRAWN.reads),
    ruled("--skew", Exponent, "Zipf exponent of the popularity.", usual=_DRAWN.popularity.skew),
    ruled("--keys", Count, "Number of keys.", usual=_DRAWN.popularity.keys),
    click.option(
        "--value-size",
        metavar="SIZE",
        help='Bytes of a value, or "lognormal:median,sigma".  '
        f"[>= {STAMP_SIZE} bytes; default: {_DRAWN.size.value:g}]",
    ),
    ruled("--rate", Rate, "Requests per second (open loop).", usual=f"{_DRAWN.rate:g}"),
    ruled(
        "--clients",
        Count,
        "Number of users who wait for their answers (closed loop, instead of --rate).",
    ),
    ruled(
        "--memory",
        Bytes,
        "Memory of the cache, such as 64mb.",
        usual=show_size(USUAL.cache.memory),
    ),
    POLICY,
    CLOCK,
    *FLEET,
    ruled(
        "--ttl",
        Seconds,
        "TTL of the strategies that have one, such as 60 or 5ms.",
        usual=f"{USUAL.strategy.ttl:g}",
    ),
    ruled("--duration", Span, "How long requests arrive.", usual=f"{USUAL.duration:g}"),
    ruled("--warmup", Delay, "Time at the start that measures omit.", usual=f"{USUAL.warmup:g}"),
)

SEED = ruled("--seed", Seed, "Seed of all random draws.", default="1")
RUNS: tuple[Decorator, ...] = (
    ruled("--replications", Count, "Independent repetitions.", default="5"),
    SEED,
)
JOBS = ruled("--jobs", Count, "Processes.", usual="one per core")


REPORT: tuple[Decorator, ...] = (
    click.option(
        "--report",
        metavar="FILE",
        type=PATH,
        help="Also write one self-contained HTML page, such as report.html.",
    ),
    click.option(
        "--rank",
        metavar="METRIC",
        shell_complete=one_of(METRICS),
        help=f"Say which alternative is best by this metric: {', '.join(METRICS)}.",
    ),
    ruled(
        "--worth",
        Span,
        "With --rank: the smallest difference that matters, as a ratio or in seconds.",
        metavar="NUMBER",
    ),
)

JSON = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object on stdout instead of the table."
)
