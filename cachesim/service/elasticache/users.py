"""Users and user groups: what becomes the ACL of the groups that they are given to."""

import hashlib
import re
from dataclasses import dataclass, field, replace
from typing import Any

from cachesim.model.access import wrong_rules
from cachesim.service.elasticache.events import Events
from cachesim.service.faults import refuse_if
from cachesim.service.register import Register
from cachesim.service.tables import in_shape

DEFAULT = "default"
MOST_PASSWORDS, MOST_USERS = 2, 100  # of a user, of a user group
PASSWORD, NOTHING, IAM = "password", "no-password-required", "iam"  # types of a login
LOGINS = {  # type -> as it is shown, and the version of Redis that it needs
    PASSWORD: ("password", "6.0"), NOTHING: ("no-password", "6.0"), IAM: ("iam", "7.0"),
}  # fmt: skip
SECRET = re.compile("[ -~]{16,128}")  # printable ASCII
OF_PASSWORDS = (">", "<", "#", "!", "nopass", "resetpass")
STEP = "user change"


@dataclass
class CacheUser:
    """A user of caches; passwords are kept as hashes."""

    id: str
    name: str
    access: str
    arn: str
    login: str = NOTHING  # PASSWORD, NOTHING or IAM
    hashes: tuple[str, ...] = ()
    status: str = "active"
    groups: list[str] = field(default_factory=list)

    def shown(self) -> dict[str, Any]:
        """Return the user in AWS's shape."""
        how, least = LOGINS[self.login]
        counted = {"PasswordCount": len(self.hashes)} if self.hashes else {}
        login = {"Type": how, **counted}
        return in_shape("user", self, MinimumEngineVersion=least, Authentication=login)

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
    least: str = "6.0"  # version of Redis
    caches: list[str] = field(default_factory=list)  # the replication groups that have it

    def shown(self) -> dict[str, Any]:
        """Return the user group in AWS's shape."""
        return in_shape("user group", self)


class CacheUsers(Events):
    """The operations on users and user groups."""

    def __init__(self, account: Any) -> None:
        super().__init__(account)
        self.users: Register[CacheUser] = Register("user")
        self.user_groups: Register[UserGroup] = Register("user group")
        default = CacheUser(DEFAULT, DEFAULT, "on ~* +@all", self.arn(f"user:{DEFAULT}"))
        self.users.add(default)

    def CreateUser(self, request: dict[str, Any]) -> dict[str, Any]:
        """Make a user."""
        name, login = request["UserId"].lower(), login_of(request)
        refuse_if(not login, "no login")
        self.users.check_new(name)
        names = name, request["UserName"], request["AccessString"]
        made = CacheUser(*names, arn=self.arn(f"user:{name}"), **login)
        check_user(made, request)
        return self.users.add(made).shown()

    def ModifyUser(self, request: dict[str, Any]) -> dict[str, Any]:
        """Change a user; the new rules hold some seconds later."""
        user = self.users.ready(request["UserId"])
        refuse_if({"AccessString", "AppendAccessString"} <= set(request), "access twice")
        access = request.get("AccessString", user.access)
        access = f"{access} {request.get('AppendAccessString', '')}".strip()
        changed = {"access": access, **login_of(request)}
        check_user(replace(user, **changed), request)
        user.status = "modifying"
        self.later(STEP, vars(user).update, {**changed, "status": "active"})
        return user.shown()

    def DeleteUser(self, request: dict[str, Any]) -> dict[str, Any]:
        """Remove a user; it leaves its groups."""
        user = self.users.ready(request["UserId"])
        refuse_if(user.id == DEFAULT, "default user")
        refuse_if(user.name == DEFAULT and user.groups, "default of group", user.id, *user.groups)
        user.status = "deleting"
        for group in map(self.user_groups.find, list(user.groups)):
            self._enrol(group, group.users)
        self.later(STEP, self.users.remove, user)
        return user.shown()

    # User groups

    def CreateUserGroup(self, request: dict[str, Any]) -> dict[str, Any]:
        """Make a user group; one of its users has the name default."""
        name = request["UserGroupId"].lower()
        self.user_groups.check_new(name)
        check_engine(request)
        ids = [self.users.find(each).id for each in request.get("UserIds", [])]
        self._check_members(ids)
        made = self.user_groups.add(UserGroup(name, ids, self.arn(f"usergroup:{name}")))
        self._enrol(made, ids)
        self.later(STEP, setattr, made, "status", "active")
        return made.shown()

    def ModifyUserGroup(self, request: dict[str, Any]) -> dict[str, Any]:
        """Change who is in a user group; it holds some seconds later."""
        check_engine(request)
        group = self.user_groups.ready(request["UserGroupId"])
        new, out = (
            [self.users.find(each).id for each in request.get(member, [])]
            for member in ("UserIdsToAdd", "UserIdsToRemove")
        )
        for each in out:
            refuse_if(each not in group.users, "not in user group", each, group.id)
        ids = [each for each in group.users if each not in out] + new
        self._check_members(ids)
        group.status, group.pending = "modifying", {"UserIdsToAdd": new, "UserIdsToRemove": out}
        self.later(STEP, self._changed, group, ids)
        return group.shown()

    def _changed(self, group: UserGroup, ids: list[str]) -> None:
        self._enrol(group, ids)
        group.status, group.pending = "active", {}

    def _enrol(self, group: UserGroup, ids: list[str]) -> None:
        """Let these be the members of a user group, but for those who are being deleted."""
        there = {user.id: user for user in self.users if user.status != "deleting"}
        group.users = [each for each in ids if each in there]
        group.least = max((LOGINS[there[each].login][1] for each in group.users), default="6.0")
        for user in self.users:
            others = [each for each in user.groups if each != group.id]
            user.groups = [*others, group.id] if user.id in group.users else others

    def _check_members(self, ids: list[str]) -> None:
        names = [self.users.find(each).name for each in ids]
        refuse_if(len(set(names)) < len(names), "same user name")
        refuse_if(DEFAULT not in names, "no default user")
        refuse_if(len(ids) > MOST_USERS, "most users", MOST_USERS)

    def DeleteUserGroup(self, request: dict[str, Any]) -> dict[str, Any]:
        """Remove a user group that no cache has."""
        group = self.user_groups.ready(request["UserGroupId"])
        refuse_if(group.caches, "user group in use", group.id, ", ".join(group.caches))
        group.status = "deleting"
        for user in map(self.users.find, group.users):
            user.groups.remove(group.id)
        self.later(STEP, self.user_groups.remove, group)
        return group.shown()


