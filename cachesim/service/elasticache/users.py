"""Users and user groups: what becomes the ACL of the groups that they are given to."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from cachesim.model.access import wrong_rules
from cachesim.service.elasticache.checks import only
from cachesim.service.elasticache.events import Events
from cachesim.service.faults import ServiceFault, bad_combination, bad_value
from cachesim.service.register import Register

DEFAULT = "default"
MOST_PASSWORDS, LENGTHS = 2, (16, 128)
MOST_USERS = 100  # of a user group
PASSWORD, NOTHING, IAM = "password", "no-password-required", "iam"  # types of a login
SHOWN = {PASSWORD: "password", NOTHING: "no-password", IAM: "iam"}
LEAST = {PASSWORD: "6.0", NOTHING: "6.0", IAM: "7.0"}  # version of Redis
OF_PASSWORDS = (">", "<", "#", "!", "nopass", "resetpass")
USER = "UserId Engine AccessString Passwords NoPasswordRequired AuthenticationMode"


@dataclass
class CacheUser:
    """A user of caches; passwords are kept as hashes."""

    id: str
    name: str
    access: str
    login: str  # PASSWORD, NOTHING or IAM
    hashes: tuple[str, ...]
    arn: str
    status: str = "active"
    groups: list[str] = field(default_factory=list)

    def shown(self) -> dict[str, Any]:
        """Return the user in AWS's shape."""
        counted = {"PasswordCount": len(self.hashes)} if self.hashes else {}
        return {
            "UserId": self.id, "UserName": self.name, "Status": self.status, "Engine": "redis",
            "MinimumEngineVersion": LEAST[self.login], "AccessString": self.access,
            "UserGroupIds": self.groups, "ARN": self.arn,
            "Authentication": {"Type": SHOWN[self.login], **counted},
        }  # fmt: skip

    def rules(self, tokens: tuple[str, ...]) -> str:
        """Return the user's line of an ACL; the hashes of `tokens` are what IAM lets in now."""
        hashes = tokens if self.login == IAM else self.hashes
        passwords = ["nopass"] if self.login == NOTHING else [f"#{each}" for each in hashes]
        return " ".join([self.name, "reset", self.access, *passwords])


@dataclass
class UserGroup:
    """A user group: its members by their ids."""

    id: str
    users: list[str]
    arn: str
    status: str = "creating"
    pending: dict[str, list[str]] = field(default_factory=dict)
    least: str = "6.0"
    caches: list[str] = field(default_factory=list)  # the replication groups that have it

    def shown(self) -> dict[str, Any]:
        """Return the user group in AWS's shape."""
        return {
            "UserGroupId": self.id, "Status": self.status, "Engine": "redis", "UserIds": self.users,
            "MinimumEngineVersion": self.least, "PendingChanges": self.pending,
            "ReplicationGroups": self.caches, "ARN": self.arn,
        }  # fmt: skip


