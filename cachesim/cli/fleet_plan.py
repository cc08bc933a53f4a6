"""`cachesim plan`: the cheapest fleet that serves a load, and what a lost node costs."""

from typing import Any, get_args, get_type_hints

import click

from cachesim.cli.kinds import Decorator, about, apply, names, ruled
from cachesim.cli.options import JSON
from cachesim.cli.output import print_json
from cachesim.model.distributions import Constant
from cachesim.model.fleet.groups import Reads
from cachesim.model.node import Node
from cachesim.node_types import node_type, node_types
from cachesim.planner.load import Load, Survive
from cachesim.planner.plan import plan
from cachesim.spec import Span, check, unfold
from cachesim.units import parse_count, show_size

HINTS = get_type_hints(Load, include_extras=True)
USUAL: Any = Load()


def _field(name: str, text: str, usual: str = "") -> Decorator:
    """Make the option of a field of `Load`."""
    return ruled(f"--{name.replace('_', '-')}", HINTS[name], text, usual=usual or _default(name))


def _default(name: str) -> str:
    value = getattr(USUAL, name)
    if value is None:
        return "not known"
    return show_size(value) if name.endswith("size") else f"{value:,}".removesuffix(".0")


def _many(name: str, text: str) -> Decorator:
    """Make the option of a field that may be large: 200k, 10m, 2b."""
    flag = f"--{name.replace('_', '-')}"
    kinds, rules = unfold(HINTS[name])

    def read(_context: click.Context, _option: click.Parameter, given: str | None) -> Any:
        if given is None:
            return None
        with about(flag):
            value = parse_count(given)
        whole = int(value) if int in kinds and value.is_integer() else value
        check(flag, whole, kinds, rules)
        return whole

    facts = "; ".join(
        [*(rule.text for rule in rules), "such as 200k or 10m", f"default: {_default(name)}"]
    )
    return click.option(flag, callback=read, metavar="NUMBER", help=f"{text}  [{facts}]")


LOAD: tuple[Decorator, ...] = (
    _many("rate", "Requests per second."),
    _field("writes", "Share of the requests that write."),
    _many("keys", "Number of keys."),
    _field("value_size", "Mean bytes of a value."),
    _field("key_size", "Mean bytes of a key."),
    _field("skew", "Zipf exponent of the popularity."),
    _field("hit_ratio", "Hit ratio that is wanted; 1 holds every key."),
    _many("connections", "Connections that the clients hold to each node."),
    _field("zones", "Zones in which clients and nodes stand evenly."),
    click.option(
        "--survive",
        type=click.Choice(get_args(Survive)),
        help=f"What may be lost without a failure of the site.  [default: {USUAL.survive}]",
    ),
    click.option(
        "--read-from",
        type=click.Choice(get_args(Reads)),
        help=f"Which nodes serve reads; replicas may be stale.  [default: {USUAL.read_from}]",
    ),
    _many("database", "Reads per second that the database can serve."),
    _field("budget", "US dollars per hour.", "no limit"),
    _field("busy_limit", "Share of a core and of the network to use on purpose."),
    _field("quota", "Nodes that one cluster may have."),
    ruled("--service", Span, "Time of one command on one core.", usual="10us, and 1 ns per byte"),
    names(
        "--types",
        "Node types to choose from, such as r6g.large,m6g.large.  [default: all that are current]",
        among=[each.name.removeprefix("cache.") for each in node_types()],
        metavar="TYPE,...",
    ),
)


@click.command("plan")
@apply((*LOAD, JSON))
def plan_command(
    types: list[str] | None, service: float | None, as_json: bool, **options: Any
) -> None:
    """Plan the cheapest fleet that serves a load.

    It prints every limit with what the load needs of it, the bill, what would break in a smaller fleet, and what a
    lost node costs. A load that no fleet can serve is refused, with the reason.
    """
    with about("--types"):
        kinds = None if types is None else [node_type(name) for name in types]
    given = {field: value for field, value in options.items() if value is not None}
    if service is not None:
        given["node"] = Node(service=Constant(value=service), per_byte=0)
    found = plan(types=kinds, **given)
    if as_json:
        print_json(found.as_dict())
    else:
        click.echo(str(found))
