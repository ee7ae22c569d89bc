"""The time of day, passed in wherever it is needed so that tests can choose it."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

Clock = Callable[[], datetime]


def system() -> datetime:
    """The machine's time, in UTC."""
    return datetime.now(UTC)


def today(now: datetime, time_zone: ZoneInfo) -> date:
    """The calendar day that an instant falls on in an organization's time zone."""
    return now.astimezone(time_zone).date()
