"""The conditions of a statement: they compare what a request is with what a policy says."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import ip_address, ip_network
from operator import eq, ge, gt, le, lt
from typing import Any

Context = Mapping[str, tuple[str, ...]]  # condition key in small letters -> its values
Test = Callable[[str, str], bool]  # (value of the request, value of the policy)

VARIABLE = re.compile(r"\$\{([^}]+)\}")


@lru_cache(maxsize=4096)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(re.escape(text).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)


def like(value: str, pattern: str) -> bool:
    """Whether a value matches a pattern, in which * stands for any signs and ? for one.

    >>> like("elasticache:DescribeEvents", "elasticache:Describe*"), like("shop-2", "shop-?")
    (True, True)
    """
    return _pattern(pattern).fullmatch(value) is not None


def arn_like(value: str, pattern: str) -> bool:
    """Compare two ARNs part by part: a * does not reach over a colon, but in the last part."""
    ours, theirs = value.split(":", 5), pattern.split(":", 5)
    return len(ours) == len(theirs) and all(map(like, ours, theirs))


def _date(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _read_as(kind: Callable[[str], Any], compare: Callable[[Any, Any], bool]) -> Test:
    return lambda value, wanted: compare(kind(value), kind(wanted))


ORDERS = {
    "Equals": eq, "LessThan": lt, "LessThanEquals": le, "GreaterThan": gt, "GreaterThanEquals": ge,
}  # fmt: skip
OPERATORS: dict[str, Test] = {
    "StringEquals": eq,
    "StringEqualsIgnoreCase": _read_as(str.lower, eq),
    "StringLike": like,
    "ArnEquals": arn_like,
    "ArnLike": arn_like,
    "Bool": _read_as(str.lower, eq),
    "IpAddress": lambda value, net: ip_address(value) in ip_network(net, strict=False),
    **{f"Numeric{name}": _read_as(float, order) for name, order in ORDERS.items()},
    **{f"Date{name}": _read_as(_date, order) for name, order in ORDERS.items()},
}


def known(operator: str) -> bool:
    """Whether there is such an operator, such as ForAnyValue:StringNotLikeIfExists."""
    plain = operator.rpartition(":")[2].removesuffix("IfExists")
    return plain == "Null" or plain.replace("Not", "") in OPERATORS


def holds(operator: str, key: str, wanted: tuple[str, ...], context: Context) -> bool:
    """Whether one line of a condition is true for a request.

    If the request has no such key, an operator with Not or IfExists is true, and any other is false.
    A value that cannot be read as a number, a date or an address meets nothing.

    >>> holds(
    ...     "NumericLessThan",
    ...     "elasticache:NumNodeGroups",
    ...     ("3",),
    ...     {"elasticache:numnodegroups": ("2",)},
    ... )
    True
    """
    over, _, name = operator.rpartition(":")
    plain = name.removesuffix("IfExists")
    values = context.get(key.lower(), ())
    if plain == "Null":
        return (not values) == (wanted[0].lower() == "true")
    is_negated = "Not" in plain
    if not values:
        return is_negated or plain != name or over == "ForAllValues"
    test = OPERATORS[plain.replace("Not", "")]
    meets = (_meets(test, value, wanted, context) != is_negated for value in values)
    return any(meets) if over == "ForAnyValue" else all(meets)


def _meets(test: Test, value: str, wanted: tuple[str, ...], context: Context) -> bool:
    try:
        return any(test(value, filled(each, context)) for each in wanted)
    except ValueError:
        return False


def filled(text: str, context: Context) -> str:
    """Put the request's values into the variables of a policy; one that it has not meets nothing."""
    return VARIABLE.sub(lambda match: (context.get(match[1].lower()) or ("\0",))[0], text)
