"""Scheduling the next check with a registry: at an interval, and around the expiry date.

Pure, except `resume`, which reads the type and the time zone.
"""

from datetime import UTC, datetime, time, timedelta, tzinfo

from app.credential_types.tables import CredentialType
from app.credentials import permissions, queries
from app.credentials.tables import NEVER, Credential
from app.db.session import Session
from app.organizations import calendar

DEFAULT_INTERVAL = timedelta(days=7)
"""The interval of types that set none."""
DAYS_AROUND_EXPIRY = (-60, -28, -14, -7, -3, 0, 3)
"""Days relative to the expiry date."""
CHECK_TIME = time(3)
"""Time of day in the organization's time zone. The result is there when people start work."""


def interval(credential_type: CredentialType) -> timedelta:
    """Return the time between two checks of a type's credentials."""
    return (
        DEFAULT_INTERVAL
        if credential_type.verification_interval_days is None
        else timedelta(days=credential_type.verification_interval_days)
    )


def schedule_next(credential: Credential, now: datetime, every: timedelta, zone: tzinfo) -> None:
    """Set the next check: after the interval, or earlier on one of the days around expiry."""
    if not _is_rechecked(credential):
        credential.next_check_at = None
        return
    due = [now + every]
    if credential.expires_on != NEVER:
        expiry = datetime.combine(credential.expires_on, CHECK_TIME, zone)
        around = ((expiry + timedelta(days=day)).astimezone(UTC) for day in DAYS_AROUND_EXPIRY)
        due += [instant for instant in around if instant > now]
    credential.next_check_at = min(due)


def make_due(credential: Credential, now: datetime) -> None:
    """Make a credential due for a check now, if a registry verifies it."""
    credential.next_check_at = now if credential.is_verifiable else None


async def resume(session: Session, credential: Credential) -> None:
    """Reschedule a credential after a change that starts or stops its checks, such as a restore or a review."""
    if not _is_rechecked(credential):
        credential.next_check_at = None
        return
    credential_type = await queries.type_of(session, credential)
    schedule_next(
        credential,
        session.now,
        interval(credential_type),
        await calendar.time_zone(session, credential.organization_id),
    )


def _is_rechecked(credential: Credential) -> bool:
    """Report whether a credential is rechecked at all. Only a reviewer can reverse a rejection, so no check is made."""
    return permissions.verify(credential) is None and not permissions.is_rejected(credential)
