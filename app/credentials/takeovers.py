"""Takeovers: as days pass, credentials follow the version that is in force.

A credential's row shows the version in force today, so that lists can be filtered and sorted by its dates. On the day
on which another version takes over, the jobs bring the row up to date, and so does the first operation of the day that
reaches a process (`ensure_today`), so that no answer depends on the jobs. The facts of the credential do not change
thereby: its revision and its time of change stay, and no event is recorded. Compliance does not read these columns: it
evaluates each day by the periods of all versions.
"""

from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, update
from sqlmodel import col

from app.core import clock
from app.core.fields import MIN_DATE
from app.credentials import version_sync
from app.credentials.tables import NEVER, Credential
from app.db.database import Database
from app.db.session import Session
from app.organizations import calendar
from app.organizations.tables import Organization

MAX_PER_TRANSACTION = 500
"""Credentials brought up to date by one transaction, which bounds the time it holds their locks."""


async def organizations_with_takeovers(session: Session) -> list[str]:
    """Return the ids of organizations, across tenants, with a credential whose next version takes over today."""
    first = (
        select(func.min(col(Credential.next_takeover_on)))
        .where(
            col(Credential.organization_id) == col(Organization.organization_id),
            col(Credential.next_takeover_on).is_not(None),
        )
        .scalar_subquery()
    )
    statement = select(col(Organization.id), col(Organization.time_zone), first).order_by(col(Organization.id))
    return [
        organization_id
        for organization_id, time_zone, day in await session.execute(statement)
        if (day or NEVER) <= clock.today(session.now, ZoneInfo(time_zone))
    ]


async def take_over(session: Session, organization_id: str) -> int:
    """Bring up to `MAX_PER_TRANSACTION` credentials in line with the version in force today. Return their number."""
    today = await calendar.today(session, organization_id)
    statement = (
        select(Credential)
        .where(col(Credential.organization_id) == organization_id, col(Credential.next_takeover_on) <= today)
        .order_by(col(Credential.next_takeover_on), col(Credential.id))
        .limit(MAX_PER_TRANSACTION)
    )
    # A locked credential is being changed by somebody, and stays due unless that change brings it up to date.
    credentials = await session.scalars_for_update(statement, skip_locked=True)
    for credential in credentials:
        version_sync.follow_today(credential, today, session.now)
    return len(credentials)


async def make_all_due(session: Session, organization_id: str) -> None:
    """Make all credentials with several versions due: after a change of time zone, today may be an earlier day."""
    await session.execute(
        update(Credential)
        .where(col(Credential.organization_id) == organization_id, col(Credential.periods) != [])
        .values(next_takeover_on=MIN_DATE)
        .execution_options(synchronize_session=False)
    )


async def ensure_today(database: Database, organization_id: str, today: date) -> bool:
    """Bring an organization's credentials in line with a day that has begun. Return False if some are left.

    Those are left that somebody is changing just now.
    """
    is_due = select(col(Credential.id)).where(
        col(Credential.organization_id) == organization_id, col(Credential.next_takeover_on) <= today
    )

    async def attempt() -> int:
        async with database.writing("takeover") as session:
            return await take_over(session, organization_id)

    while True:
        async with database.reading() as session:
            if await session.scalar(is_due.limit(1)) is None:
                return True
        if not await database.run_with_retries(attempt):
            return False
