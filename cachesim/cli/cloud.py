"""`cachesim cloud serve`: the managed service behind a port, for the `aws` command line and any SDK."""

from typing import Annotated

import click

from cachesim.cli.kinds import ruled
from cachesim.cli.serve import Port
from cachesim.errors import BadInput
from cachesim.experiments.cloud import Cloud
from cachesim.spec import Rule, Seed

Pace = Annotated[float, Rule("> 0 and <= 100000", lambda x: 0 < x <= 100_000)]
USUAL = 4566


@click.group("cloud")
def cloud_command() -> None:
    """Work with a simulated account of the managed service."""


@cloud_command.command("serve")
@ruled("--port", Port, "Port on loopback.", default=str(USUAL))
@ruled("--pace", Pace, "Simulated seconds per second.", default="60")
@ruled("--seed", Seed, "Seed of all draws of the service.", default="1")
@click.option(
    "--allow-previous-generation",
    is_flag=True,
    help="Let types such as cache.t2.micro be created, as old course notes do.",
)
def serve_command(port: int, pace: float, seed: int, allow_previous_generation: bool) -> None:
    """Serve ElastiCache, CloudWatch, SNS, IAM, STS and KMS to the unmodified `aws` command line."""
    cloud = Cloud(seed=seed, allow_previous_generation=allow_previous_generation)
    try:
        from cachesim.service.wire.loopback import Door
    except ImportError:
        raise BadInput('cloud serve needs boto3: pip install "cachesim-lab[aws]"') from None
    try:
        door = Door(cloud.account, port, pace)
    except OSError as error:
        raise BadInput(
            f"port {port} cannot be used: {error.strerror}; choose another --port"
        ) from None
    click.echo(
        f"export AWS_ENDPOINT_URL={door.url}  # {pace:g} simulated seconds per second; stop it with Ctrl-C"
    )
    try:
        door.serve_forever()
    finally:
        door.server_close()
