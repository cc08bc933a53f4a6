"""What the desk refuses: names, node types, windows and numbers that the service does not take."""

import re
from collections.abc import Iterable
from typing import Any

from cachesim.errors import BadInput
from cachesim.node_types import NodeType, node_type, node_types
from cachesim.service.faults import ServiceFault, bad_value

NAME = re.compile(r"[a-z](?!.*--)[a-z0-9-]*(?<!-)")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY, WEEK = 24 * 60, 7 * 24 * 60  # minutes
WINDOW = re.compile(r"(?:([a-z]{3}):)?([01]\d|2[0-3]):([0-5]\d)")
LEAST_WINDOW = 60  # minutes
MOST_RETENTION = 35  # days


def identifier(name: str, what: str, most: int = 40) -> str:
    """Return an identifier in small letters, as the service stores it; it has `most` signs or fewer.

    >>> identifier("Shop-1", "ReplicationGroupId")
    'shop-1'
    """
    found = name.lower()
    if not NAME.fullmatch(found) or len(found) > most:
        raise bad_value(
            f"The parameter {what} is not a valid identifier: {name}. Identifiers must begin with a "
            "letter; must contain only ASCII letters, digits, and hyphens; must not end with a hyphen "
            f"or contain two consecutive hyphens; and have at most {most} characters."
        )
    return found


def known_node_type(name: str, previous: bool) -> NodeType:
    """Return a node type; one of the previous generation only if they are allowed."""
    try:
        found = node_type(name)
    except BadInput:
        raise bad_value(f"The node type {name} is not supported.") from None
    if not previous and found in node_types("previous"):
        raise bad_value(
            f"The node type {name} is of the previous generation, which new clusters cannot have; "
            "choose a current one, or allow it with cs.Cloud(allow_previous_generation=True)."
        )
    return found


def only(request: dict[str, Any], simulated: Iterable[str]) -> None:
    """Refuse a parameter that would change nothing: what it asks for is not simulated."""
    for name in request:
        if name not in simulated:
            raise ServiceFault("NotImplemented", f"{name} is not simulated; leave it out.")


def range_checked(name: str, value: int, least: int, most: int) -> int:
    """Return a whole number that is in its range.

    >>> range_checked("SnapshotRetentionLimit", 35, 0, 35)
    35
    """
    if not least <= value <= most:
        raise bad_value(f"{name} must be from {least} to {most}, got {value}.")
    return value


def in_range(request: dict[str, Any], name: str, least: int, most: int, usual: int) -> int:
    """Return a whole number of a request."""
    return range_checked(name, request.get(name, usual), least, most)


def window(text: str, weekly: bool, least: int = LEAST_WINDOW) -> str:
    """Check a window such as "tue:05:00-tue:06:00", or without days a daily one; return it.

    >>> window("sun:23:30-mon:00:30", weekly=True)
    'sun:23:30-mon:00:30'
    """
    ends = [_minute(part, weekly) for part in text.lower().split("-")]
    if len(ends) != 2 or None in ends:
        form = "ddd:hh24:mi-ddd:hh24:mi" if weekly else "hh24:mi-hh24:mi"
        raise bad_value(f"The window {text} is not valid; it must have the form {form}.")
    begin, end = ends
    length = (end - begin) % (WEEK if weekly else DAY)  # type: ignore[operator]
    if not least <= length <= DAY:
        raise bad_value(
            f"The window {text} must last at least {least} minutes and at most 24 hours."
        )
    return text.lower()


def _minute(text: str, weekly: bool) -> int | None:
    """Return the minute of the week, or of the day; None if it is neither."""
    match = WINDOW.fullmatch(text)
    if match is None or bool(match[1]) != weekly or (weekly and match[1] not in DAYS):
        return None
    return (DAYS.index(match[1]) * DAY if weekly else 0) + int(match[2]) * 60 + int(match[3])
