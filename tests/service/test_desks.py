"""What every desk has: operations that are rows, a check of each request, calls that come later."""

from types import SimpleNamespace

import pytest

from cachesim.service.account import Account
from cachesim.service.desks import ServiceDesk
from cachesim.service.faults import ServiceFault
from cachesim.service.tables import in_shape, table


class Little(ServiceDesk):
    """A desk with one register: two rows of data/operations.csv are about it."""

    service = "elasticache"
    users = SimpleNamespace(described=lambda request: {"Users": [], "asked": request})

    def DescribeUserGroups(self, request):  # noqa: N802 # AWS's name
        """An operation of its own; its row says nothing of members."""
        return {"own": request}


def test_an_operation_that_only_lists_is_a_row():
    """The desk has no such method; a member that the row does not have is refused."""
    desk = Little(Account())

    assert {"Users": [], "asked": {"UserId": "ada"}} == desk.DescribeUsers({"UserId": "ada"})
    with pytest.raises(ServiceFault, match="Filters is not simulated") as refused:
        desk.DescribeUsers({"Filters": []})
    assert "NotImplemented" == refused.value.shape


def test_an_operation_of_its_own_stays():
    """A row takes no method away, and one without members checks none."""
    assert {"own": {"any": 1}} == Little(Account()).DescribeUserGroups({"any": 1})


def test_a_step_ends_later():
    """The seconds are drawn; what comes first counts, too."""
    desk, done = ServiceDesk(Account(seed=3)), []
    lasts = desk.later("reboot", done.append, "up", after=100.0)
    desk.account.calendar.advance(lasts - 1)
    assert [] == done
    desk.account.calendar.advance(1)

    assert ["up"] == done
    assert 120 < lasts == desk.now
    assert desk.date == desk.account.calendar.date


def test_a_shape_leaves_out_what_is_none():
    """A fixed text needs no attribute; what is added stands behind the row's members."""
    team = SimpleNamespace(
        id="team", status="active", users=[], least=None, pending={}, caches=[], arn="arn"
    )
    found = in_shape("user group", team, More=1, Less=None)

    assert "MinimumEngineVersion" not in found
    assert ("redis", 1, "More") == (found["Engine"], found["More"], list(found)[-1])
    assert "Less" not in found


@pytest.mark.parametrize(
    "keys", ["refusals rule", "operations service operation", "shapes shape member"]
)
def test_a_table_has_one_row_for_each_key(keys):
    """A second one would win without a word."""
    name, *columns = keys.split()
    found = [tuple(row[column] for column in columns) for row in table(name)]

    assert len(set(found)) == len(found)
