"""Which day it is in an organization."""

from datetime import date
from zoneinfo import ZoneInfo

from app.core import clock
from app.core.database import Session
from app.organizations import settings


async def today(session: Session, organization_id: str) -> date:
    """The calendar day of the session's instant, in the organization's time zone."""
    organization = await settings.of(session, organization_id)
    return clock.today(session.now, ZoneInfo(organization.time_zone))
