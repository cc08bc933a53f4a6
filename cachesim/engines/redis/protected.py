"""A Redis that asks who the application is: a password, users with rules, and TLS.

The engine checks each command as the server does, by the same rules (users.py).
"""

import math
from collections import Counter
from typing import Any

from cachesim.clock import Clock
from cachesim.engines.base import Command, Random
from cachesim.engines.redis.acl import RuleError, User
from cachesim.engines.redis.arguments import argument
from cachesim.engines.redis.command import find
from cachesim.engines.redis.engine import Redis, RedisEngine
from cachesim.engines.redis.replication import ReplicatedEngine
from cachesim.engines.redis.seed import seeded
from cachesim.engines.redis.users import error_of
from cachesim.engines.redis.watched import LoneEngine
from cachesim.errors import (
    AuthenticationFailed,
    BadInput,
    CommandError,
    Forbidden,
    SimulatedFailure,
    TlsMismatch,
)
from cachesim.spec import Seconds

NOT_LOGGED_IN = "NOAUTH Authentication required."
TLS_WANTED = "the cache speaks TLS and the application does not; connect with TLS"
ENDED = "the server has ended the connection, and does not take the old token for a new one"
MINUTE = 60.0  # seconds
REASONS = {AuthenticationFailed: "auth", CommandError: "no login", TlsMismatch: "tls"}
NO_TLS = "the application speaks TLS and the cache does not; switch TLS on, or connect without it"


class ProtectedRedis(Redis):
    """A Redis with a password, users or TLS, and how the application logs in.

    `users` has a line for each user, with the rules of ACL SETUSER. All clients of the application are
    the same user. SIMPLIFIED: connections are there when the run begins, so a login or a handshake takes
    no time; `Node.with_tls` has what TLS costs in each command.

    >>> engine = ProtectedRedis(
    ...     users=("app on >secret ~app:* +@read",), user="app", token="secret"
    ... ).build(clock=lambda: 0.0, random=lambda: 0.5)
    >>> engine.get("app:1")
    >>> engine.set("app:1", b"x")
    Traceback (most recent call last):
    ...
    cachesim.errors.Forbidden: NOPERM this user has no permissions to run the 'set' command
    """

    password: str = ""  # of the default user; empty: it needs none
    users: tuple[str, ...] = ()  # such as "app on >secret ~app:* +@read"
    tls: bool = False  # whether the cache speaks TLS, and nothing else
    user: str = "default"  # as whom the application logs in
    token: str = ""  # the password that it gives; empty: it does not log in
    with_tls: bool = False  # whether the application connects with TLS
    until: Seconds = math.inf  # when the server ends the connection, and takes the token no more

    def __post_init__(self) -> None:
        super().__post_init__()
        for line in self.users:
            if not isinstance(line, str):
                raise BadInput(
                    f'ProtectedRedis.users must hold lines such as "app on >secret", got {line!r}'
                )
        ProtectedEngine(self, lambda: 0.0, lambda: 0.0)  # raises if a rule is wrong

    def build(self, clock: Clock, random: Random) -> "ProtectedEngine":
        """Return a new engine, with the keys of `seed_from`."""
        return seeded(ProtectedEngine(self, clock, random), self.seed_from)


class Guarded(RedisEngine):
    """What a Redis does that asks who the application is; the first base of such an engine."""

    def __init__(self, spec: ProtectedRedis, clock: Clock, random: Random, **more: Any) -> None:
        super().__init__(spec, clock, random, **more)
        self.until = spec.until
        self.refused: Counter[tuple[int, str]] = Counter()  # by minute and reason: one of REASONS
        if spec.password:
            self.users.require(spec.password)
        for line in spec.users:
            self._add_user(line)
        self.failure = self._failure(spec)  # of every command; None: the application is let in
        self.user: User = self.users.by_name.get(spec.user, self.users.default)

    def _add_user(self, line: str) -> None:
        """Add a user. Raises BadInput."""
        name, *rules = line.split() or [""]
        try:
            self.users.put(self.users.changed(name, rules))
        except (CommandError, RuleError) as why:
            reason = str(why).removeprefix("ERR ")
            raise BadInput(f'ProtectedRedis.users has "{line}": {reason}') from None

    def _failure(self, spec: ProtectedRedis) -> SimulatedFailure | None:
        """Say why the application is not let in; None if it is."""
        if spec.tls != spec.with_tls:
            return TlsMismatch(TLS_WANTED if spec.tls else NO_TLS)
        if not spec.token and spec.user == "default":
            return None if self.users.is_open else CommandError(NOT_LOGGED_IN)
        if self.users.authenticated(spec.user, spec.token.encode()) is None:
            return AuthenticationFailed(f'the cache does not accept this password of "{spec.user}"')
        return None

    def check(self, command: Command) -> None:
        """Refuse a command that the application may not run. Raises SimulatedFailure."""
        if self.failure is None and self.clock() >= self.until:
            self.failure = AuthenticationFailed(ENDED)
        if self.failure is not None:
            self._count(REASONS[type(self.failure)])
            raise type(self.failure)(str(self.failure))
        if self.user.is_free:
            return
        argv = [argument(part) for part in command]
        refusal = self.users.refusal(self.user, find(self.commands, argv), argv)
        if refusal is not None:
            self._count(refusal.reason)
            raise Forbidden(str(error_of(refusal)))

    def _count(self, reason: str) -> None:
        self.refused[int(self.clock() // MINUTE), reason] += 1

    def get(self, key: str) -> bytes | None:
        """Return the value, or None, as a Redis does."""
        self.check(("GET", key))
        return super().get(key)

    def set(self, key: str, value: bytes, ttl: float = math.inf) -> None:
        """Store a value, as a Redis does."""
        self.check(("SET", key, b""))
        super().set(key, value, ttl)

    def delete(self, key: str) -> bool:
        """Remove a key, as a Redis does."""
        self.check(("DEL", key))
        return super().delete(key)

    def execute(self, command: Command) -> Any:
        """Run a command, as a Redis does."""
        if command:
            self.check(command)
        return super().execute(command)


class ProtectedEngine(Guarded):
    """A running Redis that refuses what the application may not do."""


class ProtectedNode(Guarded, ReplicatedEngine):
    """Such a Redis as a node of a fleet. What a replica copies needs no permission."""


class ProtectedLone(Guarded, LoneEngine):
    """Such a Redis alone, which writes snapshots."""
