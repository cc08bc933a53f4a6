"""Who there is: users, groups and roles with their policies. What they have in common is done once."""

import string
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from cachesim.service.account import NUMBER, Account
from cachesim.service.desks import Answer, ServiceDesk
from cachesim.service.faults import needed, refuse_if
from cachesim.service.iam.policies import OF_ROLE, Policies, read
from cachesim.service.tables import in_shape, table

LETTERS = string.ascii_uppercase + "234567"  # of ids
FIRST = {"User": "AIDA", "Group": "AGPA", "Role": "AROA"}  # kind -> letters of an id
ON, GONE = "Active", "Deleted"  # states of a key; another one is Inactive
OfKind = Callable[[Any, Any, Answer], Answer | None]  # (desk, identity or kind, request)
AWS = "arn:aws:iam::aws:policy/"


def arn_of(name: str, service: str = "iam") -> str:
    """Return the ARN of something that is in no Region."""
    return f"arn:aws:{service}::{NUMBER}:{name}"


def is_managed(name: str) -> bool:
    """Whether a policy is a managed one; others have no ARN."""
    return name.startswith("arn:")


def quoted(document: str) -> str:
    """Return a document as IAM answers it: a client takes percent signs for codes."""
    return document.replace("%", "%25")


@dataclass
class Identity:
    """A user, a group or a role: what can have policies."""

    kind: str
    name: str
    path: str
    created: datetime
    id: str = ""
    policies: dict[str, str] = field(
        default_factory=dict
    )  # name, or ARN of a managed one: document
    groups: list[str] = field(default_factory=list)  # of a user, in small letters
    trust: str = ""  # of a role: who may take it
    lasts: int = 3600  # seconds: the longest session of a role

    @property
    def arn(self) -> str:
        """Its Amazon Resource Name."""
        return arn_of(f"{self.kind.lower()}{self.path}{self.name}")

    @property
    def document(self) -> str:
        """Its trust policy as IAM answers it."""
        return quoted(self.trust)


class ApiCaller(NamedTuple):
    """Who sends a request; without an identity it is the administrator, who may do everything."""

    arn: str
    id: str
    identity: Identity | None = None

    @property
    def name(self) -> str | None:
        """Its own name, such as that of a user."""
        return self.identity.name if self.identity else None


@dataclass
class AccessKey:
    """An access key; one of a session has a token, and ends."""

    id: str
    secret: str
    caller: ApiCaller
    created: datetime
    status: str = ON
    ends: datetime | None = None
    token: str = ""


