"""How an application logs in to a managed cache, and what the cache says."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from cachesim.engines.redis.engine import Redis
from cachesim.engines.redis.protected import ProtectedEngine, ProtectedRedis
from cachesim.errors import AuthenticationFailed, BadInput
from cachesim.experiments.cloud_fleet import Target
from cachesim.service.account import Account
from cachesim.service.elasticache.auth import has_iam, rules_of, speaks_tls
from cachesim.service.elasticache.groups import ReplicationGroup
from cachesim.spec import fields_of

if TYPE_CHECKING:
    from cachesim.engines.base import EngineSpec

HOURS_12 = 12 * 3600.0  # seconds: a connection of IAM is ended then
WRONG = "WRONGPASS invalid username-password pair or user is disabled."
NO_LOGIN = (
    "a Memcached of this service has neither a login nor TLS; leave user, password and tls out"
)


class Login(NamedTuple):
    """What an application gives: a password may be made by a function whenever one is needed."""

    user: str = "default"
    password: str | Callable[[], str] = ""
    tls: bool | None = None  # None: as the cache wants it

    @property
    def token(self) -> str:
        """The password of now."""
        return self.password if isinstance(self.password, str) else self.password()


def protected(
    cache: EngineSpec, login: Login, token: str, rules: tuple[str, ...], tls: bool, by_iam: bool
) -> EngineSpec:
    """Return a cache that asks who the application is, if it does ask.

    A connection of IAM ends after 12 hours. It goes on if a function makes a new token for it.
    Raises BadInput for a Memcached, which has no login.
    """
    if not isinstance(cache, Redis):
        if login != Login():
            raise BadInput(NO_LOGIN)
        return cache
    with_tls = tls if login.tls is None else login.tls
    if not rules and not tls and not with_tls and login == Login(tls=login.tls):
        return cache
    ends = by_iam and isinstance(login.password, str)
    return ProtectedRedis(
        **fields_of(cache), users=rules, user=login.user, token=token, tls=tls, with_tls=with_tls,
        until=HOURS_12 if ends else math.inf,
    )  # fmt: skip


def reply(cache: EngineSpec) -> str:
    """Return the answer of a cache to the login of the application.

    >>> reply(ProtectedRedis(password="x", token="y"))
    'WRONGPASS invalid username-password pair or user is disabled.'
    """
    if not isinstance(cache, ProtectedRedis):
        return "OK"
    why = ProtectedEngine(cache, lambda: 0.0, lambda: 0.5).failure
    if isinstance(why, AuthenticationFailed):
        return WRONG
    return "OK" if why is None else str(why)


def logged_in(account: Account, cache: Any, resource: Target, login: Login) -> EngineSpec:
    """Describe a node, and how the application logs in to it now."""
    token = login.token
    if not isinstance(resource, ReplicationGroup):
        return protected(cache, login, token, (), tls=False, by_iam=False)
    desk = account.desk("elasticache")
    rules = rules_of(desk, resource, login.user, token)
    by_iam = has_iam(desk, resource, login.user)
    return protected(cache, login, token, rules, speaks_tls(resource), by_iam)
