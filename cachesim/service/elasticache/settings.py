"""Settings: what Create gives a cluster or a group, and Modify changes. data/settings.csv lists them.

A setting is a row: its name in a request, whose it is, how it is checked, its usual value, and when a
change takes effect: "now", in the maintenance "window" unless ApplyImmediately says so, or "never".
"""

import csv
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from cachesim.service.elasticache.auth import checked_token, named_user_groups, yes_or_no
from cachesim.service.elasticache.checks import (
    MOST_RETENTION,
    known_node_type,
    only,
    range_checked,
    window,
)

Check = Callable[[Any, Any], Any]  # (desk, value) -> value as it is kept; raises ServiceFault

CHECKS: dict[str, Check] = {
    "text": lambda desk, value: value,
    "node type": lambda desk, value: known_node_type(value, desk.account.previous).name,
    "weekly": lambda desk, value: window(value, weekly=True),
    "daily": lambda desk, value: window(value, weekly=False),
    "days": lambda desk, value: range_checked(
        "SnapshotRetentionLimit", int(value), 0, MOST_RETENTION
    ),
    "token": checked_token,
    "yes or no": yes_or_no,
    "key": lambda desk, value: desk.account.desk("kms").usable(value),
    "user groups": named_user_groups,
    "port": lambda desk, value: range_checked("Port", int(value), 1, 65535),
    "parameter group": lambda desk, value: desk.parameter_groups.find(value).id,
    "subnet group": lambda desk, value: desk.subnet_groups.find(value).id,
    "security groups": lambda desk, value: desk.account.vpc.known(value),
}


class Setting(NamedTuple):
    """One row of the table."""

    member: str
    of: str  # cluster, group or both
    check: str
    usual: str  # empty: none
    change: str


@cache
def settings_of(kind: str) -> dict[str, Setting]:
    """Return the settings of a "cluster" or a "group" by their names.

    >>> settings_of("group")["CacheNodeType"].change
    'window'
    """
    text = files("cachesim.service").joinpath("data/settings.csv").read_text()
    rows = [Setting(**row) for row in csv.DictReader(text.splitlines())]
    return {row.member: row for row in rows if row.of in (kind, "both")}


def taken(desk: Any, request: dict[str, Any], kind: str, others: str) -> dict[str, Any]:
    """Return the settings that a Create asks for, checked; what is neither these nor `others` is refused."""
    table = settings_of(kind)
    only(request, [*table, *others.split()])
    wanted = {row.member: request.get(row.member, row.usual or None) for row in table.values()}
    return {
        name: CHECKS[table[name].check](desk, value)
        for name, value in wanted.items()
        if value is not None
    }
