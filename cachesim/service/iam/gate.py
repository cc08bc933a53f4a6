"""The gate before every desk: who calls, which resources the request names, and whether the policies allow it."""

import csv
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from cachesim.service.account import NUMBER, REGION, Account
from cachesim.service.faults import ServiceFault
from cachesim.service.iam.conditions import Context
from cachesim.service.iam.people import ApiCaller
from cachesim.service.iam.policies import ALLOWED, DENIED, judge
from cachesim.service.register import kinds

REFUSED = {"sns": "AuthorizationErrorException", "kms": "AccessDeniedException"}  # shapes
FREE = ("sts:GetCallerIdentity",)  # nobody needs a policy for these
EVERY = "*"
TEXT = "User: {} is not authorized to perform: {} on resource: {} because {}"
BY_DENY = "an explicit deny is in an identity-based policy"
BY_NOTHING = "no identity-based policy allows the {} action"
# Condition keys of ElastiCache that are members of its requests (Service Authorization Reference).
MEMBERS = (
    *("AtRestEncryptionEnabled", "AutomaticFailoverEnabled", "CacheNodeType", "KmsKeyId"),
    *("CacheParameterGroupName", "EngineVersion", "MultiAZEnabled", "NumNodeGroups"),
    *("ReplicasPerNodeGroup", "SnapshotRetentionLimit", "TransitEncryptionEnabled"),
)


@cache
def _rows() -> dict[str, list[tuple[str, str]]]:
    """Return by service the members of requests that name resources (data/named_in.csv)."""
    text = files("cachesim.service").joinpath("data/named_in.csv").read_text()
    found: dict[str, list[tuple[str, str]]] = {}
    for row in csv.DictReader(text.splitlines()):
        found.setdefault(row["service"], []).append((row["member"], row["resource"]))
    return found


def resources(service: str, operation: str, request: Mapping[str, Any]) -> list[str]:
    """Return the ARNs of what a request names; "*" if it names nothing.

    ElastiCache asks for each resource that is named, the other services for the first.

    >>> resources("elasticache", "DeleteUser", {"UserId": "ada"})
    ['arn:aws:elasticache:us-east-1:123456789012:user:ada']
    """
    named = [
        each if str(each).startswith("arn:") else form.format(each)
        for member, form in _rows().get(service, [])
        for each in _several(request.get(member, []))
    ]
    if service != "elasticache":
        return named[:1] or [EVERY]
    prefix = f"arn:aws:elasticache:{REGION}:{NUMBER}"
    for kind in kinds().values():
        names = [*_several(request.get(kind.id, [])), *request.get(f"{kind.id}s", [])]
        if not names and operation == f"Describe{kind.list}":
            names = [EVERY]
        named += [f"{prefix}:{kind.arn}:{name.lower()}" for name in names]
    return named or [EVERY]


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def context_of(
    account: Account, caller: ApiCaller, request: Mapping[str, Any], arn: str
) -> Context:
    """Return the condition keys of a request, in small letters."""
    found: dict[str, Any] = {
        "aws:PrincipalArn": caller.arn,
        "aws:userid": caller.id,
        "aws:username": caller.identity.name if caller.identity else None,
        "aws:PrincipalAccount": NUMBER,
        "aws:RequestedRegion": REGION,
        "aws:SourceIp": "127.0.0.1",
        "aws:CurrentTime": account.calendar.date.isoformat(),
        **{f"elasticache:{name}": request.get(name) for name in MEMBERS},
        "elasticache:EngineType": request.get("Engine"),
    }
    tags = request.get("Tags", [])
    tags = {each["Key"]: each.get("Value", "") for each in tags if isinstance(each, dict)}
    found |= {f"aws:RequestTag/{key}": value for key, value in tags.items()}
    found |= {f"aws:ResourceTag/{key}": value for key, value in account.tags_of(arn).items()}
    texts = {key.lower(): (_text(value),) for key, value in found.items() if value is not None}
    return {**texts, "aws:tagkeys": tuple(tags)}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def decision(
    account: Account, caller: ApiCaller, action: str, arn: str, request: Mapping[str, Any]
) -> str:
    """Return the decision on an action on a resource: "allowed", or a kind of no."""
    if caller.identity is None or action in FREE:
        return ALLOWED
    policies = account.desk("iam").people.policies_of(caller.identity)
    return judge(policies, action, arn, context_of(account, caller, request, arn)).decision


def admit(
    account: Account, key: str, service: str, operation: str, request: Mapping[str, Any]
) -> ApiCaller:
    """Return who calls, or refuse. Raises ServiceFault: AccessDenied, or a key that is of no use."""
    caller: ApiCaller = account.desk("iam").people.caller(key)
    action = f"{service}:{operation}"
    for arn in resources(service, operation, request):
        found = decision(account, caller, action, arn, request)
        if found != ALLOWED:
            why = BY_DENY if found == DENIED else BY_NOTHING.format(action)
            raise ServiceFault(
                REFUSED.get(service, "AccessDenied"), TEXT.format(caller.arn, action, arn, why)
            )
    return caller


def ask(
    account: Account, key: str, service: str, operation: str, request: dict[str, Any]
) -> dict[str, Any]:
    """Return the answer of a desk to a caller with this access key, if it may ask. Raises ServiceFault."""
    account.caller = admit(account, key, service, operation, request)
    try:
        call = getattr(account.desk(service), operation, None)
        if call is None:
            raise ServiceFault("NotImplemented", f"{operation} is not simulated.")
        answer: dict[str, Any] = call(request)
        return answer
    finally:
        account.caller = None


class GatedDesk:
    """A desk as a caller with an access key finds it: each operation is judged first.

    >>> from cachesim.service.iam.desk import Iam
    >>> account = Account()
    >>> account.open([Iam])
    >>> GatedDesk(account, "iam", "any").ListUsers({})["Users"]
    []
    """

    def __init__(self, account: Account, service: str, key: str) -> None:
        self._asked = account, key, service

    def __getattr__(self, operation: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
        return lambda request: ask(*self._asked, operation, request)
