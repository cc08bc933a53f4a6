"""Arithmetic on metrics: what an expression gives, and what is refused."""

import pytest

from cachesim.service.cloudwatch.arithmetic import evaluate
from cachesim.service.faults import ServiceFault


@pytest.mark.parametrize(
    ("expression", "points"),
    [
        ("a + 1", {0: 3.0, 60: 5.0}),
        ("-a / (b - 1)", {0: -1.0}),
        ("SUM([a, b])", {0: 5.0, 60: 5.0}),
        ("AVG(a)", {0: 3.0, 60: 3.0}),
        ("MAX([a, b]) - MIN([a, b])", {0: 1.0, 60: 3.0}),
        ("RATE(a) * 60", {60: 2.0}),
    ],
)
def test_arithmetic(expression, points):
    """Period by period; what divides by 0 is left out."""
    assert points == evaluate(expression, {"a": {0: 2.0, 60: 4.0}, "b": {0: 3.0, 60: 1.0}}, 60)


@pytest.mark.parametrize(
    ("expression", "shape"),
    [
        ("a +", "InvalidParameterValueException"),
        ("1 / 0", "InvalidParameterValueException"),
        ("2 + 2", "InvalidParameterValueException"),
        ("SUM(3)", "InvalidParameterValueException"),
        ("ANOMALY_DETECTION_BAND(a)", "NotImplemented"),
        ("__import__('os')", "NotImplemented"),
        ("a.b", "NotImplemented"),
        ("a ** 2", "NotImplemented"),
        ("c", "NotImplemented"),
    ],
)
def test_expressions_that_are_refused(expression, shape):
    """A sentence in AWS's shape, and nothing is run."""
    with pytest.raises(ServiceFault) as fault:
        evaluate(expression, {"a": {0: 2.0}}, 60)
    assert shape == fault.value.shape
