"""What desks refuse: names, node types, windows, numbers and zones that the service does not take."""

import re
from datetime import timedelta

from cachesim.errors import BadInput
from cachesim.node_types import NodeType, node_type, node_types
from cachesim.service.calendar import Calendar
from cachesim.service.faults import refusal, refuse_if

NAME = re.compile(r"[a-z](?!.*--)[a-z0-9-]*(?<!-)")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY, WEEK = 24 * 60, 7 * 24 * 60  # minutes
HOUR = r"([01]\d|2[0-3]):[0-5]\d"
FORMS = {"hh24:mi": HOUR, "ddd:hh24:mi": rf"({'|'.join(DAYS)}):{HOUR}"}  # of an end of a window
LEAST_WINDOW = 60  # minutes
BLOCK = 3 * 60, 11 * 60  # minutes of the day in which us-east-1's windows lie (User Guide)
SECONDS = 60.0  # of a minute


def identifier(name: str, what: str, most: int = 40) -> str:
    """Return an identifier in small letters, as the service stores it; it has `most` signs or fewer.

    >>> identifier("Shop-1", "ReplicationGroupId")
    'shop-1'
    """
    found = name.lower()
    is_good = NAME.fullmatch(found) and len(found) <= most
    refuse_if(not is_good, "identifier", what, name, most)
    return found


def known_node_type(name: str, previous: bool) -> NodeType:
    """Return a node type; one of the previous generation only if they are allowed."""
    try:
        found = node_type(name)
    except BadInput:
        raise refusal("node type", name) from None
    refuse_if(not previous and found in node_types("previous"), "old node type", name)
    return found


def in_range(name: str, value: int, least: int, most: int) -> int:
    """Return a whole number that is in its range.

    >>> in_range("SnapshotRetentionLimit", 35, 0, 35)
    35
    """
    refuse_if(not least <= value <= most, "range", name, least, most, value)
    return value


def span(text: str) -> tuple[int, int]:
    """Return when a window begins, in minutes of the week or of the day, and how long it is.

    >>> span("sun:23:30-mon:00:30"), span("23:30-00:30")
    ((10050, 60), (1410, 60))
    """
    begin, end = map(_minute, text.split("-"))
    return begin, (end - begin) % (WEEK if text[0].isalpha() else DAY)


def _minute(end: str) -> int:
    *day, hour, minute = end.split(":")
    return sum(DAYS.index(name) * DAY for name in day) + int(hour) * 60 + int(minute)


def window(text: str, form: str, least: int = LEAST_WINDOW) -> str:
    """Check a window whose ends have a form such as "ddd:hh24:mi"; return it.

    >>> window("Sun:23:30-mon:00:30", "ddd:hh24:mi")
    'sun:23:30-mon:00:30'
    """
    found, end = text.lower(), FORMS[form]
    refuse_if(not re.fullmatch(f"{end}-{end}", found), "window form", text, form, form)
    refuse_if(not least <= span(found)[1] <= DAY, "window length", text, least)
    return found


def next_window(text: str, calendar: Calendar) -> tuple[float, float]:
    """Return when a weekly window begins next, and when it ends, in seconds of the calendar.

    >>> next_window("mon:09:00-mon:10:30", Calendar())  # it is Monday, 08:00
    (3600.0, 9000.0)
    """
    begin, length = span(text)
    day = calendar.date.replace(hour=0, minute=0, second=0, microsecond=0)
    monday = (day - timedelta(days=day.weekday()) - calendar.start).total_seconds()
    first = monday + begin * SECONDS
    first += WEEK * SECONDS * (first <= calendar.now)
    return first, first + length * SECONDS


def in_turn(zones: list[str], count: int) -> list[str]:
    """Deal out zones.

    >>> in_turn(["a", "b"], 3)
    ['a', 'b', 'a']
    """
    return [zones[number % len(zones)] for number in range(count)]


def named_zones(chosen: list[str], count: int, zones: list[str], what: str) -> list[str]:
    """Return the zones that a request names: one for each node, and each in the subnet group."""
    refuse_if(len(chosen) != count, "zones", what, count)
    for zone in chosen:
        refuse_if(zone not in zones, "zone of subnets", zone, ", ".join(zones))
    return chosen
