"""Settings of DB instances: data/rds_settings.csv lists them. Classes and prices: data/db_classes.csv."""

from functools import cache
from typing import Any, NamedTuple

from cachesim.service.checks import BLOCK, DAY, DAYS, in_range, span, window
from cachesim.service.faults import bad_value, only, refusal
from cachesim.service.tables import table

PORTS = {"mysql": 3306, "postgres": 5432}
LENGTH = 30  # minutes that a window has at least
TRIED = [BLOCK] * 50 + [(0, DAY)] * 50  # minutes of the day in which windows are drawn
FORM = {"daily": "hh24:mi", "weekly": "ddd:hh24:mi"}  # of an end of a window
WINDOWS = "PreferredBackupWindow", "PreferredMaintenanceWindow"


class DbSetting(NamedTuple):
    """One row of the table."""

    member: str
    check: str
    usual: str  # empty: none
    change: str  # now, in a "window" unless ApplyImmediately says so, or never


@cache
def db_settings() -> dict[str, DbSetting]:
    """Return the settings by their names.

    >>> db_settings()["MultiAZ"].change
    'window'
    """
    return {row["member"]: DbSetting(**row) for row in table("rds_settings")}


@cache
def db_prices() -> dict[str, dict[str, str]]:
    """Return by class the US dollars of an hour by engine, without a standby.

    >>> db_prices()["db.t3.micro"]["mysql"]
    '0.017'
    """
    return {row["class"]: row for row in table("db_classes")}


def _checked(desk: Any, row: DbSetting, value: Any) -> Any:
    """Return a value as it is kept."""
    known = {"class": [*db_prices()], "engine": [*PORTS], "zone": desk.account.zones()}
    least = {"days": (0, 35), "storage": (20, 65536), "port": (1150, 65535)}  # and most
    if row.check in known and value not in known[row.check]:
        choice = ", ".join(known[row.check])
        raise bad_value(f"{row.member} {value} is not simulated; choose one of {choice}.")
    if row.check in least:
        return in_range(row.member, int(value), *least[row.check])
    if row.check in FORM:
        return window(value, FORM[row.check], LENGTH)
    if row.check == "flag":
        return value in (True, "True")
    return desk.account.vpc.known(value) if row.check == "security groups" else value


def checked(
    desk: Any, request: dict[str, Any], others: str, changes: bool = False
) -> dict[str, Any]:
    """Return the settings that a request names, checked; what is neither these nor `others` is refused."""
    rows = {n: row for n, row in db_settings().items() if not changes or row.change != "never"}
    only(request, [*rows, *others.split()])
    return {n: _checked(desk, row, request[n]) for n, row in rows.items() if n in request}


def completed(desk: Any, settings: dict[str, Any]) -> dict[str, Any]:
    """Return settings with the usual values of those that nobody chose; two windows that do not overlap."""
    rows = [row for row in db_settings().values() if row.usual]
    found = {row.member: _checked(desk, row, row.usual) for row in rows} | settings
    found.setdefault("Port", PORTS[found["Engine"]])
    for block in TRIED:
        drawn = _windows(desk.random, *block) | found
        if not overlap(drawn):
            return drawn
    raise refusal("db windows")


def _windows(random: Any, begin: int, end: int) -> dict[str, str]:
    """Draw half an hour for each window."""
    nightly, weekly = (int(random.integers(begin, end - LENGTH)) for _ in WINDOWS)
    day = DAYS[int(random.integers(len(DAYS)))]
    return {WINDOWS[0]: _from(nightly, ""), WINDOWS[1]: _from(weekly, f"{day}:")}


def _from(minute: int, day: str) -> str:
    return "-".join(f"{day}{m // 60:02}:{m % 60:02}" for m in (minute, minute + LENGTH))


def overlap(settings: dict[str, Any]) -> bool:
    """Whether the daily window and the weekly one have a minute in common."""
    (nightly, night), (weekly, week) = (span(settings[each]) for each in WINDOWS)
    return (weekly - nightly) % DAY < night or (nightly - weekly) % DAY < week
