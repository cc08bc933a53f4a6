"""Settings: what Create gives a cluster or a group, and Modify changes. data/settings.csv lists them.

A setting is a row: its name in a request, whose it is, how it is checked, its usual value, and when a
change takes effect: "now", in the maintenance "window" unless ApplyImmediately says so, or "never".
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from cachesim.service.checks import in_range, known_node_type, window
from cachesim.service.elasticache.auth import checked_token, named_user_groups, yes_or_no
from cachesim.service.faults import only
from cachesim.service.tables import table

MOST_RETENTION = 35  # days
Check = Callable[[Any, Any], Any]  # (desk, value) -> value as it is kept; raises ServiceFault

CHECKS: dict[str, Check] = {
    "text": lambda desk, value: value,
    "node type": lambda desk, value: known_node_type(value, desk.account.previous).name,
    "weekly": lambda desk, value: window(value, "ddd:hh24:mi"),
    "daily": lambda desk, value: window(value, "hh24:mi"),
    "days": lambda desk, value: in_range("SnapshotRetentionLimit", int(value), 0, MOST_RETENTION),
    "token": checked_token,
    "yes or no": yes_or_no,
    "key": lambda desk, value: desk.account.desk("kms").usable(value),
    "user groups": named_user_groups,
    "port": lambda desk, value: in_range("Port", int(value), 1, 65535),
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


def settings_of(kind: str) -> dict[str, Setting]:
    """Return the settings of a "cluster" or a "group" by their names.

    >>> settings_of("group")["CacheNodeType"].change
    'window'
    """
    rows = [Setting(**row) for row in table("settings")]
    return {row.member: row for row in rows if row.of in (kind, "both")}


def checked(desk: Any, wanted: dict[str, Any], kind: str) -> dict[str, Any]:
    """Return the settings among what a request asks for, as they are kept."""
    rows = settings_of(kind)
    return {n: CHECKS[rows[n].check](desk, value) for n, value in wanted.items() if n in rows}


def taken(desk: Any, request: dict[str, Any], kind: str, others: str) -> dict[str, Any]:
    """Return the settings that a Create asks for, checked; what is neither these nor `others` is refused."""
    rows = settings_of(kind)
    only(request, [*rows, *others.split()])
    usual = {row.member: row.usual for row in rows.values() if row.usual}
    return checked(desk, {**usual, **request}, kind)
