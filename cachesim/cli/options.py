"""The options that several commands share; each value is checked by the rule of the field it sets."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from cachesim.errors import BadInput
from cachesim.spec import (
    Bytes,
    Count,
    Delay,
    Exponent,
    Rate,
    Seconds,
    Seed,
    Share,
    Span,
    check,
    unfold,
)
from cachesim.traces import UNITS, columns_from_text, delimiter_from_text
from cachesim.units import parse_size, parse_time

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def ruled(flag: str, hint: Any, text: str, **settings: Any) -> Decorator:
    """Return an option whose text is read and checked as a spec's field with that annotation is."""
    kinds, rules = unfold(hint)

    def read(_context: click.Context, _option: click.Parameter, given: str | None) -> Any:
        if given is None:
            return None
        value = _parse(flag, given, kinds, "byte" in rules[0].text, "seconds" in rules[0].text)
        check(flag, value, kinds, rules)
        return value

    return click.option(flag, callback=read, help=text, **settings)


def _parse(flag: str, text: str, kinds: tuple[Any, ...], is_size: bool, is_time: bool) -> Any:
    try:
        if is_size:
            return parse_size(text)
        if is_time:
            return parse_time(text)
        return int(text) if int in kinds else float(text)
    except BadInput as error:
        raise BadInput(f"{flag}: {error}") from None
    except ValueError:
        kind = "a whole number" if int in kinds else "a number"
        raise BadInput(f'{flag} must be {kind}, got "{text}"') from None


@contextmanager
def about(flag: str) -> Iterator[None]:
    """Say which option a refusal is about."""
    try:
        yield
    except BadInput as error:
        raise BadInput(f"{flag}: {error}") from None


def names(flag: str, text: str, **settings: Any) -> Decorator:
    """Return an option that takes a comma list."""

    def split(
        _context: click.Context, _option: click.Parameter, given: str | None
    ) -> list[str] | None:
        if given is None:
            return None
        parts = [part.strip() for part in given.split(",")]
        if not all(parts) or len(set(parts)) < len(parts):
            raise BadInput(f'{flag} takes different names with commas between them, got "{given}"')
        return parts

    return click.option(flag, callback=split, help=text, **settings)


CLOCK = click.option(
    "--clock",
    type=click.Choice(["simulated", "wall"]),
    help="Time of a real server: the simulation's (default), or the wall's, which misleads.",
)


def parsed(flag: str, parse: Callable[[str], Any], text: str) -> Decorator:
    """Return an option whose text must be one that `parse` takes."""

    def read(_context: click.Context, _option: click.Parameter, given: str | None) -> str | None:
        if given is not None:
            parse(given)
        return given

    return click.option(flag, callback=read, help=text)


READING: tuple[Decorator, ...] = (
    click.option(
        "--format", "format_name", help='The trace\'s format; "cachesim formats" lists them.'
    ),
    parsed(
        "--columns", columns_from_text, "Which column of a csv is what: key=object_id,size=bytes."
    ),
    click.option("--time-unit", type=click.Choice(list(UNITS)), help="Unit of the trace's times."),
    parsed(
        "--delimiter", delimiter_from_text, "What stands between a csv's columns, such as tab or ;"
    ),
    click.option(
        "--no-header", is_flag=True, help="The csv has no header; --columns takes numbers."
    ),
    ruled("--block", Bytes, "Split the requests of a disk's trace into blocks, such as 4096."),
)


def how_to_read(options: dict[str, Any]) -> dict[str, Any]:
    """Take the options of READING out of all; return those of `read_trace`, the format among them."""
    columns = options.pop("columns")
    return {
        "format": options.pop("format_name"),
        "columns": None if columns is None else columns_from_text(columns),
        "time_unit": options.pop("time_unit"),
        "delimiter": options.pop("delimiter"),
        "header": not options.pop("no_header"),
        "block": options.pop("block"),
    }


SCENARIO: tuple[Decorator, ...] = (
    names(
        "--engine",
        "Engines: simple, redis, memcached, or real servers: redis-live, memcached-live; a comma list compares them.",
        default="redis",
        show_default=True,
    ),
    names(
        "--strategies",
        "Strategies to compare, with commas between them.  [default: the six classic ones]",
    ),
    click.option("--preset", help="A published production cluster: cluster1 ... cluster54."),
    click.option("--trace", help="Replay the requests of this file."),
    *READING,
    ruled("--writes", Share, "Share of a trace's requests to turn into writes."),
    ruled("--reads", Share, "Share of the requests that read.  [default: 0.95]"),
    ruled("--skew", Exponent, "Zipf exponent of the popularity.  [default: 0.99]"),
    ruled("--keys", Count, "Number of keys.  [default: 10000]"),
    click.option(
        "--value-size", help='Bytes of a value, or "lognormal:median,sigma".  [default: 500]'
    ),
    ruled("--rate", Rate, "Requests per second (open loop).  [default: 1000]"),
    ruled(
        "--clients",
        Count,
        "Number of users who wait for their answers (closed loop, instead of --rate).",
    ),
    ruled("--memory", Bytes, "Memory of the cache, such as 64mb.  [default: 1mb]"),
    click.option("--policy", help="Eviction policy of the engine."),
    CLOCK,
    ruled(
        "--ttl", Seconds, "TTL of the strategies that have one, such as 60 or 5ms.  [default: 10]"
    ),
    ruled("--duration", Span, "Seconds in which requests arrive.  [default: 70]"),
    ruled("--warmup", Delay, "Seconds at the start that are left out.  [default: 20]"),
)

RUNS: tuple[Decorator, ...] = (
    ruled("--replications", Count, "Independent repetitions.", default="5", show_default=True),
    ruled("--seed", Seed, "Seed of all random draws.", default="1", show_default=True),
)

REPORT: tuple[Decorator, ...] = (
    click.option("--report", help="Also write one self-contained HTML page, such as report.html."),
    click.option("--rank", help="Say which alternative is best by this metric, such as hit_ratio."),
    ruled(
        "--worth",
        Span,
        "With --rank: the smallest difference that matters, as a ratio or in seconds.",
    ),
)

JSON = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object on stdout instead of the table."
)


def apply(decorators: tuple[Decorator, ...]) -> Decorator:
    """Return one decorator that applies several, in the order of the help page."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return decorate
