"""The options that make a fleet of the cache: --nodes (a pool), --shards (a cluster), --replicas (of each primary)."""

from typing import Any, get_args

import click

from cachesim.cli.kinds import Decorator, one_of, ruled
from cachesim.errors import BadInput
from cachesim.experiments.toml import kebab
from cachesim.model.distributions import Exponential
from cachesim.model.fleet import Fleet, Pool, Replicated, Shards
from cachesim.model.fleet.groups import Few, Reads
from cachesim.model.fleet.specs import Nodes, Zones
from cachesim.model.routes import ALL as ROUTES
from cachesim.spec import Delay
from cachesim.units import show_time

BY_NAME = {kebab(route.__name__): route for route in ROUTES}
_USUAL: Any = Replicated()

FLEET: tuple[Decorator, ...] = (
    ruled("--nodes", Nodes, "Nodes of a pool: the client's route says which one keeps a key."),
    click.option(
        "--route",
        metavar="NAME",
        shell_complete=one_of(BY_NAME),
        help=f"With --nodes, the rule of the clients: {', '.join(BY_NAME)}.  [default: ketama]",
    ),
    ruled("--shards", Nodes, "Shards of a Redis Cluster: each has a part of the 16,384 slots."),
    ruled(
        "--replicas",
        Few,
        "Replicas of each shard; without --shards, of one primary (cluster mode disabled).",
    ),
    click.option(
        "--read-from",
        type=click.Choice(get_args(Reads)),
        help="With --replicas, who answers reads; nearest: a node in the client's own zone.  [default: primary]",
    ),
    ruled("--zones", Zones, "Zones in which the nodes and the clients stand.", usual="1"),
    ruled(
        "--lag",
        Delay,
        "How long a write takes to a replica, on average (exponential), such as 1ms.",
        usual=show_time(_USUAL.lag.mean),
    ),
)

EXCLUDED = {  # options that contradict each other -> the sentence
    ("nodes", "shards"): "--nodes (a pool) and --shards (a cluster) exclude each other; give one",
    (
        "nodes",
        "replicas",
    ): "--replicas copy a shard or a primary, and the nodes of a pool (--nodes) "
    "have none; give --shards N in place of --nodes, or leave --replicas out",
}
NEEDED = {  # option -> the options of which it needs one, and the sentence
    "route": (["nodes"], "--route is the rule of a pool's clients; give --nodes N with it"),
    "read_from": (["replicas"], "--read-from is about replicas; give --replicas 1 or more with it"),
    "lag": (["replicas"], "--lag is about replicas; give --replicas 1 or more with it"),
    "zones": (
        ["nodes", "shards", "replicas"],
        "--zones deals the nodes of a fleet out; give --nodes N, --shards N or --replicas N with it",
    ),
}


def fleet(options: dict[str, Any]) -> Fleet | None:
    """Make the fleet that the options describe; None: one node.

    Raises
    ------
    BadInput
        Two kinds of fleet are given, or an option of a kind that is not.
    """
    _check(options)
    nodes, shards, replicas = (options[name] for name in ("nodes", "shards", "replicas"))
    zones = {} if options["zones"] is None else {"zones": options["zones"]}
    if nodes is not None:
        return Pool(nodes, **_route(options["route"]), **zones)
    if shards is not None:
        return Shards(shards, **_copies(options), **zones)
    return None if replicas is None else Replicated(**_copies(options), **zones)


def _check(options: dict[str, Any]) -> None:
    for names, sentence in EXCLUDED.items():
        if all(options[name] is not None for name in names):
            raise BadInput(sentence)
    for name, (needed, sentence) in NEEDED.items():
        if options[name] is not None and not any(options[other] for other in needed):
            raise BadInput(sentence)


def _route(name: str | None) -> dict[str, Any]:
    if name is None:
        return {}
    if name not in BY_NAME:
        raise BadInput(f'--route "{name}" is unknown; choose from {", ".join(BY_NAME)}')
    return {"route": BY_NAME[name]()}


def _copies(options: dict[str, Any]) -> dict[str, Any]:
    """Name what the options say of replicas; the rest is as usual."""
    lag = None if options["lag"] is None else Exponential(mean=options["lag"])
    said = {"replicas": options["replicas"], "reads": options["read_from"], "lag": lag}
    return {name: value for name, value in said.items() if value is not None}
