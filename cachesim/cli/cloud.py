"""`cachesim cloud`: the managed service behind a port, for the `aws` command line; a week of one cache."""

from typing import Annotated

import click

from cachesim.cli.kinds import ruled
from cachesim.cli.serve import Port
from cachesim.errors import BadInput
from cachesim.experiments.cloud import Cloud
from cachesim.experiments.week import week
from cachesim.spec import Rule, Seed

Pace = Annotated[float, Rule("> 0 and <= 100000", lambda x: 0 < x <= 100_000)]
USUAL = 4566


@click.group("cloud")
def cloud_command() -> None:
    """Work with a simulated account of the managed service."""


@cloud_command.command("serve")
@ruled("--port", Port, "Port on loopback.", default=str(USUAL))
@ruled("--pace", Pace, "Simulated seconds per second.", default="60")
@click.option(
    "--time",
    "way",
    type=click.Choice(["paced", "poll", "frozen"]),
    default="paced",
    show_default=True,
    help="Who moves time: the wall; each Describe while something is pending; only an advance.",
)
@ruled("--seed", Seed, "Seed of all draws of the service.", default="1")
@click.option(
    "--allow-previous-generation",
    is_flag=True,
    help="Let types such as cache.t2.micro be created, as old course notes do.",
)
def serve_command(
    port: int, pace: float, way: str, seed: int, allow_previous_generation: bool
) -> None:
    """Serve ElastiCache and its neighbours to the unmodified `aws` command line.

    Each endpoint that it describes is a port on this machine, for redis-cli and other clients.
    """
    cloud = Cloud(seed=seed, allow_previous_generation=allow_previous_generation)
    try:
        from cachesim.service.wire.loopback import Door
        from cachesim.service.wire.times import time_of
    except ImportError:
        raise BadInput('cloud serve needs boto3: pip install "cachesim-lab[aws]"') from None
    try:
        door = Door(cloud.account, port, time_of(way, cloud.account, pace), cloud.spec_of)
    except OSError as error:
        raise BadInput(
            f"port {port} cannot be used: {error.strerror}; choose another --port"
        ) from None
    rate = {
        "paced": f"{pace:g} simulated seconds per second",
        "poll": "each Describe costs 15 simulated seconds while something is pending",
        "frozen": f"time passes with: curl -X POST '{door.url}/_cachesim/advance?seconds=60'",
    }
    click.echo(f"export AWS_ENDPOINT_URL={door.url}  # {rate[way]}; stop it with Ctrl-C")
    try:
        door.serve_forever()
    finally:
        door.server_close()


@cloud_command.command("week")
@ruled("--seed", Seed, "Seed of all draws.", default="1")
def week_command(seed: int) -> None:
    """Play a week of one cache, and print what could be seen at each step."""
    cloud, steps = week(seed)
    for step in steps:
        click.echo(f"{step.when}  {step.act}")
        click.echo(f"           {step.seen}")
    click.echo(f"\n{cloud.bill()}")
    click.echo(f"memory of the nodes divided by {1 / cloud.scale:.0f}; all else as it is")
