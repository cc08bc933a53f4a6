"""When something was handed in, and what it costs if that was late. Times of files say nothing about it."""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo

from cachesim.errors import BadInput
from cachesim.units import parse_time

DAY = timedelta(days=1)
FORMATS = (  # beside ISO 8601; Moodle's and Canvas's, as their English pages write them
    "%A, %d %B %Y, %I:%M %p",
    "%A, %d %B %Y, %H:%M",
    "%d %B %Y, %I:%M %p",
    "%d/%m/%y, %H:%M",
    "%b %d, %Y at %I:%M%p",
)


def zone_of(name: str) -> tzinfo:
    """Return a time zone by its name, such as Europe/Berlin. Raises BadInput."""
    try:
        return UTC if name.upper() in ("UTC", "Z", "GMT") else ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise BadInput(
            f'--timezone "{name}" is unknown; give a name such as Europe/Berlin, or UTC'
        ) from None


def parse_moment(text: str, zone: tzinfo = UTC) -> datetime:
    """Return a point in time; one without a time zone is in `zone`. Raises BadInput.

    >>> parse_moment("2026-11-30 23:59:01.123456789 UTC").isoformat()
    '2026-11-30T23:59:01.123456+00:00'
    >>> parse_moment("Monday, 30 November 2026, 11:59 PM").hour
    23
    """
    words = " ".join(text[:100].split())
    time, name = words, ""
    if match := re.fullmatch(r"(.*\d) ?([A-Za-z]+(?:/[\w/+-]+)?)", words):
        time, name = match[1], match[2]
    if name.upper() in ("AM", "PM"):
        time, name = words, ""
    moment = _read(re.sub(r" (?=[+-]\d\d:?\d\d$)", "", time)) if ":" in time else None
    if moment is None:
        raise BadInput(
            f'"{text[:60]}" is no time; write it like 2026-11-30T23:59, or 2026-11-30T23:59+01:00'
        )
    return moment if moment.tzinfo else moment.replace(tzinfo=zone_of(name) if name else zone)


def _read(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    for form in FORMATS:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    return None


def parse_percent(text: str) -> float:
    """Return a share from text such as "10%". Raises BadInput.

    >>> parse_percent("10%"), parse_percent("2.5")
    (0.1, 0.025)
    """
    match = re.fullmatch(r"\s*(\d{1,3}(?:\.\d+)?)\s*%?\s*", text)
    if match is None or float(match[1]) > 100:
        raise BadInput(f'--late must be from 0% to 100% per day, got "{text[:40]}"')
    return float(match[1]) / 100


class LatePolicy(NamedTuple):
    """What late work costs: a share of the exercise's points for each day that has begun, as on Canvas."""

    deadline: datetime | None = None
    grace: timedelta = timedelta()
    per_day: float = 0.0

    def lateness(self, submitted: datetime | None, is_late: bool | None) -> "Lateness":
        """Judge by the time if both times are known, else by the mark of the system.

        >>> due = datetime(2026, 11, 30, 23, 59, tzinfo=UTC)
        >>> policy = LatePolicy(due, timedelta(minutes=15), 0.1)
        >>> [
        ...     policy.lateness(due + late, None).days
        ...     for late in (timedelta(minutes=15), DAY, DAY * 1.01)
        ... ]
        [0, 1, 2]
        >>> policy.lateness(None, True)
        Lateness(days=1, why='late by a time that is not known: counted as 1 day')
        """
        if self.deadline is not None and submitted is not None:
            over = submitted - self.deadline
            days = -(-over // DAY) if over > self.grace else 0
            return Lateness(
                days, f"late by {_said(over)}: counted as {_days(days)}" if days else ""
            )
        if is_late:
            return Lateness(1, "late by a time that is not known: counted as 1 day")
        if self.deadline is not None and is_late is None:
            return Lateness(0, "when it was handed in is not known: not counted as late")
        return Lateness(0, "")

    def penalty(self, days: int, raw: float, possible: float) -> float:
        """Return the points that are taken off: no score falls below 0 by it.

        >>> (
        ...     LatePolicy(per_day=0.1).penalty(3, 70.0, 100.0),
        ...     LatePolicy(per_day=0.1).penalty(9, 70.0, 100.0),
        ... )
        (30.0, 70.0)
        """
        return max(0.0, min(round(days * self.per_day * possible, 6), raw))


class Lateness(NamedTuple):
    """How late something was, in days that have begun, and the sentence for the report."""

    days: int
    why: str


def _days(days: int) -> str:
    return "1 day" if days == 1 else f"{days} days"


def _said(time: timedelta) -> str:
    hours, minutes = divmod(-(-int(time.total_seconds()) // 60), 60)
    days, hours = divmod(hours, 24)
    parts = [f"{n} {unit}" for n, unit in ((days, "d"), (hours, "h"), (minutes, "min")) if n]
    return " ".join(parts) or "less than a minute"


def parse_grace(text: str) -> timedelta:
    """Return a time span from text such as "15m" or "2h". Raises BadInput.

    >>> parse_grace("15m")
    datetime.timedelta(seconds=900)
    """
    try:
        grace = timedelta(seconds=parse_time(text))
        if grace >= timedelta():
            return grace
    except (OverflowError, ValueError):  # BadInput is a ValueError
        pass
    raise BadInput(f'--grace must be a time such as 15m, 2h or 1d, got "{text[:40]}"')
