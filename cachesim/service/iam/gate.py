"""The gate before every desk: who calls, which resources the request names, and whether the policies allow it."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from cachesim.service.account import NUMBER, REGION, Account
from cachesim.service.desks import Answer
from cachesim.service.faults import ServiceFault, needed, refusal
from cachesim.service.iam.conditions import Context
from cachesim.service.iam.people import ApiCaller
from cachesim.service.iam.policies import ALLOWED, judge, several
from cachesim.service.register import kinds
from cachesim.service.tables import in_shape, table

REFUSED = {"sns": "AuthorizationErrorException", "kms": "AccessDeniedException"}  # shapes
FREE = ("sts:GetCallerIdentity",)  # nobody needs a policy for these
EVERY = "*"


def resources(service: str, operation: str, request: Mapping[str, Any]) -> list[str]:
    """Return the ARNs of what a request names (data/named_in.csv); "*" if it names nothing.

    ElastiCache asks for each resource that is named, the other services for the first.

    >>> resources("elasticache", "DeleteUser", {"UserId": "ada"})
    ['arn:aws:elasticache:us-east-1:123456789012:user:ada']
    """
    named = [
        each if str(each).startswith("arn:") else row["resource"].format(each)
        for row in table("named_in")
        if row["service"] == service
        for each in several(request.get(row["member"], []))
    ]
    if service == "s3":  # an object, a bucket, or all
        return ["arn:aws:s3:::" + "/".join(filter(None, map(request.get, ("Bucket", "Key"))))]
    if service != "elasticache":
        return named[:1] or [EVERY]
    for kind in kinds().values():
        names = [*several(request.get(kind.id, [])), *request.get(f"{kind.id}s", [])]
        if not names and operation == f"Describe{kind.list}":
            names = [EVERY]
        prefix = f"arn:aws:elasticache:{REGION}:{NUMBER}:{kind.arn}:"
        named += [prefix + name.lower() for name in names]
    return named or [EVERY]


def context_of(account: Account, caller: ApiCaller, request: Answer, arn: str) -> Context:
    """Return the condition keys of a request, in small letters."""
    found = in_shape("caller", caller)
    found |= {row["key"]: request.get(row["member"]) for row in table("condition_keys")}
    found["aws:CurrentTime"] = account.calendar.date.isoformat()
    tags = [each for each in request.get("Tags", []) if isinstance(each, dict)]
    found |= {f"aws:RequestTag/{each['Key']}": each.get("Value", "") for each in tags}
    found |= {f"aws:ResourceTag/{key}": value for key, value in account.tags_of(arn).items()}
    texts = {key.lower(): (_text(value),) for key, value in found.items() if value is not None}
    return {**texts, "aws:tagkeys": tuple(each["Key"] for each in tags)}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def decision(account: Account, caller: ApiCaller, action: str, arn: str, request: Answer) -> str:
    """Return the decision on an action on a resource: "allowed", or a kind of no."""
    if caller.identity is None or action in FREE:
        return ALLOWED
    policies = account.desk("iam").policies_of(caller.identity)
    return judge(policies, action, arn, context_of(account, caller, request, arn)).decision


@cache
def action_of(operation: str) -> str:
    """Return the action of an operation: S3 has fewer of them.

    >>> action_of("s3:HeadObject"), action_of("iam:GetUser")
    ('s3:GetObject', 'iam:GetUser')
    """
    return {row["operation"]: row["action"] for row in table("actions")}.get(operation, operation)


def ask(account: Account, key: str, service: str, operation: str, request: Answer) -> Answer:
    """Return the answer of a desk to a caller with this access key, if it may ask. Raises ServiceFault."""
    caller, action = account.desk("iam").caller(key), action_of(f"{service}:{operation}")
    for arn in resources(service, operation, request):
        found = decision(account, caller, action, arn, request)
        if found != ALLOWED:
            fault = refusal(found, caller.arn, action, arn)
            raise ServiceFault(REFUSED.get(service, fault.shape), str(fault))
    call = getattr(account.desk(service), operation, None)
    account.caller = caller
    try:
        answer: Answer = needed(call, "not simulated", operation)(request)
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

    def __getattr__(self, operation: str) -> Callable[[Answer], Answer]:
        return lambda request: ask(*self._asked, operation, request)
