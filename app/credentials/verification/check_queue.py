"""Which checks wait to be made, and which are due by the calendar."""

from datetime import date

from sqlalchemy import or_, select
from sqlmodel import col

from app.credentials import permissions, recheck_schedule
from app.credentials.tables import NEVER, Credential
from app.credentials.verification import attempts, check_results
from app.credentials.verification.tables import Outcome, Trigger, VerificationAttempt
from app.db.database import Session
from app.organizations import calendar

MOST_IN_A_TURN = 100


async def waiting_in_all_organizations(session: Session) -> list[tuple[str, str]]:
    """(organization, attempt) of pending checks that nobody has leased, the oldest first, across tenants."""
    until = col(VerificationAttempt.leased_until)
    statement = (
        select(col(VerificationAttempt.organization_id), col(VerificationAttempt.id))
        .where(col(VerificationAttempt.outcome) == Outcome.PENDING, or_(until.is_(None), until < session.now))
        .order_by(col(VerificationAttempt.requested_at))
        .limit(MOST_IN_A_TURN)
    )
    return [(row[0], row[1]) for row in await session.execute(statement)]


async def organizations_with_due_checks(session: Session) -> list[str]:
    """The organizations of which some credential is due to be checked, across tenants."""
    statement = select(col(Credential.organization_id)).where(col(Credential.next_check_at) <= session.now).distinct()
    return list(await session.scalars(statement))


async def open_due_checks(session: Session, organization_id: str) -> int:
    """Write pending checks for an organization's due credentials; gives how many."""
    statement = (
        select(Credential)
        .where(col(Credential.organization_id) == organization_id, col(Credential.next_check_at) <= session.now)
        .order_by(col(Credential.next_check_at))
        .limit(MOST_IN_A_TURN)
    )
    due = await session.locked(statement, skip_locked=True)
    today = await calendar.today(session, organization_id)
    for credential in due:
        if permissions.verify(credential) is not None:
            credential.next_check_at = None
            continue
        actor = check_results.system(organization_id)
        await attempts.open_attempt(session, actor, credential, _trigger(credential, today))
    return len(due)


def _trigger(credential: Credential, today: date) -> Trigger:
    if credential.expires_on == NEVER:
        return Trigger.SCHEDULED
    away = (today - credential.expires_on).days
    near = away in recheck_schedule.AROUND_EXPIRY
    return Trigger.EXPIRY if near else Trigger.SCHEDULED
