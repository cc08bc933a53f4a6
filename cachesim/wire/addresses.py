"""Where a server listens: a port, a unix socket, or both."""

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


def shown(name: object) -> str:
    """Return the name of a socket for people: a host and a port, or a path."""
    if isinstance(name, tuple):
        return f"{name[0]}:{name[1]}"
    return name if isinstance(name, str) else ""


def asked(address: Address) -> str:
    """Return an address that was asked for, for people."""
    parts = [] if address.port is None else [f"{address.host}:{address.port}"]
    return " and ".join([*parts, *([address.path] if address.path else [])])
