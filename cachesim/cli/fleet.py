"""The options that make a fleet of the cache: --nodes and --route, or --shards."""

from typing import Any

import click

from cachesim.cli.kinds import Decorator, one_of, ruled
from cachesim.errors import BadInput
from cachesim.experiments.toml import kebab
from cachesim.model.fleet import Fleet, Pool, Shards
from cachesim.model.routes import ALL as ROUTES
from cachesim.spec import Count

BY_NAME = {kebab(route.__name__): route for route in ROUTES}

FLEET: tuple[Decorator, ...] = (
    ruled("--nodes", Count, "Nodes of a pool: the client's route says which one keeps a key."),
    click.option(
        "--route",
        metavar="NAME",
        shell_complete=one_of(BY_NAME),
        help=f"With --nodes, the rule of the clients: {', '.join(BY_NAME)}.  [default: ketama]",
    ),
    ruled("--shards", Count, "Shards of a Redis Cluster: each has a part of the 16,384 slots."),
)


def fleet(options: dict[str, Any]) -> Fleet | None:
    """Make the fleet that the options describe; None: one node.

    Raises
    ------
    BadInput
        Two kinds of fleet are given, or an option of a kind that is not.
    """
    nodes, route, shards = (options[name] for name in ("nodes", "route", "shards"))
    if nodes is not None and shards is not None:
        raise BadInput("--nodes (a pool) and --shards (a cluster) exclude each other; give one")
    if route is not None and nodes is None:
        raise BadInput("--route is the rule of a pool's clients; give --nodes N with it")
    if shards is not None:
        return Shards(shards)
    return None if nodes is None else Pool(nodes, **_route(route))


def _route(name: str | None) -> dict[str, Any]:
    if name is None:
        return {}
    if name not in BY_NAME:
        raise BadInput(f'--route "{name}" is unknown; choose from {", ".join(BY_NAME)}')
    return {"route": BY_NAME[name]()}
