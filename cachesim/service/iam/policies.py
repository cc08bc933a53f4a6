"""Policies: statements that allow or deny, and the verdict of all of them on one request."""

import json
from typing import Any, NamedTuple

from cachesim.service.faults import ServiceFault
from cachesim.service.iam.conditions import Context, filled, holds, known, like

ALLOWED, DENIED, NOTHING = "allowed", "explicitDeny", "implicitDeny"
PARTS = [
    "Sid",
    "Effect",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
    "Principal",
]
VERSIONS = ("2012-10-17", "2008-10-17")

Texts = tuple[str, ...]


class PolicyStatement(NamedTuple):
    """One statement of a policy."""

    effect: str
    texts: dict[str, Texts]  # Action, NotAction, Resource, NotResource, Principal: those it has
    lines: tuple[tuple[str, str, Texts], ...]  # operator, condition key, values

    def meets(self, action: str, resource: str, context: Context) -> bool:
        """Whether the statement speaks of this action on this resource, in this context."""
        return (
            self._names("Action", action, {})
            and self._names("Resource", resource, context)
            and all(holds(*line, context) for line in self.lines)
        )

    def _names(self, part: str, value: str, context: Context) -> bool:
        """Whether a value is named by a part, or not named by its opposite; actions have no case."""
        is_negated = f"Not{part}" in self.texts
        patterns = self.texts.get(f"Not{part}" if is_negated else part, ("*",))
        if part == "Action":
            value, patterns = value.lower(), tuple(map(str.lower, patterns))
        return any(like(value, filled(each, context)) for each in patterns) != is_negated


class PolicyVerdict(NamedTuple):
    """What policies say about a request, and the names of those that decided."""

    decision: str  # ALLOWED, DENIED or NOTHING
    by: Texts = ()


Policies = dict[str, tuple[PolicyStatement, ...]]  # by name


def read(document: str, is_trust: bool = False) -> tuple[PolicyStatement, ...]:
    """Read the text of a policy; `is_trust`: that of a role, which names principals and no resources.

    Raises
    ------
    ServiceFault
        MalformedPolicyDocumentException, with what is wrong.

    Examples
    --------
    >>> read('{"Version": "2012-10-17", "Statement": []}')
    ()
    """
    try:
        policy = json.loads(document)
    except ValueError:
        raise _malformed("it is no JSON") from None
    if not isinstance(policy, dict) or "Statement" not in policy:
        raise _malformed("it has no Statement")
    if policy.get("Version", VERSIONS[0]) not in VERSIONS:
        raise _malformed(f"its Version must be {VERSIONS[0]}")
    found = policy["Statement"]
    return tuple(_statement(each, is_trust) for each in (found if _is_list(found) else [found]))


def _statement(given: Any, is_trust: bool) -> PolicyStatement:
    if not isinstance(given, dict) or given.get("Effect") not in ("Allow", "Deny"):
        raise _malformed("the Effect of a statement must be Allow or Deny")
    if unknown := set(given) - set(PARTS):
        raise _malformed(f"a statement has no {min(unknown)}")
    for part in ("Action", "Principal" if is_trust else "Resource"):
        if (part in given) == (f"Not{part}" in given):
            raise _malformed(f"a statement needs either {part} or Not{part}")
    if not is_trust and "Principal" in given:
        raise _malformed("a policy of an identity has no Principal")
    texts = {part: _texts(given[part]) for part in given if part.endswith(("Action", "Resource"))}
    if is_trust:
        texts["Principal"] = _principals(given["Principal"])
    return PolicyStatement(given["Effect"], texts, _lines(given.get("Condition", {})))


def _lines(condition: Any) -> tuple[tuple[str, str, Texts], ...]:
    found = []
    for operator, keys in _object(condition, "Condition").items():
        if not known(operator):
            raise _malformed(f"there is no operator {operator}")
        found += [(operator, key, _texts(each)) for key, each in _object(keys, operator).items()]
    return tuple(found)


def _principals(given: Any) -> Texts:
    given = {"AWS": "*"} if given == "*" else _object(given, "Principal")
    return tuple(each for value in given.values() for each in _texts(value))


def _object(given: Any, what: str) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise _malformed(f"{what} must be an object")
    return given


def _texts(given: Any) -> Texts:
    """Return one text or several; true and 3 are texts, too, as policies have them."""
    values = given if _is_list(given) else [given]
    if not values or not all(isinstance(each, str | bool | int | float) for each in values):
        raise _malformed(f"{json.dumps(given)} must be a text or a list of texts")
    return tuple(each if isinstance(each, str) else json.dumps(each) for each in values)


def _is_list(given: Any) -> bool:
    return isinstance(given, list)


def _malformed(why: str) -> ServiceFault:
    return ServiceFault("MalformedPolicyDocumentException", f"Syntax errors in policy: {why}.")


def judge(policies: Policies, action: str, resource: str, context: Context) -> PolicyVerdict:
    """Return the verdict: one statement that denies beats all that allow; nothing said is a no.

    >>> text = '{"Statement": {"Effect": "Allow", "Action": "sns:*", "Resource": "*"}}'
    >>> judge({"mine": read(text)}, "sns:Publish", "arn:aws:sns:x", {})
    PolicyVerdict(decision='allowed', by=('mine',))
    """
    met: dict[str, list[str]] = {"Deny": [], "Allow": []}
    for name, statements in policies.items():
        for each in statements:
            if name not in met[each.effect] and each.meets(action, resource, context):
                met[each.effect].append(name)
    for effect, decision in (("Deny", DENIED), ("Allow", ALLOWED)):
        if met[effect]:
            return PolicyVerdict(decision, tuple(met[effect]))
    return PolicyVerdict(NOTHING)
