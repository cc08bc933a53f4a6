"""`cachesim replay`: plays a trace into one engine, or with --curve into many policies at many sizes."""

from pathlib import Path
from typing import Any

import click

from cachesim.cli.choices import ENGINES, curve_policies
from cachesim.cli.experiment import replay_engine
from cachesim.cli.kinds import PATH, apply, names, one_of, ruled
from cachesim.cli.options import CLOCK, JSON, POLICY, READING, how_to_read
from cachesim.cli.output import open_folder, print_json, print_notes, replay_text
from cachesim.cli.own import FORM
from cachesim.errors import BadInput
from cachesim.experiments.pictures import png
from cachesim.files import replace_file
from cachesim.measure.tables import text_table
from cachesim.replay import KEPT, POLICIES, hit_ratio_curve
from cachesim.replay import replay as replay_trace
from cachesim.replay.curves import INFINITE, OPTIMUM, Curve
from cachesim.spec import Bytes, Count
from cachesim.traces import Stream, Trace, stream_trace

DEFAULT = ["lru", "sieve", "lfu", "redis-lru"]
ONE_ENGINE = {  # options that describe one engine, and their defaults
    "engine_name": "simple", "policy": None, "items": None, "memory": None, "clock": None, "keep": KEPT,
}  # fmt: skip
MANY = ("policies", "sizes", "out")  # options of --curve


@click.command()
@click.argument("trace", type=PATH)
@apply(READING)
@click.option(
    "--engine",
    "engine_name",
    default="simple",
    show_default=True,
    metavar="NAME",
    shell_complete=one_of(ENGINES),
    help=f"The engine: {', '.join(ENGINES)} (-live: the real server).",
)
@CLOCK
@POLICY
@ruled("--items", Count, "Limit on the number of keys (simple).")
@ruled("--memory", Bytes, "Limit on the memory, such as 64mb.")
@ruled("--value-size", Bytes, "Bytes of a value where the trace names none.", default="100")
@ruled(
    "--keep",
    Count,
    "Requests to keep in memory; a longer trace is played as it is read, without optimum and bound.",
    default=str(KEPT),
)
@click.option("--curve", is_flag=True, help="Hit ratios of policies against the size of the cache.")
@names(
    "--policies",
    f"With --curve: {', '.join(POLICIES)}, or yours as {FORM}.  [default: {','.join(DEFAULT)}]",
    among=POLICIES,
)
@names(
    "--sizes",
    "With --curve: numbers of items, or shares of the keys, such as 100,1000 or 1%,10%.  "
    "[default: ten sizes up to all keys]",
    metavar="NUMBER,...",
)
@click.option("--out", metavar="FILE", type=PATH, help="With --curve: a .png file for the plot.")
@JSON
def replay(trace: str, curve: bool, as_json: bool, **options: Any) -> None:
    """Replay a trace straight into an engine, at full speed. Prints hit ratios with the bounds beside them."""
    how = how_to_read(options)
    _agree(curve, options)
    needs_all = curve or options["policy"] == "belady"
    requests = _opened(stream_trace(trace, **how), None if needs_all else options["keep"])
    about = {"trace": trace, "format": how["format"]}
    if curve and isinstance(requests, Trace):
        about["notes"] = requests.notes
        _curve(requests, about, as_json, **{name: options[name] for name in MANY})
        return
    spec = replay_engine(requests, **options)
    found = replay_trace(requests, spec, value_size=options["value_size"], keep=options["keep"])
    if not isinstance(requests, Trace):
        print_notes(requests)
    if as_json:
        print_json({**about, "notes": requests.notes, **found._asdict()})
    else:
        click.echo(replay_text(found))


def _opened(stream: Stream, keep: int | None) -> Trace | Stream:
    """Read a trace into memory if it has at most `keep` requests; None: in any case."""
    whole = stream.whole() if keep is None else stream.fits(keep)
    if whole is None:
        return stream
    print_notes(whole)  # they are complete
    return whole


def _agree(curve: bool, options: dict[str, Any]) -> None:
    """Refuse options that the command would ignore, with --curve or without it."""
    flags = {"engine_name": "--engine"}
    for name, default in ONE_ENGINE.items():
        if curve and options[name] != default:
            flag = flags.get(name, f"--{name}")
            raise BadInput(f"{flag} describes one engine; --curve takes --policies and --sizes")
    for name in MANY:
        if not curve and options[name] is not None:
            raise BadInput(f"--{name} belongs to --curve; add --curve, or leave --{name} out")


def _curve(
    trace: Trace, about: dict[str, Any], as_json: bool,
    *, policies: list[str] | None, sizes: list[str] | None, out: str | None,
) -> None:  # fmt: skip
    target = None if out is None else _target(out)
    items = None if sizes is None else sorted({_items(size, trace.unique) for size in sizes})
    curves = hit_ratio_curve(trace, curve_policies(policies or DEFAULT), items)
    if target is not None:
        replace_file(target, _plot(curves))
    if as_json:
        print_json(_as_json(trace, curves) | about)
        return
    click.echo(_text(trace, curves))
    if target is not None:
        click.echo(f"\nwritten: {target}")


def _target(out: str) -> Path:
    """Return the file for the plot, after its folder was tried."""
    path = Path(out)
    if path.suffix != ".png":
        raise BadInput(f'--out must name a .png file for the plot, got "{out}"')
    open_folder(str(path.parent))
    return path


def _items(size: str, unique: int) -> int:
    """Turn a size, a number or a share of the keys, into a number of items.

    >>> _items("1%", unique=5000), _items("100", unique=5000)
    (50, 100)
    """
    share = size.endswith("%")
    try:
        items = float(size[:-1]) / 100 * unique if share else int(size)
        rounded = max(1, round(items)) if share and items > 0 else int(items)
    except (ValueError, OverflowError):
        raise BadInput(
            f'--sizes takes numbers of items or shares of the keys, such as 100 or 1%, got "{size}"'
        ) from None
    if rounded < 1:
        raise BadInput(f'--sizes must be numbers of items, all >= 1, got "{size}"')
    return rounded


def _plot(curves: dict[str, Curve]) -> bytes:
    from cachesim.plots.curves import hit_ratio_curve as draw

    return png(draw(curves))


def _as_json(trace: Trace, curves: dict[str, Curve]) -> dict[str, Any]:
    sizes = [int(items) for items, _ in next(iter(curves.values()))]
    ratios = {name: [ratio for _, ratio in points] for name, points in curves.items()}
    return {
        "requests": len(trace), "unique": trace.unique, "sizes": sizes, "hit_ratios": ratios
    }  # fmt: skip


def _text(trace: Trace, curves: dict[str, Curve]) -> str:
    """Make a table of one row per size and one column per policy; below it, the best policy of each size."""
    sizes = [int(items) for items, _ in curves[OPTIMUM]]
    rows = [
        [f"{items:,}", *(f"{points[row][1]:.4f}" for points in curves.values())]
        for row, items in enumerate(sizes)
    ]
    best = {name: points for name, points in curves.items() if name not in (OPTIMUM, INFINITE)}
    won = [max(best, key=lambda name: best[name][row][1]) for row in range(len(sizes))]
    told = ", ".join(
        f"{name} at {', '.join(f'{n:,}' for n, who in zip(sizes, won, strict=True) if who == name)}"
        for name in dict.fromkeys(won)
    )
    return "\n".join(
        [
            f"{len(trace):,} requests for {trace.unique:,} keys",
            text_table(["items", *curves], rows),
            f"hits most: {told}",
        ]
    )
