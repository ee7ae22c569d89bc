"""The queue of pending checks, and opening the checks that are due."""

from datetime import date

from sqlalchemy import or_, select
from sqlmodel import col

from app.credentials import permissions, recheck_schedule
from app.credentials.tables import NEVER, Credential
from app.credentials.verification import attempts, check_results
from app.credentials.verification.tables import VerificationAttempt, VerificationOutcome, VerificationTrigger
from app.db.session import Session
from app.organizations import calendar

MAX_PER_RUN = 100
"""Checks per run of the job, so that one organization's backlog does not delay the others."""


async def waiting_in_all_organizations(session: Session) -> list[tuple[str, str]]:
    """Return (organization id, attempt id) of pending checks without a lease, across tenants, oldest first."""
    leased_until = col(VerificationAttempt.leased_until)
    statement = (
        select(col(VerificationAttempt.organization_id), col(VerificationAttempt.id))
        .where(
            col(VerificationAttempt.outcome) == VerificationOutcome.PENDING,
            or_(leased_until.is_(None), leased_until < session.now),
        )
        .order_by(col(VerificationAttempt.requested_at))
        .limit(MAX_PER_RUN)
    )
    return [(row[0], row[1]) for row in await session.execute(statement)]


async def organizations_with_due_checks(session: Session) -> list[str]:
    """Return the ids of organizations with a credential due for a check, across tenants."""
    statement = select(col(Credential.organization_id)).where(col(Credential.next_check_at) <= session.now).distinct()
    return list(await session.scalars(statement))


async def open_due_checks(session: Session, organization_id: str) -> int:
    """Open attempts for up to `MAX_PER_RUN` due credentials of an organization. Return the number of credentials."""
    statement = (
        select(Credential)
        .where(col(Credential.organization_id) == organization_id, col(Credential.next_check_at) <= session.now)
        .order_by(col(Credential.next_check_at))
        .limit(MAX_PER_RUN)
    )
    due = await session.scalars_for_update(statement, skip_locked=True)
    today = await calendar.today(session, organization_id)
    for credential in due:
        if permissions.verify(credential) is not None:
            credential.next_check_at = None
            continue
        actor = check_results.system_actor(organization_id)
        await attempts.open_attempt(session, actor, credential, _trigger(credential, today))
    return len(due)


def _trigger(credential: Credential, today: date) -> VerificationTrigger:
    if credential.expires_on == NEVER:
        return VerificationTrigger.SCHEDULED
    days_after_expiry = (today - credential.expires_on).days
    is_near = days_after_expiry in recheck_schedule.DAYS_AROUND_EXPIRY
    return VerificationTrigger.EXPIRY if is_near else VerificationTrigger.SCHEDULED
