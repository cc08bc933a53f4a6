"""The line of CLIENT LIST: what a client is, and what it does (redis 7: networking.c)."""

from typing import Any

from cachesim.engines.redis.arguments import Arguments, text
from cachesim.engines.redis.command import Table
from cachesim.wire.client_memory import bytes_of


def command_name(known: Table, argv: Arguments) -> str:
    """Return the full name of a command: "client|list"; NULL if there is none."""
    if not argv:
        return "NULL"
    name = text(argv[0]).upper()
    full = f"{name}|{text(argv[1]).upper()}" if len(argv) > 1 else name
    return full.lower() if full in known else name.lower() if name in known else "NULL"


def flags_of(client: Any) -> str:
    """Return the letters for what a client is and does."""
    on = {
        "O": client in client.clients.monitors,
        "P": len(client.subscriptions),
        "S": client.link,
        "b": client.blocked,
        "x": client.queue,
        "d": client.has_lost_race,
        "e": client.is_kept,
    }
    return "".join(letter for letter, is_on in on.items() if is_on) or "N"


def described(client: Any, running: Arguments = ()) -> str:  # type: ignore[assignment]
    """Return the line of a client; `running` is the command that runs for it now."""
    # redis 7: catClientInfoString
    now = client.engine.clock()
    fields = {
        "id": client.number,
        "addr": client.peer,
        "laddr": client.here,
        "fd": client.number + 7,
        "name": client.name,
        "age": int(now - client.began),
        "idle": int(now - client.last),
        "flags": flags_of(client),
        "db": client.database,
        "sub": client.listens_to(False),
        "psub": client.listens_to(True),
        "ssub": 0,
        "multi": -1 if client.queue is None else len(client.queue.commands),
        **bytes_of(client, running).fields(),
        "events": "r",
        "cmd": command_name(client.known, client.last_argv),
        "user": client.user.name,
        "redir": -1,
        "resp": client.resp,
    }
    return " ".join(f"{name}={value}" for name, value in fields.items())