def hash_of(password: str) -> str:
    """Return the hash that is kept of a password."""
    return hashlib.sha256(password.encode()).hexdigest()


def login_of(request: dict[str, Any]) -> dict[str, Any]:
    """Return how a user logs in, as a request says, and the hashes; nothing if it says nothing."""
    modes = [request["AuthenticationMode"]] if request.get("AuthenticationMode") else []
    if "Passwords" in request:
        modes.append({"Type": PASSWORD, "Passwords": request["Passwords"]})
    if request.get("NoPasswordRequired"):
        modes.append({"Type": NOTHING})
    if not modes:
        return {}
    refuse_if(len(modes) > 1, "one login")
    kind, passwords = modes[0].get("Type", ""), modes[0].get("Passwords", [])
    refuse_if(kind not in LOGINS, "type of login", ", ".join(LOGINS), kind)
    refuse_if((kind == PASSWORD) != bool(passwords), "passwords of whom")
    refuse_if(len(passwords) > MOST_PASSWORDS, "most passwords", MOST_PASSWORDS)
    refuse_if(not all(map(SECRET.fullmatch, passwords)), "bad password")
    return {"login": kind, "hashes": tuple(map(hash_of, passwords))}


def check_engine(request: dict[str, Any]) -> None:
    """Refuse users of another engine."""
    engine = request.get("Engine", "redis")
    refuse_if(engine.lower() != "redis", "engine of users", engine)


def check_user(user: CacheUser, request: dict[str, Any]) -> None:
    """Refuse an access string that the service does not take, and an IAM user of two names."""
    check_engine(request)
    refuse_if(user.name.split() != [user.name], "spaces of user")
    words = user.access.split()
    refuse_if(any(word.startswith(OF_PASSWORDS) for word in words), "access password")
    refuse_if("reset" in words, "access reset")
    wrong = wrong_rules(f"{'x' if user.name == DEFAULT else user.name} {user.access}")
    refuse_if(wrong, "access", wrong)
    refuse_if(user.login == IAM and user.id != user.name, "names of iam")
