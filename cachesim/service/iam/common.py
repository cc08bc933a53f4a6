"""The operations that users, groups and roles have in common: COMMON has their names."""

from collections.abc import Callable
from typing import Any

from cachesim.service.elasticache.checks import only
from cachesim.service.faults import ServiceFault
from cachesim.service.iam.people import (
    FIRST,
    GROUP,
    LETTERS,
    ROLE,
    Identity,
    People,
    no_such,
    quoted,
)
from cachesim.service.iam.policies import read

Answer = dict[str, Any]
Operation = Callable[[People, str, Answer], Answer]  # (everybody, kind, request)


def created(people: People, kind: str, request: Answer) -> Answer:
    """Make a user, a group or a role; the trust policy of a role says who may take it."""
    only(request, (f"{kind}Name", "Path", "AssumeRolePolicyDocument", "MaxSessionDuration"))
    name = request[f"{kind}Name"]
    if (kind, name.lower()) in people.identities:
        raise ServiceFault(
            "EntityAlreadyExistsException", f"{kind} with name {name} already exists."
        )
    now, path = people.account.calendar.date, request.get("Path", "/")
    made = Identity(kind, name, "", now, path)
    if kind == ROLE:
        made.trust = request["AssumeRolePolicyDocument"]
        made.lasts = request.get("MaxSessionDuration", made.lasts)
        read(made.trust, is_trust=True)
    made.id = FIRST[kind] + people.signs(LETTERS, 17)
    people.identities[kind, name.lower()] = made
    return {kind: made.shown()}


def listed(people: People, kind: str, request: Answer) -> Answer:
    """List all users, groups or roles."""
    chosen = [each.shown() for each in people.identities.values() if each.kind == kind]
    return {f"{kind}s": chosen, "IsTruncated": False}


def _members(people: People, group: Identity) -> list[Identity]:
    name = group.name.lower()
    everybody = people.identities.values() if group.kind == GROUP else ()
    return [each for each in everybody if name in map(str.lower, each.groups)]


def _shown(people: People, kind: str, request: Answer) -> Answer:
    """Show one; of a group, its users too."""
    found = people.find(kind, request.get(f"{kind}Name", ""))
    users = {"Users": [each.shown() for each in _members(people, found)]}
    return {kind: found.shown(), **(users if kind == GROUP else {})}


def _deleted(people: People, kind: str, request: Answer) -> Answer:
    """Remove one that has no policies, no keys and no members."""
    found = people.find(kind, request[f"{kind}Name"])
    if found.inline or found.attached or people.keys_of(found) or _members(people, found):
        raise conflict("Cannot delete entity, must remove policies, keys and members first.")
    del people.identities[kind, found.name.lower()]
    return {}


def _put(people: People, kind: str, request: Answer) -> Answer:
    """Give it a policy of its own."""
    read(request["PolicyDocument"])
    found = people.find(kind, request[f"{kind}Name"])
    found.inline[request["PolicyName"]] = request["PolicyDocument"]
    return {}


def _own(people: People, kind: str, request: Answer) -> Identity:
    found = people.find(kind, request[f"{kind}Name"])
    if request["PolicyName"] not in found.inline:
        raise no_such(f"The policy with name {request['PolicyName']} cannot be found.")
    return found


def _got(people: People, kind: str, request: Answer) -> Answer:
    """Show one of its own policies."""
    found, name = _own(people, kind, request), request["PolicyName"]
    document = quoted(found.inline[name])
    return {f"{kind}Name": found.name, "PolicyName": name, "PolicyDocument": document}


def _dropped(people: People, kind: str, request: Answer) -> Answer:
    """Take one of its own policies away."""
    del _own(people, kind, request).inline[request["PolicyName"]]
    return {}


def _names(people: People, kind: str, request: Answer) -> Answer:
    """List its own policies."""
    found = people.find(kind, request[f"{kind}Name"])
    return {"PolicyNames": list(found.inline), "IsTruncated": False}


def _attached(people: People, kind: str, request: Answer) -> Answer:
    """Give it a managed policy."""
    people.document(request["PolicyArn"])
    found = people.find(kind, request[f"{kind}Name"])
    if request["PolicyArn"] not in found.attached:
        found.attached.append(request["PolicyArn"])
    return {}


def _detached(people: People, kind: str, request: Answer) -> Answer:
    """Take a managed policy away."""
    found = people.find(kind, request[f"{kind}Name"])
    if request["PolicyArn"] not in found.attached:
        raise no_such(f"Policy {request['PolicyArn']} was not found.")
    found.attached.remove(request["PolicyArn"])
    return {}


def _managed(people: People, kind: str, request: Answer) -> Answer:
    """List its managed policies."""
    attached = people.find(kind, request[f"{kind}Name"]).attached
    named = [{"PolicyName": arn.rpartition("/")[2], "PolicyArn": arn} for arn in attached]
    return {"AttachedPolicies": named, "IsTruncated": False}


COMMON: dict[str, Operation] = {
    "Get{}": _shown,
    "Delete{}": _deleted,
    "Put{}Policy": _put,
    "Get{}Policy": _got,
    "Delete{}Policy": _dropped,
    "List{}Policies": _names,
    "Attach{}Policy": _attached,
    "Detach{}Policy": _detached,
    "ListAttached{}Policies": _managed,
}


def conflict(text: str) -> ServiceFault:
    """Return the error for what still has something."""
    return ServiceFault("DeleteConflictException", text)
