"""`cachesim serve`: an embedded engine behind a socket, for any client of Redis or Memcached."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import click

from cachesim.cli.choices import engine as engine_of
from cachesim.cli.kinds import PATH, about, one_of, ruled
from cachesim.cli.options import POLICY
from cachesim.cli.serve_security import SECURITY, read_security
from cachesim.clock import Clock
from cachesim.engines.base import Engine, EngineSpec, Random
from cachesim.engines.redis.engine import Redis, RedisEngine
from cachesim.engines.redis.persistence import Nowhere, keep_in
from cachesim.engines.redis.replication import ReplicatedEngine
from cachesim.engines.redis.snapshots import USUAL, read_points
from cachesim.engines.redis.watched import LoneEngine
from cachesim.errors import BadInput
from cachesim.rng import uniform
from cachesim.spec import Bytes, Rule, Seed
from cachesim.units import show_size
from cachesim.wire.addresses import Address
from cachesim.wire.folder import Folder
from cachesim.wire.memcached_clients import PasswordFiles
from cachesim.wire.served_cluster import ServedCluster
from cachesim.wire.server import Server, wall_clock

Port = Annotated[int, Rule("from 0 (any that is free) to 65535", lambda x: 0 <= x <= 65535)]
Speed = Annotated[float, Rule("> 0 and <= 100000", lambda x: 0 < x <= 100_000)]
Replicas = Annotated[int, Rule("from 0 to 5", lambda x: 0 <= x <= 5)]
HIGHEST_PORT = 65_535
FASTEST = 1000  # a replicated engine runs every tick of its cron, also after a silence
Shards = Annotated[int, Rule("from 1 to 500", lambda x: 1 <= x <= 500)]
PORTS = {"redis": 6379, "memcached": 11211, "simple": 6379}


@click.command()
@click.option(
    "--engine",
    "name",
    default="redis",
    show_default=True,
    metavar="NAME",
    shell_complete=one_of(PORTS),
    help=f"The engine: {', '.join(PORTS)}.",
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    metavar="ADDRESS",
    help="Address to listen at.",
)
@ruled("--port", Port, "Port.", usual=", ".join(f"{port} for {it}" for it, port in PORTS.items()))
@click.option(
    "--unixsocket",
    metavar="FILE",
    type=PATH,
    help="Path of a unix socket; without --port, only this.",
)
@ruled("--maxmemory", Bytes, "Memory of the cache, such as 64mb.", usual=show_size(Redis().memory))
@POLICY
@ruled("--shards", Shards, "Serve a Redis Cluster of so many primaries, one port per node.")
@ruled("--replicas", Replicas, "Replicas of each primary, a port for each.", usual="0")
@click.option(
    "--sasl",
    metavar="FILE",
    type=PATH,
    help="Lines user:password; clients of memcached's binary protocol then need one (SASL).",
)
@click.option(
    "--auth-file",
    metavar="FILE",
    type=PATH,
    help="The same for clients of memcached's text protocol.",
)
@click.option(
    "--dir",
    "folder",
    metavar="FOLDER",
    type=PATH,
    help="Load dump.rdb from here, and write snapshots to it.",
)
@SECURITY
@ruled("--speed", Speed, "Simulated seconds per second.", default="1")
@ruled("--seed", Seed, "Seed of the engine's random draws.", default="1")
def serve(
    name: str,
    host: str,
    port: int | None,
    unixsocket: str | None,
    maxmemory: int | None,
    policy: str | None,
    shards: int | None,
    replicas: int | None,
    sasl: str | None,
    auth_file: str | None,
    folder: str | None,
    speed: float,
    seed: int,
    **options: Any,
) -> None:
    """Serve an embedded engine to redis-cli or any other client."""
    spec, passwords = _spec(name, policy, maxmemory), _passwords(name, sasl, auth_file)
    if folder is not None:
        _check_kept(spec, shards, replicas)
    security = read_security(name, shards, options)
    port, tls_port, unixsocket = security.places(port, unixsocket, PORTS[name])
    clock = wall_clock(speed)
    limit = show_size(spec.memory)  # type: ignore[attr-defined]
    rate = f"{speed:g} simulated seconds per second"

    def say(what: str, where: str) -> None:
        click.echo(f"{name}, {what}, listens at {where} ({rate}); stop it with Ctrl-C")

    if shards is None and replicas is None:
        engine = _engine(spec, clock, uniform(seed, "eviction"), speed)
        _keep(engine, folder)
        with about("--sasl" if sasl else "--auth-file"):
            server = Server(engine, speed, passwords=passwords)
        security.apply(server, is_limited=maxmemory is not None, has_policy=policy is not None)
        ready = partial(say, f"{engine.version}, {security.limit(engine, limit)}")
        asyncio.run(server.run(Address(host, port, unixsocket, tls_port), ready))
    else:
        redis, first = _of_a_fleet(spec, port, unixsocket, shards, replicas or 0, speed)
        fleet = ServedCluster(redis, shards or 1, replicas or 0, clock, speed, seed)
        ready = partial(say, f"{len(fleet.servers)} nodes, {limit} each")
        asyncio.run(fleet.run(host, first, ready))


def _engine(spec: EngineSpec, clock: Clock, draw: Random, speed: float) -> Engine:
    """Make the engine of a server that is alone."""
    if isinstance(spec, Redis):  # a real replica has the time of the world
        return (ReplicatedEngine if speed == 1 else LoneEngine)(spec, clock, draw)
    return spec.build(clock, draw)


def _check_kept(spec: EngineSpec, shards: int | None, replicas: int | None) -> None:
    """Raise BadInput unless --dir is possible."""
    if not isinstance(spec, Redis) or shards or replicas:
        raise BadInput(
            "--dir keeps the keys of one Redis; leave out --engine, --shards and --replicas"
        )


def _keep(engine: Engine, folder: str | None) -> None:
    """Keep the snapshots of a Redis in a folder, and load the one that is there. Raises BadInput."""
    if not isinstance(engine, RedisEngine):
        return
    if folder is None:
        keep_in(engine, Nowhere(), ())
        return
    disk = Folder(folder)
    file = Path(disk.folder) / engine.snapshots.name
    try:
        count = keep_in(engine, disk, read_points(USUAL))
    except (BadInput, OSError) as error:
        raise BadInput(f"{file} cannot be loaded: {error}; move it away to start empty") from None
    if count:
        click.echo(f"{count:,} keys were loaded from {file}")


def _spec(name: str, policy: str | None, maxmemory: int | None) -> EngineSpec:
    """Make the spec of the engine. Raises BadInput."""
    if name not in PORTS:
        raise BadInput(f'--engine "{name}" cannot be served; choose from {", ".join(PORTS)}')
    spec = engine_of(name, None, policy)
    if maxmemory is not None:
        with about("--maxmemory"):
            spec = spec.replace(memory=maxmemory)
    return spec


def _passwords(name: str, sasl: str | None, text: str | None) -> PasswordFiles:
    """Say which protocol of memcached needs a password. Raises BadInput."""
    option = "--sasl" if sasl else "--auth-file"
    if (sasl or text) and name != "memcached":
        raise BadInput(f"{option} is for --engine memcached, got {name}; leave it out")
    if sasl and text:
        raise BadInput(
            "--sasl is for the binary protocol and --auth-file for the text protocol; give one"
        )
    return PasswordFiles(sasl, text)


def _of_a_fleet(
    spec: EngineSpec,
    port: int | None,
    path: str | None,
    shards: int | None,
    replicas: int,
    speed: float,
) -> tuple[Redis, int]:
    """Return the spec and the first port of a fleet. Raises BadInput."""
    if shards is None:
        raise BadInput("--replicas needs --shards, the number of primaries; give both")
    if not isinstance(spec, Redis):
        raise BadInput("--shards makes a Redis Cluster; choose --engine redis")
    if path is not None or port is None:
        raise BadInput(
            "--shards gives each node a port, so --unixsocket has no place; leave it out"
        )
    if replicas and speed > FASTEST:
        raise BadInput(f"--speed must be <= {FASTEST} with --replicas, got {speed:g}")
    last = port + shards * (1 + replicas) - 1
    if port and last > HIGHEST_PORT:
        raise BadInput(
            f"--port {port}: the last node would listen at port {last}; choose a lower port"
        )
    return spec, port
