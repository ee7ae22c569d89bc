"""The calendar of an organization: its time zone and its current day."""

from datetime import date
from zoneinfo import ZoneInfo

from app.core import clock
from app.db.session import Session
from app.organizations import settings


async def today(session: Session, organization_id: str) -> date:
    """Return the current day in an organization's time zone."""
    return clock.today(session.now, await time_zone(session, organization_id))


async def time_zone(session: Session, organization_id: str) -> ZoneInfo:
    """Return the time zone of an organization."""
    return ZoneInfo((await settings.load(session, organization_id)).time_zone)
