"""The current time, passed in wherever it is needed so that tests can set it."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

Clock = Callable[[], datetime]


def system() -> datetime:
    """Return the machine's time in UTC."""
    return datetime.now(UTC)


def today(now: datetime, time_zone: ZoneInfo) -> date:
    """Return the calendar day of an instant in a time zone."""
    return now.astimezone(time_zone).date()
