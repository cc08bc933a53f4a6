"""Arithmetic on metrics, as GetMetricData has it: + - * / and brackets, SUM, AVG, MIN, MAX, RATE."""

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

from cachesim.service.faults import ServiceFault, bad_value

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
        raise bad_value(f"The expression {expression} cannot be read.") from None
    found = _value(tree, known, period)
    if not isinstance(found, dict):
        raise bad_value(f"The expression {expression} has no metric in it.")
    return found


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
    raise ServiceFault("NotImplemented", f"{ast.unparse(node)} is not simulated in an expression.")


def _called(name: str, arguments: list[Any], known: Mapping[str, Points], period: int) -> Any:
    """Return the points that a function gives: RATE of one metric, or a figure of several in each period."""
    if len(arguments) == 1 and isinstance(arguments[0], ast.List):
        arguments = arguments[0].elts
    series = [_value(each, known, period) for each in arguments]
    if any(not isinstance(each, dict) for each in series) or not series:
        raise bad_value(f"{name} takes metrics, such as {name}([m1, m2]).")
    if name == "RATE" and len(series) == 1:
        points = series[0]
        return {
            when: (value - points[when - period]) / period
            for when, value in points.items()
            if when - period in points
        }
    if name not in OVERALL:
        raise ServiceFault("NotImplemented", f"The function {name} is not simulated.")
    if len(series) == 1:  # one metric: one figure of the whole time, in every period
        figure = OVERALL[name](list(series[0].values())) if series[0] else 0.0
        return dict.fromkeys(series[0], figure)
    common = [when for when in series[0] if all(when in each for each in series)]
    return {when: OVERALL[name]([each[when] for each in series]) for when in common}


def _both(join: Callable[[float, float], float], left: Any, right: Any) -> Any:
    """Join two numbers or metrics, period by period."""
    if not isinstance(left, dict) and not isinstance(right, dict):
        if join is operator.truediv and right == 0:
            raise bad_value("The expression divides by 0.")
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
