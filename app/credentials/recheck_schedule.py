"""When a registry is to be asked again: regularly, and around the expiry date. Pure, but for the last."""

from datetime import UTC, datetime, time, timedelta, tzinfo

from app.credential_types.tables import CredentialType
from app.credentials import permissions
from app.credentials.tables import NEVER, Credential
from app.db.database import Session
from app.organizations import calendar

EVERY = timedelta(days=7)
"""The interval of types that choose none."""
AROUND_EXPIRY = (-60, -28, -14, -7, -3, 0, 3)
"""Days from the expiry date."""
HOUR_OF_DAY = time(3)
"""Of the organization's own days, so that its people find the answer in the morning."""


def interval(kind: CredentialType) -> timedelta:
    """How long after a check a type's registry is asked again."""
    return EVERY if kind.verification_interval_days is None else timedelta(days=kind.verification_interval_days)


def plan(credential: Credential, now: datetime, every: timedelta, zone: tzinfo) -> None:
    """Set the next check: after the type's interval, or on the next of the days around expiry."""
    if not _is_due_ever(credential):
        credential.next_check_at = None
        return
    due = [now + every]
    if credential.expires_on != NEVER:
        expiry = datetime.combine(credential.expires_on, HOUR_OF_DAY, zone)
        around = ((expiry + timedelta(days=day)).astimezone(UTC) for day in AROUND_EXPIRY)
        due += [instant for instant in around if instant > now]
    credential.next_check_at = min(due)


def soon(credential: Credential, now: datetime) -> None:
    """Have it checked at the next opportunity, if a registry verifies it."""
    credential.next_check_at = now if credential.is_verifiable else None


async def resume(session: Session, credential: Credential) -> None:
    """Have a credential that was put away, or decided about, checked by the calendar again, or not any more."""
    if not _is_due_ever(credential):
        credential.next_check_at = None
        return
    kind = await session.row(CredentialType, (credential.organization_id, credential.credential_type_id))
    plan(credential, session.now, interval(kind), await calendar.zone(session, credential.organization_id))


def _is_due_ever(credential: Credential) -> bool:
    """Whether the calendar has it checked. What a reviewer turned down is for a reviewer to bring back."""
    return permissions.verify(credential) is None and not permissions.is_rejected(credential)
