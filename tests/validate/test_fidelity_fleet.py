"""Real fleets beside theory: every figure of `cachesim fidelity --fleet` is as near as it has to be.

The failovers, which take the longest, are in tests/live/test_redis_cluster.py.
"""

import pytest

from cachesim.validate import fidelity_fleet
from tests.live.conftest import started_fleet

SHORT = [measure for measure in fidelity_fleet.MEASURES if measure[0] != fidelity_fleet.failovers]


def named(measure):
    function, arguments = measure
    return "_".join([function.__name__, *map(str, arguments)])


@pytest.mark.parametrize("measure", SHORT, ids=map(named, SHORT))
def test_every_figure(measure):
    """Stale reads within 3 standard deviations, NOREPLICAS within 1 s, WAIT to the millisecond."""
    function, arguments = measure

    assert [] == [row for row in started_fleet(function, *arguments) if not row.is_within]


def test_the_list_is_complete():
    """Failovers at the time-outs of the table, and at two others."""
    asked = {
        arguments
        for function, arguments in fidelity_fleet.MEASURES
        if function == fidelity_fleet.failovers
    }

    assert {(2,), (5,), (9,), (15,)} == asked


def test_a_row_that_is_too_far():
    """A row says whether its two figures are near enough."""
    row = fidelity_fleet.FleetRow("what", 1.0, 1.2, 0.1, "redis-server 7")

    assert not row.is_within
    assert row._replace(real=0.95).is_within
