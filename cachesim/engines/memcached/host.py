"""What a server's process has, and an engine in a model has not: sockets, clients, passwords."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields

MOST_CONNECTIONS = 1024  # -c
WATCHER_BUFFER = 262_144  # bytes of lines that wait for one watcher


def no_usage() -> tuple[float, float]:
    """Return the processor time of a server that is no process."""
    return 0.0, 0.0


@dataclass(kw_only=True)
class Host:
    """The process of one server, as `stats` shows it; `cachesim.wire` fills it in."""

    # How the process was started.
    pid: int = 0
    port: int = 0
    address: str = "NULL"
    socket: str = "NULL"  # path of a unix socket
    sasl: bool = False  # -S
    auth_file: str = "no"  # -Y
    max_connections: int = MOST_CONNECTIONS

    # What it asks the clients' side for.
    usage: Callable[[], tuple[float, float]] = no_usage  # seconds in user and in system mode
    clients: Callable[[], dict[str, int | float | str]] = dict  # `stats conns`

    # What a managed service tells clients of the cluster: name -> text (ElastiCache, auto discovery).
    configs: dict[str, str] = field(default_factory=dict)

    # How it is now.
    connections: int = 0
    most_at_once: int = 0
    watchers: int = 0

    # Counters.
    total_connections: int = 0
    rejected: int = 0
    bytes_read: int = 0
    bytes_written: int = 0
    auth_cmds: int = 0
    auth_errors: int = 0
    log_written: int = 0
    log_skipped: int = 0
    log_sent: int = 0

    def reset(self) -> None:
        """Set the counters to 0 (memcached.c, stats_reset)."""
        names = [each.name for each in fields(self)]
        for name in names[names.index("total_connections") :]:
            setattr(self, name, 0)

    @property
    def protocol(self) -> str:
        """The protocol that clients must speak: passwords exist in one only."""
        if self.sasl:
            return "binary"
        return "auto-negotiate" if self.auth_file == "no" else "ascii"
