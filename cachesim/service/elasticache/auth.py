"""Who a replication group lets in: its token, its user group, TLS; and its key for data at rest."""

import re
from datetime import datetime
from typing import Any, NamedTuple

from cachesim.service.elasticache.users import IAM, CacheUser, hash_of
from cachesim.service.faults import refuse_if
from cachesim.service.iam.tokens import lets_in

TOKEN = re.compile(r"[A-Za-z0-9!&#$^<>-]{16,128}")
TLS, REST = "TransitEncryptionEnabled", "AtRestEncryptionEnabled"


class AuthTokens(NamedTuple):
    """The tokens of a group."""

    hashes: tuple[str, ...]  # of those that are right now; "": no token is needed either
    changed: datetime


def checked_token(desk: Any, value: str) -> AuthTokens:
    """Return a token as it is kept, or refuse it."""
    refuse_if(not TOKEN.fullmatch(value), "bad token")
    return AuthTokens((hash_of(value),), desk.date)


def yes_or_no(desk: Any, value: Any) -> bool:
    """Return a value that is true or false."""
    refuse_if(not isinstance(value, bool), "yes or no", value)
    return bool(value)


def named_user_groups(desk: Any, value: list[str]) -> list[str]:
    """Return the one user group of a cache."""
    refuse_if(len(value) != 1, "one user group")
    return [desk.user_groups.ready(value[0]).id]


def check_access(desk: Any, settings: dict[str, Any]) -> None:
    """Refuse settings that do not go together."""
    for name in ("AuthToken", "UserGroupIds"):
        refuse_if(name in settings and not settings.get(TLS), "needs tls", name)
    refuse_if({"AuthToken", "UserGroupIds"} <= set(settings), "token or users")
    refuse_if("KmsKeyId" in settings and not settings.get(REST), "key of nothing")
    major = int(settings.get("EngineVersion", "7").partition(".")[0])
    for name in settings.get("UserGroupIds", []):
        least = desk.user_groups.find(name).least
        refuse_if(major < float(least), "old for users", name, least)


def apply_auth(desk: Any, group: Any, token: str | None, strategy: str | None) -> None:
    """Change the token of a group: ROTATE lets the old and the new one in, SET only the new one.

    DELETE takes no token. What is wrong raises ServiceFault.
    """
    settings = group.settings
    refuse_if((token is None) != (strategy in (None, "DELETE")), "token and strategy")
    if token is None:
        settings.pop("AuthToken", None)
        return
    new = checked_token(desk, token)
    check_access(desk, {**settings, "AuthToken": new})
    old = settings["AuthToken"].hashes[-1:] if "AuthToken" in settings else ("",)
    settings["AuthToken"] = new._replace(hashes=(old if strategy == "ROTATE" else ()) + new.hashes)


def associate(desk: Any, group: Any, names: list[str]) -> None:
    """Give a group these user groups instead of those that it has; its token is of no use then."""
    gone = "AuthToken" if names else "UserGroupIds"
    new = {name: value for name, value in group.settings.items() if name != gone}
    if names:
        new["UserGroupIds"] = named_user_groups(desk, names)
        check_access(desk, new)
    group.settings.pop(gone, None)
    group.settings.update(new)
    for each in desk.user_groups:
        others = [name for name in each.caches if name != group.id]
        each.caches = [*others, group.id] if each.id in new.get("UserGroupIds", []) else others


def access_of(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the part of an answer about these settings: that there is a token, but not which."""
    found: dict[str, Any] = {TLS: False, REST: False, "AuthTokenEnabled": "AuthToken" in settings}
    shown = (TLS, REST, "KmsKeyId", "UserGroupIds")
    found |= {name: settings[name] for name in shown if name in settings}
    if "AuthToken" in settings:
        found["AuthTokenLastModifiedDate"] = settings["AuthToken"].changed
    return found


def users_of(desk: Any, group: Any) -> list[CacheUser]:
    """Return the users of a group."""
    groups = map(desk.user_groups.find, group.settings.get("UserGroupIds", []))
    return [desk.users.find(name) for each in groups for name in each.users]


def rules_of(desk: Any, group: Any, user: str, token: str) -> tuple[str, ...]:
    """Return the lines of the ACL of a group's nodes, for a login as `user` with `token` now.

    A user with IAM has no password: the token is right if IAM says so at this moment.
    """
    if "AuthToken" in group.settings:
        hashes = group.settings["AuthToken"].hashes
        passwords = ["nopass"] if "" in hashes else [f"#{each}" for each in hashes]
        return (" ".join(["default reset on ~* &* +@all", *passwords]),)
    lines = []
    for each in users_of(desk, group):
        is_it = each.name == user and lets_in(desk.account, group, each, token)
        lines.append(each.rules((hash_of(token),) if is_it else ()))
    return tuple(lines)


def has_iam(desk: Any, group: Any, name: str) -> bool:
    """Whether a user of a group logs in with tokens of IAM."""
    return any(each.name == name and each.login == IAM for each in users_of(desk, group))


def speaks_tls(resource: Any) -> bool:
    """Whether the nodes of a group or a cluster speak TLS; a serverless cache always does."""
    settings = getattr(resource, "settings", {TLS: True})
    return bool(settings.get(TLS))
