"""The options of `cachesim serve` about passwords, users, TLS and a configuration file."""

import os
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import click

from cachesim.cli.kinds import PATH, Decorator, ruled
from cachesim.engines.base import Engine
from cachesim.engines.redis.engine import RedisEngine
from cachesim.errors import BadInput
from cachesim.spec import Rule
from cachesim.units import show_size
from cachesim.wire.config_file import UNLIMITED, Configuration, read_file, rewrite, start_with
from cachesim.wire.server import Server

TlsPort = Annotated[int, Rule("from 0 (any that is free) to 65535", lambda x: 0 <= x <= 65535)]
TEXTS = {  # option: what it is
    "--requirepass": "Password that every client must give with AUTH.",
    "--aclfile": "File of users and what they may do, as ACL SAVE writes it.",
    "--tls-cert-file": "The server's certificate, a PEM file.",
    "--tls-key-file": "The key of the certificate, a PEM file.",
    "--tls-ca-cert-file": "Certificates of those who sign for clients, a PEM file.",
}


def _options(command: Any) -> Any:
    """Add the options to a command."""
    for flag, help_text in reversed(TEXTS.items()):
        kind = str if flag == "--requirepass" else PATH
        shown = "PASSWORD" if flag == "--requirepass" else "FILE"
        command = click.option(flag, metavar=shown, type=kind, help=help_text)(command)
    command = click.option(
        "--tls-auth-clients",
        type=click.Choice(["yes", "optional", "no"]),
        help="Whether clients must show a certificate.  [default: yes]",
    )(command)
    command = ruled("--tls-port", TlsPort, "Port for clients with TLS; without --port, only this.")(
        command
    )
    return click.option(
        "--config", metavar="FILE", type=PATH, help="A redis.conf; the other options count more."
    )(command)


SECURITY: Decorator = _options


class Security(NamedTuple):
    """What the options and the file say."""

    settings: dict[str, str]  # of the options
    file: Configuration | None
    path: Path | None

    def _said(self, name: str) -> str:
        """Return the value of a parameter; "" if nobody has given it."""
        said = dict(self.file.settings) if self.file else {}
        return (said | self.settings).get(name, "")

    def places(
        self, port: int | None, path: str | None, usual: int
    ) -> tuple[int | None, int | None, str | None]:
        """Return the port, the port with TLS and the unix socket at which to listen."""
        tls = int(self._said("tls-port")) if self._said("tls-port") else None
        path = path or self._said("unixsocket") or None
        if port is None and self.file is not None and self._said("port"):
            return int(self._said("port")) or None, tls or None, path
        if port is None and path is None and tls is None:
            port = usual
        return port, tls, path

    def apply(self, server: Server, is_limited: bool, has_policy: bool) -> None:
        """Let the server and its engine start so. Raises BadInput."""
        engine = server.engine
        if not isinstance(engine, RedisEngine):
            server.settings.update(self.settings)
            return
        lines = [*UNLIMITED, *self.file.settings] if self.file else []
        lines.insert(0, ("dir", os.getcwd()))
        mine = {"maxmemory": is_limited, "maxmemory-policy": has_policy}
        kept = [(name, value) for name, value in lines if not mine.get(name.lower())]
        users = self.file.users if self.file else []
        start_with(engine, Configuration([*kept, *self.settings.items()], users))
        if self.path is not None:
            engine.rewrite_file = partial(rewrite, self.path.resolve(), engine)

    def limit(self, engine: Engine, usual: str) -> str:
        """Show the limit of memory."""
        if self.file is None or not isinstance(engine, RedisEngine):
            return usual
        return show_size(engine.maxmemory) if engine.maxmemory else "without a limit"


def read_security(name: str, shards: int | None, options: dict[str, Any]) -> Security:
    """Read the options. Raises BadInput."""
    file = options.pop("config")
    given = {key.replace("_", "-"): str(v) for key, v in options.items() if v is not None}
    of_redis = {
        "--config": file,
        **{f"--{key}": given.get(key) for key in ("requirepass", "aclfile")},
    }
    for flag, value in of_redis.items():
        if value is not None and name != "redis":
            raise BadInput(
                f"{flag} is for --engine redis, got --engine {name}; leave one of them out"
            )
    if shards is not None and (given or file):
        flag = "--config" if file else f"--{next(iter(given))}"
        raise BadInput(f"{flag} is for one server, not for --shards; leave one of them out")
    if not file and "tls-port" not in given and any(key.startswith("tls-") for key in given):
        raise BadInput("the options of TLS need --tls-port; give a port, such as 6380")
    path = Path(file) if file else None
    return Security(given, read_file(path) if path else None, path)
