"""Policies: statements that allow or deny, and the verdict of all of them on one request."""

import json
from typing import Any, NamedTuple

from cachesim.service.faults import refuse_if
from cachesim.service.iam.conditions import Context, filled, holds, known, like

ALLOWED, DENIED, NOTHING = "allowed", "explicitDeny", "implicitDeny"
VERSIONS = ("2012-10-17", "2008-10-17")
FREE = {"Sid", "Effect", "Condition"}  # parts of a statement that every policy may have
OF_IDENTITY, OF_ROLE = ("Action", "Resource"), ("Action", "Principal")  # parts that it must have
OF_BUCKET = ("Action", "Resource", "Principal")

Texts = tuple[str, ...]


class PolicyStatement(NamedTuple):
    """One statement of a policy."""

    effect: str
    texts: dict[str, Texts]  # Action, NotAction, Resource, NotResource, Principal: those it has
    lines: tuple[tuple[str, str, Texts], ...]  # operator, condition key, values

    def meets(self, action: str, resource: str, context: Context) -> bool:
        """Whether the statement speaks of this action on this resource, in this context."""
        return (
            self._names("Action", action.lower(), {})
            and self._names("Resource", resource, context)
            and all(holds(*line, context) for line in self.lines)
        )

    def _names(self, part: str, value: str, context: Context) -> bool:
        """Whether a value is named by a part, or not named by its opposite."""
        is_negated = f"Not{part}" in self.texts
        patterns = self.texts.get(f"Not{part}" if is_negated else part, ("*",))
        return any(like(value, filled(each, context)) for each in patterns) != is_negated


class PolicyVerdict(NamedTuple):
    """What policies say about a request, and the names of those that decided."""

    decision: str  # ALLOWED, DENIED or NOTHING
    by: Texts = ()


Policies = dict[str, tuple[PolicyStatement, ...]]  # by name


def read(document: str, parts: Texts = OF_IDENTITY) -> tuple[PolicyStatement, ...]:
    """Read a policy, whose statements must have these parts, or their opposites. Raises ServiceFault.

    >>> read('{"Version": "2012-10-17", "Statement": []}')
    ()
    """
    try:
        policy = json.loads(document)
    except ValueError:
        policy = None
    malformed_if(policy is None, "it is no JSON")
    malformed_if(not isinstance(policy, dict) or "Statement" not in policy, "it has no Statement")
    version = policy.get("Version", VERSIONS[0])
    malformed_if(version not in VERSIONS, f"its Version must be {VERSIONS[0]}")
    return tuple(_statement(each, parts) for each in several(policy["Statement"]))


def malformed_if(broken: object, why: str) -> None:
    """Refuse a policy."""
    refuse_if(broken, "malformed policy", why)


def several(value: Any) -> list[Any]:
    """Return a list, also of one."""
    return value if isinstance(value, list) else [value]


def _statement(given: Any, parts: Texts) -> PolicyStatement:
    is_one = isinstance(given, dict) and given.get("Effect") in ("Allow", "Deny")
    malformed_if(not is_one, "the Effect of a statement must be Allow or Deny")
    opposites = {f"Not{part}" for part in parts if part != "Principal"}
    unknown = sorted(set(given) - FREE - set(parts) - opposites)
    malformed_if(unknown, f"a statement has no {', '.join(unknown)}")
    for part in parts:
        is_one = (part in given) != (f"Not{part}" in given)
        malformed_if(not is_one, f"a statement needs either {part} or Not{part}")
    texts = {part: _texts(given[part], part) for part in given if part not in FREE}
    return PolicyStatement(given["Effect"], texts, _lines(given.get("Condition", {})))


def _lines(condition: Any) -> tuple[tuple[str, str, Texts], ...]:
    found = []
    for operator, keys in _object(condition, "Condition").items():
        malformed_if(not known(operator), f"there is no operator {operator}")
        held = _object(keys, operator).items()
        found += [(operator, key, _texts(each)) for key, each in held]
    return tuple(found)


def _object(given: Any, what: str) -> dict[str, Any]:
    malformed_if(not isinstance(given, dict), f"{what} must be an object")
    found: dict[str, Any] = given
    return found


def _texts(given: Any, part: str = "") -> Texts:
    """Return texts; true and 3 are texts, too, as policies have them. Actions have no case."""
    if part == "Principal" and isinstance(given, dict):  # by kinds: AWS, Service
        given = [each for value in given.values() for each in several(value)]
    values = several(given)
    are_plain = values and all(isinstance(each, str | bool | int | float) for each in values)
    malformed_if(not are_plain, f"{json.dumps(given)} must be a text or a list of texts")
    texts = tuple(each if isinstance(each, str) else json.dumps(each) for each in values)
    return tuple(map(str.lower, texts)) if part.endswith("Action") else texts


def judge(policies: Policies, action: str, resource: str, context: Context) -> PolicyVerdict:
    """Return the verdict: one statement that denies beats all that allow; nothing said is a no.

    >>> text = '{"Statement": {"Effect": "Allow", "Action": "sns:*", "Resource": "*"}}'
    >>> judge({"mine": read(text)}, "sns:Publish", "arn:aws:sns:x", {})
    PolicyVerdict(decision='allowed', by=('mine',))
    """
    met = [
        (each.effect, name)
        for name, statements in policies.items()
        for each in statements
        if each.meets(action, resource, context)
    ]
    for effect, decision in (("Deny", DENIED), ("Allow", ALLOWED)):
        by = tuple(dict.fromkeys(name for each, name in met if each == effect))
        if by:
            return PolicyVerdict(decision, by)
    return PolicyVerdict(NOTHING)