class CacheUsers(Events):
    """The operations on users and user groups."""

    def __init__(self, account: Any) -> None:
        super().__init__(account)
        self.users: Register[CacheUser] = Register("user")
        self.user_groups: Register[UserGroup] = Register("user group")
        arn = account.arn("elasticache", f"user:{DEFAULT}")
        self.users.add(CacheUser(DEFAULT, DEFAULT, "on ~* +@all", NOTHING, (), arn))

    def CreateUser(self, request: dict[str, Any]) -> dict[str, Any]:
        """Make a user."""
        only(request, f"{USER} UserName".split())
        name, chosen = request["UserId"].lower(), login_of(request)
        if chosen is None:
            raise bad_value("A password, NoPasswordRequired or an AuthenticationMode is needed.")
        self.users.check_new(name)
        arn = self.account.arn("elasticache", f"user:{name}")
        made = CacheUser(name, request["UserName"], request["AccessString"], *chosen, arn)
        check_user(made, request.get("Engine", "redis"))
        return self.users.add(made).shown()

    def ModifyUser(self, request: dict[str, Any]) -> dict[str, Any]:
        """Change a user; the new rules hold some seconds later."""
        only(request, f"{USER} AppendAccessString".split())
        user = self.users.ready(request["UserId"])
        if "AccessString" in request and "AppendAccessString" in request:
            raise bad_combination("Give either AccessString or AppendAccessString, not both.")
        more = request.get("AppendAccessString", "")
        access = f"{request.get('AccessString', user.access)} {more}".strip()
        changed = access, *(login_of(request) or (user.login, user.hashes))
        check_user(
            CacheUser(user.id, user.name, *changed, user.arn), request.get("Engine", "redis")
        )
        user.status = "modifying"
        self._settles(user, lambda: self._changed(user, changed))
        return user.shown()

    def _changed(self, user: CacheUser, changed: tuple[str, str, tuple[str, ...]]) -> None:
        user.access, user.login, user.hashes = changed

    def _settles(self, resource: Any, then: Any) -> None:
        """Do something after the usual time of a change, and let the resource be active again."""

        def done() -> None:
            resource.status = "active"
            then()

        self.account.calendar.at(self.account.timings.draw("user change"), done)

    def DescribeUsers(self, request: dict[str, Any]) -> dict[str, Any]:
        """List users."""
        only(request, ("UserId", "Engine", "MaxRecords", "Marker"))
        return self.users.described(request)

    def DeleteUser(self, request: dict[str, Any]) -> dict[str, Any]:
        """Remove a user; it leaves its groups."""
        user = self.users.ready(request["UserId"])
        if user.id == DEFAULT:
            raise bad_value("The user default of the account cannot be deleted.")
        if user.name == DEFAULT and user.groups:
            raise ServiceFault(
                "DefaultUserAssociatedToUserGroupFault",
                f"User {user.id} is the default user of {user.groups[0]}.",
            )
        user.status = "deleting"
        for name in list(user.groups):
            self._enrol(self.user_groups.find(name), [user.id], out=True)
        self.account.calendar.at(
            self.account.timings.draw("user change"), lambda: self.users.remove(user)
        )
        return user.shown()

    # User groups

    def CreateUserGroup(self, request: dict[str, Any]) -> dict[str, Any]:
        """Make a user group; one of its users has the name default."""
        only(request, ("UserGroupId", "Engine", "UserIds"))
        name = request["UserGroupId"].lower()
        self.user_groups.check_new(name)
        check_engine(request["Engine"])
        ids = [self.users.find(each).id for each in request.get("UserIds", [])]
        self._check_members(ids)
        made = UserGroup(name, [], self.account.arn("elasticache", f"usergroup:{name}"))
        self.user_groups.add(made)
        self._enrol(made, ids)
        self._settles(made, lambda: None)
        return made.shown()

    def ModifyUserGroup(self, request: dict[str, Any]) -> dict[str, Any]:
        """Change who is in a user group; it holds some seconds later."""
        only(request, ("UserGroupId", "Engine", "UserIdsToAdd", "UserIdsToRemove"))
        check_engine(request.get("Engine", "redis"))
        group = self.user_groups.ready(request["UserGroupId"])
        out = [self.users.find(each).id for each in request.get("UserIdsToRemove", [])]
        new = [self.users.find(each).id for each in request.get("UserIdsToAdd", [])]
        for each in out:
            if each not in group.users:
                raise bad_value(f"User {each} is not a member of user group {group.id}.")
        self._check_members([each for each in group.users if each not in out] + new)
        group.status, group.pending = "modifying", {"UserIdsToAdd": new, "UserIdsToRemove": out}

        def done() -> None:
            self._enrol(group, out, out=True)
            self._enrol(group, new)
            group.pending = {}

        self._settles(group, done)
        return group.shown()

    def _enrol(self, group: UserGroup, ids: list[str], out: bool = False) -> None:
        """Put users into a group, or take them out."""
        ids = [each for each in ids if each in self.users]  # one may be deleted meanwhile
        for user in map(self.users.find, ids):
            user.groups = [*(each for each in user.groups if each != group.id)]
            user.groups += [] if out else [group.id]
        kept = [each for each in group.users if each not in ids]
        group.users = kept if out else kept + ids
        group.least = max(
            self.users.find(each).shown()["MinimumEngineVersion"] for each in group.users
        )

    def _check_members(self, ids: list[str]) -> None:
        names = [self.users.find(each).name for each in ids]
        if len(set(names)) < len(names):
            raise ServiceFault(
                "DuplicateUserNameFault", "Two users of a user group cannot have the same name."
            )
        if DEFAULT not in names:
            raise ServiceFault("DefaultUserRequired", "A user with the name default is needed.")
        if len(ids) > MOST_USERS:
            raise ServiceFault(
                "UserGroupQuotaExceededFault", f"A user group has at most {MOST_USERS} users."
            )

    def DescribeUserGroups(self, request: dict[str, Any]) -> dict[str, Any]:
        """List user groups."""
        return self.user_groups.described(request)

    def DeleteUserGroup(self, request: dict[str, Any]) -> dict[str, Any]:
        """Remove a user group that no cache has."""
        group = self.user_groups.ready(request["UserGroupId"])
        if group.caches:
            raise ServiceFault(
                "InvalidUserGroupStateFault",
                f"User group {group.id} is associated with {', '.join(group.caches)}.",
            )
        group.status = "deleting"
        for user in map(self.users.find, group.users):
            user.groups.remove(group.id)
        self.account.calendar.at(
            self.account.timings.draw("user change"), lambda: self.user_groups.remove(group)
        )
        return group.shown()


