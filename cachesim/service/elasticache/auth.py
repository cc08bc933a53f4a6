"""Who a replication group lets in: its token, its user group, TLS; and the key that encrypts it at rest.

A token is kept as the hashes that are right now; "" among them: no token is needed either.
"""

import re
from datetime import datetime
from typing import Any, NamedTuple

from cachesim.service.elasticache.users import IAM, LENGTHS, hash_of
from cachesim.service.faults import bad_combination, bad_value
from cachesim.service.iam.tokens import lets_in

TOKEN = re.compile(r"[A-Za-z0-9!&#$^<>-]*")
NEEDS_TLS = "{} is allowed only on replication groups with TransitEncryptionEnabled."
OF_ALL = "~* &* +@all"
ROTATE, SET, DELETE = "ROTATE", "SET", "DELETE"  # strategies of a new token
SHOWN = ("TransitEncryptionEnabled", "AtRestEncryptionEnabled", "KmsKeyId", "UserGroupIds")


class AuthTokens(NamedTuple):
    """The tokens of a group."""

    hashes: tuple[str, ...]
    changed: datetime


def checked_token(desk: Any, value: str) -> AuthTokens:
    """Return a token as it is kept, or refuse it."""
    least, most = LENGTHS
    if not least <= len(value) <= most or not TOKEN.fullmatch(value):
        raise bad_value(
            f"The AuthToken must have {least} to {most} letters, digits and signs of ! & # $ ^ < > -."
        )
    return AuthTokens((hash_of(value),), desk.account.calendar.date)


def yes_or_no(desk: Any, value: Any) -> bool:
    """Return a value that is true or false."""
    if not isinstance(value, bool):
        raise bad_value(f"{value} must be true or false.")
    return value


def named_key(desk: Any, value: str) -> str:
    """Return the ARN of a key of KMS that can be used."""
    found: str = desk.account.desk("kms").usable(value)
    return found


def named_user_groups(desk: Any, value: list[str]) -> list[str]:
    """Return the one user group of a cache."""
    if len(value) != 1:
        raise bad_value("A replication group has one user group.")
    return [desk.user_groups.ready(value[0]).id]


def check_access(desk: Any, settings: dict[str, Any]) -> None:
    """Refuse settings that do not go together."""
    for name in ("AuthToken", "UserGroupIds"):
        if name in settings and not settings.get("TransitEncryptionEnabled"):
            raise bad_combination(NEEDS_TLS.format(name))
    if "AuthToken" in settings and "UserGroupIds" in settings:
        raise bad_combination("Give either an AuthToken or UserGroupIds, not both.")
    if "KmsKeyId" in settings and not settings.get("AtRestEncryptionEnabled"):
        raise bad_combination("A KmsKeyId needs AtRestEncryptionEnabled.")
    for name in settings.get("UserGroupIds", []):
        least = desk.user_groups.find(name).least
        if major(settings) < int(float(least)):
            raise bad_combination(f"User group {name} needs engine version {least} or above.")


def major(settings: dict[str, Any]) -> int:
    """Return the major version of Redis; a group without EngineVersion has 7."""
    return int(settings.get("EngineVersion", "7").partition(".")[0])


def apply_auth(desk: Any, group: Any, token: str | None, strategy: str | None) -> None:
    """Change the token of a group, as ModifyReplicationGroup does.

    ROTATE lets the old and the new token in, SET only the new one, DELETE takes no token.

    Raises
    ------
    ServiceFault
        The token is wrong, one of the two is missing, or the group has no TLS or a user group.
    """
    settings = group.settings
    if (token is None) != (strategy in (None, DELETE)):
        raise bad_combination("AuthToken and AuthTokenUpdateStrategy (ROTATE or SET) go together.")
    if strategy == DELETE:
        settings.pop("AuthToken", None)
        return
    new = checked_token(desk, token or "")
    check_access(desk, {**settings, "AuthToken": new})
    old = settings["AuthToken"].hashes[-1:] if "AuthToken" in settings else ("",)
    settings["AuthToken"] = new._replace(hashes=(old if strategy == ROTATE else ()) + new.hashes)


def associate(desk: Any, group: Any, names: list[str]) -> None:
    """Give a group these user groups instead of those that it has; its token is of no use then.

    UserGroupIdsToAdd and UserGroupIdsToRemove of ModifyReplicationGroup lead here.
    """
    if names:
        new = {**group.settings, "UserGroupIds": named_user_groups(desk, names)}
        new.pop("AuthToken", None)
        check_access(desk, new)
        group.settings.pop("AuthToken", None)
        group.settings["UserGroupIds"] = new["UserGroupIds"]
    else:
        group.settings.pop("UserGroupIds", None)
    for each in desk.user_groups:
        each.caches = [name for name in each.caches if name != group.id]
        each.caches += [group.id] if each.id in group.settings.get("UserGroupIds", []) else []


def access_of(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the part of an answer about these settings: that there is a token, but not which."""
    found = {"TransitEncryptionEnabled": False, "AtRestEncryptionEnabled": False}
    found |= {name: settings[name] for name in SHOWN if name in settings}
    if "AuthToken" not in settings:
        return {**found, "AuthTokenEnabled": False}
    changed = settings["AuthToken"].changed
    return {**found, "AuthTokenEnabled": True, "AuthTokenLastModifiedDate": changed}


def rules_of(desk: Any, group: Any, user: str, token: str) -> tuple[str, ...]:
    """Return the lines of the ACL of a group's nodes, for a login as `user` with `token` now.

    A user with IAM has no password: the token is right if IAM says so at this moment.
    """
    settings = group.settings
    if "AuthToken" in settings:
        hashes = settings["AuthToken"].hashes
        passwords = ["nopass"] if "" in hashes else [f"#{each}" for each in hashes]
        return (" ".join(["default reset on", OF_ALL, *passwords]),)
    lines = []
    for name in settings.get("UserGroupIds", []):
        for each in map(desk.users.find, desk.user_groups.find(name).users):
            is_it = each.name == user and lets_in(desk.account, group, each, token)
            lines.append(each.rules((hash_of(token),) if is_it else ()))
    return tuple(lines)


def has_iam(desk: Any, group: Any, name: str) -> bool:
    """Whether a user of a group logs in with tokens of IAM."""
    ids = [
        each
        for key in group.settings.get("UserGroupIds", [])
        for each in desk.user_groups.find(key).users
    ]
    return any(
        desk.users.find(each).name == name and desk.users.find(each).login == IAM for each in ids
    )


def speaks_tls(resource: Any) -> bool:
    """Whether the nodes of a group or a cluster speak TLS; a serverless cache always does."""
    settings = getattr(resource, "settings", {"TransitEncryptionEnabled": True})
    return bool(settings.get("TransitEncryptionEnabled"))
