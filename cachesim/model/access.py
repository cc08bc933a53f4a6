"""Who may do what in a cache: whether rules are right, and what was refused in a run."""

from collections.abc import Iterable
from typing import Any

from cachesim.engines.redis.protected import MINUTE, Guarded, ProtectedRedis
from cachesim.errors import BadInput
from cachesim.records import RefusedCommands


def wrong_rules(line: str) -> str:
    """Say what is wrong with the line of a user, such as "app on ~* +@read"; empty: nothing.

    >>> wrong_rules("app on +@reed")
    "Error in ACL SETUSER modifier '+@reed': Unknown command or category name in ACL"
    """
    try:
        ProtectedRedis(users=(line,))
    except BadInput as why:
        return str(why).partition('": ')[2]
    return ""


def refused_by(tiers: Iterable[Any]) -> list[RefusedCommands]:
    """List what caches refused because of who sent it, by minute, node and reason."""
    return [
        RefusedCommands(minute * MINUTE, tier.name, reason, commands)
        for tier in tiers
        if isinstance(tier.engine, Guarded)
        for (minute, reason), commands in sorted(tier.engine.refused.items())
    ]