def hash_of(password: str) -> str:
    """Return the hash that is kept of a password."""
    return hashlib.sha256(password.encode()).hexdigest()


def check_length(password: str, what: str) -> str:
    """Return a password of a right length, of printable signs."""
    least, most = LENGTHS
    if not least <= len(password) <= most or not (password.isascii() and password.isprintable()):
        raise bad_value(f"{what} must have {least} to {most} printable ASCII characters.")
    return password


def login_of(request: dict[str, Any]) -> tuple[str, tuple[str, ...]] | None:
    """Return how a user logs in, as a request says, and the hashes; None if it says nothing.

    >>> login_of({"NoPasswordRequired": True})
    ('no-password-required', ())
    """
    mode = request.get("AuthenticationMode", {})
    kinds = [mode["Type"]] if "Type" in mode else []
    kinds += [PASSWORD] * ("Passwords" in request) + [NOTHING] * bool(
        request.get("NoPasswordRequired")
    )
    if len(kinds) > 1:
        raise bad_combination("Give one of Passwords, NoPasswordRequired and AuthenticationMode.")
    passwords = request.get("Passwords", mode.get("Passwords", []))
    if not kinds and not passwords:
        return None
    if (kinds == [PASSWORD]) != bool(passwords):
        raise bad_combination("Passwords go with the type password, and with no other.")
    if len(passwords) > MOST_PASSWORDS:
        raise bad_value(f"A user has at most {MOST_PASSWORDS} passwords.")
    return kinds[0], tuple(hash_of(check_length(each, "A password")) for each in passwords)


def check_engine(engine: str) -> None:
    """Refuse users of another engine."""
    if engine.lower() != "redis":
        raise bad_value(f"Invalid engine {engine}; users are for redis, valkey is not simulated.")


def check_user(user: CacheUser, engine: str) -> None:
    """Refuse an access string that the service does not take, and an IAM user of two names."""
    check_engine(engine)
    if user.name.split() != [user.name]:
        raise bad_value("A UserName has no spaces.")
    for word in user.access.split():
        if word.startswith(OF_PASSWORDS):
            raise bad_value("Passwords cannot stand in the access string; use Passwords.")
        if word == "reset":
            raise bad_value("The rule reset is not allowed in an access string.")
    if wrong := wrong_rules(f"{'x' if user.name == DEFAULT else user.name} {user.access}"):
        raise bad_value(f"The access string is not valid: {wrong}")
    if user.login == IAM and user.id != user.name:
        raise bad_value("The UserId and the UserName of a user with IAM must be the same.")
