"""Where a server listens."""

import socket
from pathlib import Path
from typing import NamedTuple


class Address(NamedTuple):
    """Where to listen: a port, a unix socket, or both."""

    host: str = "127.0.0.1"
    port: int | None = None  # 0: any free port
    path: str | None = None  # of a unix socket
    tls_port: int | None = None


def is_left_over(path: str) -> bool:
    """Remove a unix socket at which nobody listens any more; True if there was one. Another file stays."""
    if not Path(path).is_socket():
        return False
    with socket.socket(socket.AF_UNIX) as one:
        try:
            one.connect(path)
        except ConnectionRefusedError:
            Path(path).unlink(missing_ok=True)
            return True
        except OSError:
            return False
    return False


def address_of(name: object) -> str:
    """Show the name of a socket."""
    if isinstance(name, tuple):
        return f"{name[0]}:{name[1]}"
    return name if isinstance(name, str) else ""


def asked(address: Address) -> str:
    """Show where a server was asked to listen."""
    parts = [] if address.port is None else [f"{address.host}:{address.port}"]
    return " and ".join([*parts, *([address.path] if address.path else [])])
