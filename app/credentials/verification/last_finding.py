"""The last finding about a credential, and the status that follows from a finding."""

from datetime import datetime

from sqlalchemy import select
from sqlmodel import col

from app.credentials.tables import Credential, VerificationStatus
from app.credentials.verification.tables import VerificationAttempt, VerificationOutcome
from app.db.session import Session
from app.registries.findings import Eligibility, StatusDetail

STATUS_BY_DETAIL: dict[StatusDetail | None, VerificationStatus] = {
    StatusDetail.VALID: VerificationStatus.ACTIVE,
    StatusDetail.CONDITIONS: VerificationStatus.ACTIVE,
    StatusDetail.EXPIRED: VerificationStatus.EXPIRED,
    StatusDetail.SUSPENDED: VerificationStatus.SUSPENDED,
    StatusDetail.CANCELLED: VerificationStatus.REVOKED,
    StatusDetail.NOT_ACCEPTABLE: VerificationStatus.REVOKED,
}
"""The credential's status by the finding's detail; PENDING for any other."""
ADVERSE = frozenset({VerificationStatus.EXPIRED, VerificationStatus.SUSPENDED, VerificationStatus.REVOKED})
"""The statuses that speak against the holder."""
WITHOUT_FINDING = (VerificationOutcome.PENDING, VerificationOutcome.ERROR)


async def restore(session: Session, credential: Credential, since: datetime | None) -> None:
    """Let the last finding about a credential count again, if it was made after an instant, or at all for None."""
    attempt = await _find_last(session, credential)
    if attempt is None:
        return
    found_at = attempt.resolved_at or attempt.finished_at
    if found_at is None or (since is not None and found_at <= since):
        return
    _apply(credential, attempt)


async def restore_adverse(session: Session, credential: Credential) -> None:
    """Let the last finding about a credential count again, if it speaks against the holder."""
    attempt = await _find_last(session, credential)
    if attempt is not None and (attempt.eligibility is Eligibility.MAY_NOT_ENGAGE or _status(attempt) in ADVERSE):
        _apply(credential, attempt)
        credential.raw_status = attempt.raw_status


async def _find_last(session: Session, credential: Credential) -> VerificationAttempt | None:
    statement = (
        select(VerificationAttempt)
        .where(
            col(VerificationAttempt.organization_id) == credential.organization_id,
            col(VerificationAttempt.credential_id) == credential.id,
            col(VerificationAttempt.outcome).not_in(WITHOUT_FINDING),
        )
        .order_by(col(VerificationAttempt.requested_at).desc(), col(VerificationAttempt.id).desc())
        .limit(1)
    )
    return (await session.scalars(statement)).one_or_none()


def _apply(credential: Credential, attempt: VerificationAttempt) -> None:
    credential.status = _status(attempt)
    credential.eligibility, credential.status_detail = attempt.eligibility, attempt.status_detail


def _status(attempt: VerificationAttempt) -> VerificationStatus:
    if attempt.outcome is VerificationOutcome.RESOLVED and attempt.eligibility is not Eligibility.MAY_ENGAGE:
        return VerificationStatus.REVOKED
    found = STATUS_BY_DETAIL.get(attempt.status_detail, VerificationStatus.PENDING)
    return attempt.reported_status or found
