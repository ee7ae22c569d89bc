"""Which day it is in an organization, and where its days begin."""

from datetime import date
from zoneinfo import ZoneInfo

from app.core import clock
from app.db.database import Session
from app.organizations import settings


async def today(session: Session, organization_id: str) -> date:
    """The calendar day of the session's instant, in the organization's time zone."""
    return clock.today(session.now, await zone(session, organization_id))


async def zone(session: Session, organization_id: str) -> ZoneInfo:
    """The time zone in which an organization's dates mean days."""
    return ZoneInfo((await settings.of(session, organization_id)).time_zone)
