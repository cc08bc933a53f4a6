"""Arithmetic on metrics, as GetMetricData has it: + - * / and brackets, SUM, AVG, MIN, MAX, RATE."""

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

from cachesim.service.faults import refusal, refuse_if

Points = dict[int, float]  # second at which a period begins -> value

OPERATORS: dict[type, Callable[[float, float], float]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
}  # fmt: skip
OVERALL: dict[str, Callable[[list[float]], float]] = {
    "SUM": sum, "MIN": min, "MAX": max, "AVG": lambda values: sum(values) / len(values),
}  # fmt: skip


def evaluate(expression: str, known: Mapping[str, Points], period: int) -> Points:
    """Compute an expression on metrics that are known by their ids.

    A period in which one of them has no value, or that divides by 0, has none.

    >>> hits, misses = {0: 9.0, 60: 5.0}, {0: 1.0}
    >>> evaluate("100 * hits / (hits + misses)", {"hits": hits, "misses": misses}, 60)
    {0: 90.0}
    """
    try:
        tree = ast.parse(expression.strip(), mode="eval").body
    except SyntaxError:
        raise refusal("no expression", expression) from None
    found: Any = _value(tree, known, period)
    refuse_if(not isinstance(found, dict), "no metric in it", expression)
    return found  # type: ignore[no-any-return]


def _value(node: Any, known: Mapping[str, Points], period: int) -> Any:
    """Return the points of a part of an expression, or a number."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return float(node.value)
    if isinstance(node, ast.Name) and node.id in known:
        return known[node.id]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return _both(operator.sub, 0.0, _value(node.operand, known, period))
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        left, right = (_value(side, known, period) for side in (node.left, node.right))
        return _both(OPERATORS[type(node.op)], left, right)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return _called(node.func.id, node.args, known, period)
    raise refusal("not in expressions", ast.unparse(node))


def _called(name: str, arguments: list[Any], known: Mapping[str, Points], period: int) -> Any:
    """Return the points that a function gives: RATE of one metric, or a figure of several in each period."""
    if len(arguments) == 1 and isinstance(arguments[0], ast.List):
        arguments = arguments[0].elts
    series = [_value(each, known, period) for each in arguments]
    are_metrics = series and all(isinstance(each, dict) for each in series)
    refuse_if(not are_metrics, "takes metrics", name, name)
    if name == "RATE" and len(series) == 1:
        return _rate(series[0], period)
    refuse_if(name not in OVERALL, "no function", name)
    if len(series) == 1:  # one metric: one figure of the whole time, in every period
        figure = OVERALL[name](list(series[0].values())) if series[0] else 0.0
        return dict.fromkeys(series[0], figure)
    common = [when for when in series[0] if all(when in each for each in series)]
    return {when: OVERALL[name]([each[when] for each in series]) for when in common}


def _rate(points: Points, period: int) -> Points:
    """Return how fast a metric grows, by second, where the period before has a value, too."""
    before = {when: points[when - period] for when in points if when - period in points}
    return {when: (points[when] - old) / period for when, old in before.items()}


def _both(join: Callable[[float, float], float], left: Any, right: Any) -> Any:
    """Join two numbers or metrics, period by period."""
    if not isinstance(left, dict) and not isinstance(right, dict):
        refuse_if(join is operator.truediv and right == 0, "divides by 0")
        return join(left, right)
    one, other = (
        side if isinstance(side, dict) else dict.fromkeys(left if side is right else right, side)
        for side in (left, right)
    )
    return {
        when: join(one[when], other[when])
        for when in one
        if when in other and not (join is operator.truediv and other[when] == 0)
    }