class People(ServiceDesk):
    """All identities and managed policies of an account; OPERATIONS says what can be done with them."""

    def __init_subclass__(cls) -> None:
        for kind in FIRST:
            for name, call in OPERATIONS.items():
                setattr(cls, name.format(kind), _operation(call, kind))
        super().__init_subclass__()

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self.identities: dict[tuple[str, str], Identity] = {}  # by kind and name in small letters
        self.policies = {AWS + row["name"]: row["document"] for row in table("policies")}
        self.keys: dict[str, AccessKey] = {}  # by id; one that was deleted stays, and is of no use
        self._draws = account.stream("identities")

    def signs(self, letters: str, count: int) -> str:
        """Draw some signs."""
        return "".join(letters[each] for each in self._draws.integers(len(letters), size=count))

    def find(self, kind: str, request: Answer) -> Identity:
        """Return the user, the group or the role that a request names."""
        name = request.get(f"{kind}Name", "")
        found = self.identities.get((kind, name.lower()))
        return needed(found, "no such identity", kind.lower(), name)

    def of_arn(self, arn: str) -> Identity | None:
        """Return the identity that has an ARN, if there is one."""
        return next((each for each in self.identities.values() if each.arn == arn), None)

    def keys_of(self, owner: Identity) -> list[AccessKey]:
        """List the keys of a user that are not deleted; those of a session are not its own."""
        held = [key for key in self.keys.values() if key.caller.identity is owner]
        return [key for key in held if key.status != GONE and not key.token]

    def document(self, arn: str) -> str:
        """Return the document of a managed policy."""
        return needed(self.policies.get(arn), "no such policy", arn)

    def policies_of(self, identity: Identity) -> Policies:
        """Return all policies of an identity, and of the groups of a user."""
        every = [identity, *(self.identities["Group", name] for name in identity.groups)]
        return {
            name if is_managed(name) else f"{each.name}/{name}": read(text)
            for each in every
            for name, text in each.policies.items()
        }

    def _create(self, kind: str, request: Answer) -> Answer:
        """Make a user, a group or a role; the trust policy of a role says who may take it."""
        name, path = request[f"{kind}Name"], request.get("Path", "/")
        refuse_if((kind, name.lower()) in self.identities, "identity exists", kind, name)
        made = Identity(kind, name, path, self.date)
        if kind == "Role":
            made.trust = request["AssumeRolePolicyDocument"]
            made.lasts = request.get("MaxSessionDuration", made.lasts)
            read(made.trust, OF_ROLE)
        made.id = FIRST[kind] + self.signs(LETTERS, 17)
        self.identities[kind, name.lower()] = made
        return {kind: in_shape(kind, made)}

    def _list(self, kind: str, request: Answer) -> Answer:
        """List all users, groups or roles."""
        chosen = [in_shape(kind, each) for each in self.identities.values() if each.kind == kind]
        return {f"{kind}s": chosen, "IsTruncated": False}

    def _get(self, one: Identity, request: Answer) -> Answer:
        """Show one; of a group, its users too."""
        users = [in_shape("User", each) for each in self._members(one)]
        more = {"Users": users} if one.kind == "Group" else {}
        return {one.kind: in_shape(one.kind, one), **more}

    def _members(self, one: Identity) -> list[Identity]:
        name = one.name.lower() if one.kind == "Group" else None
        return [each for each in self.identities.values() if name in each.groups]

    def _delete(self, one: Identity, request: Answer) -> None:
        """Remove one that has no policies, no keys and no members."""
        refuse_if(one.policies or self.keys_of(one) or self._members(one), "identity in use")
        del self.identities[one.kind, one.name.lower()]

    def _give(self, one: Identity, request: Answer) -> None:
        """Give it a policy of its own, or a managed one."""
        if "PolicyArn" in request:
            one.policies[request["PolicyArn"]] = self.document(request["PolicyArn"])
        else:
            read(request["PolicyDocument"])
            one.policies[request["PolicyName"]] = request["PolicyDocument"]

    def _policy(self, one: Identity, request: Answer) -> Answer:
        """Show one of its own policies."""
        name = request.get("PolicyArn") or request["PolicyName"]
        document = quoted(needed(one.policies.get(name), "no own policy", name))
        return {f"{one.kind}Name": one.name, "PolicyName": name, "PolicyDocument": document}

    def _take(self, one: Identity, request: Answer) -> None:
        """Take a policy away."""
        del one.policies[self._policy(one, request)["PolicyName"]]

    def _names(self, one: Identity, request: Answer) -> Answer:
        """List its own policies."""
        names = [each for each in one.policies if not is_managed(each)]
        return {"PolicyNames": names, "IsTruncated": False}

    def _managed(self, one: Identity, request: Answer) -> Answer:
        """List its managed policies."""
        arns = filter(is_managed, one.policies)
        named = [{"PolicyName": arn.rpartition("/")[2], "PolicyArn": arn} for arn in arns]
        return {"AttachedPolicies": named, "IsTruncated": False}


OPERATIONS: dict[str, OfKind] = {  # name for each kind -> what it does
    "Create{}": People._create, "List{}s": People._list,
    "Get{}": People._get, "Delete{}": People._delete,
    "Put{}Policy": People._give, "Attach{}Policy": People._give,
    "Delete{}Policy": People._take, "Detach{}Policy": People._take, "Get{}Policy": People._policy,
    "List{}Policies": People._names, "ListAttached{}Policies": People._managed,
}  # fmt: skip


def _operation(call: OfKind, kind: str) -> Any:
    is_of_kind = call in (People._create, People._list)

    def operation(desk: People, request: Answer) -> Answer:
        return call(desk, kind if is_of_kind else desk.find(kind, request), request) or {}

    operation.__doc__ = call.__doc__
    return operation
