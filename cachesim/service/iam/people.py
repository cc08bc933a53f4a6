"""Who there is: users, groups and roles with their policies, and the keys that name a caller."""

import json
import string
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from cachesim.service.account import NUMBER, Account
from cachesim.service.faults import ServiceFault
from cachesim.service.iam.policies import Policies, read

LETTERS = string.ascii_uppercase + "234567"  # of ids
SECRET = string.ascii_letters + string.digits
USER, GROUP, ROLE = "User", "Group", "Role"
FIRST = {USER: "AIDA", GROUP: "AGPA", ROLE: "AROA"}  # letters of an id
AWS = "arn:aws:iam::aws:policy/"
ON, OFF, GONE = "Active", "Inactive", "Deleted"  # of a key


@dataclass
class Identity:
    """A user, a group or a role: what can have policies."""

    kind: str
    name: str
    id: str
    created: datetime
    path: str = "/"
    inline: dict[str, str] = field(default_factory=dict)  # name -> document
    attached: list[str] = field(default_factory=list)  # ARNs of managed policies
    groups: list[str] = field(default_factory=list)  # of a user
    trust: str = ""  # of a role: who may take it
    lasts: int = 3600  # seconds: the longest session of a role

    @property
    def arn(self) -> str:
        """Its Amazon Resource Name."""
        return arn_of(f"{self.kind.lower()}{self.path}{self.name}")

    def shown(self) -> dict[str, Any]:
        """Return it in AWS's shape."""
        found = {
            "Path": self.path, f"{self.kind}Name": self.name, f"{self.kind}Id": self.id,
            "Arn": self.arn, "CreateDate": self.created,
        }  # fmt: skip
        role = {"AssumeRolePolicyDocument": quoted(self.trust), "MaxSessionDuration": self.lasts}
        return {**found, **(role if self.kind == ROLE else {})}


@dataclass
class AccessKey:
    """An access key; one of a session ends."""

    id: str
    secret: str
    owner: Identity
    created: datetime
    status: str = ON
    session: str = ""  # name of a role's session
    ends: datetime | None = None
    token: str = ""  # of a session

    def shown(self) -> dict[str, Any]:
        """Return it in AWS's shape, without its secret."""
        named = {"UserName": self.owner.name, "AccessKeyId": self.id}
        return {**named, "Status": self.status, "CreateDate": self.created}


class ApiCaller(NamedTuple):
    """Who sends a request; without an identity it is the administrator, who may do everything."""

    arn: str
    id: str
    identity: Identity | None = None


def arn_of(name: str, service: str = "iam") -> str:
    """Return the ARN of something that is in no Region.

    >>> arn_of("user/ada")
    'arn:aws:iam::123456789012:user/ada'
    """
    return f"arn:aws:{service}::{NUMBER}:{name}"


ROOT = ApiCaller(arn_of("root"), NUMBER)


def quoted(document: str) -> str:
    """Return a document as IAM answers it: a client takes percent signs for codes."""
    return document.replace("%", "%25")


@cache
def policies_of_aws() -> dict[str, str]:
    """Return the documents of AWS's own managed policies by their ARNs (data/policies.json).

    >>> "arn:aws:iam::aws:policy/AdministratorAccess" in policies_of_aws()
    True
    """
    text = files("cachesim.service").joinpath("data/policies.json").read_text()
    return {f"{AWS}{name}": json.dumps(policy) for name, policy in json.loads(text).items()}


class People:
    """All identities, keys and managed policies of an account.

    >>> People(Account(seed=1)).caller("any").arn
    'arn:aws:iam::123456789012:root'
    """

    def __init__(self, account: Account) -> None:
        self.account = account
        self.identities: dict[tuple[str, str], Identity] = {}  # by kind and name in small letters
        self.keys: dict[
            str, AccessKey
        ] = {}  # by id; a key that was deleted stays, and is of no use
        self.policies: dict[str, str] = dict(policies_of_aws())  # ARN -> document
        self._draws = account.stream("identities")

    def signs(self, letters: str, count: int) -> str:
        """Draw some signs."""
        return "".join(letters[each] for each in self._draws.integers(len(letters), size=count))

    def find(self, kind: str, name: str) -> Identity:
        """Return a user, a group or a role."""
        if (kind, name.lower()) not in self.identities:
            raise no_such(f"The {kind.lower()} with name {name} cannot be found.")
        return self.identities[kind, name.lower()]

    def of_arn(self, arn: str) -> Identity:
        """Return the identity that has an ARN."""
        for each in self.identities.values():
            if each.arn == arn:
                return each
        raise no_such(f"{arn} cannot be found.")

    def document(self, arn: str) -> str:
        """Return the document of a managed policy."""
        if arn not in self.policies:
            raise no_such(f"Policy {arn} does not exist or is not attachable.")
        return self.policies[arn]

    def policies_of(self, identity: Identity) -> Policies:
        """Return all policies of an identity, and of the groups of a user."""
        found: Policies = {}
        for each in [identity, *(self.find(GROUP, name) for name in identity.groups)]:
            found |= {f"{each.name}/{name}": read(text) for name, text in each.inline.items()}
            found |= {arn: read(self.document(arn)) for arn in each.attached}
        return found

    def new_key(self, owner: Identity, session: str = "", lasts: float = 0.0) -> AccessKey:
        """Make an access key; with a session, one that ends after `lasts` seconds."""
        now = self.account.calendar.date
        name = ("ASIA" if session else "AKIA") + self.signs(LETTERS, 16)
        key = AccessKey(name, self.signs(SECRET, 40), owner, now, session=session)
        if session:
            key.ends, key.token = now + timedelta(seconds=lasts), self.signs(SECRET, 64)
        self.keys[name] = key
        return key

    def keys_of(self, owner: Identity) -> list[AccessKey]:
        """List the keys of a user that are not deleted."""
        return [key for key in self.keys.values() if key.owner is owner and key.status != GONE]

    def caller(self, key_id: str) -> ApiCaller:
        """Return who calls with a key; a key that this account never gave out is the administrator's."""
        key = self.keys.get(key_id)
        if key is None:
            return ROOT
        if key.status != ON:
            raise ServiceFault(
                "InvalidClientTokenId", "The security token included in the request is invalid."
            )
        if key.ends is not None and key.ends <= self.account.calendar.date:
            raise ServiceFault(
                "ExpiredToken", "The security token included in the request is expired"
            )
        if not key.session:
            return ApiCaller(key.owner.arn, key.owner.id, key.owner)
        arn = arn_of(f"assumed-role/{key.owner.name}/{key.session}", "sts")
        return ApiCaller(arn, f"{key.owner.id}:{key.session}", key.owner)


def no_such(text: str) -> ServiceFault:
    """Return the error for what is not there."""
    return ServiceFault("NoSuchEntityException", text)
