"""Actions that the state of a rule, an exemption or a request allows. Pure: mutations and `viewerCan…` share them.

Each function returns the refusal of an action, or None if the action is allowed.
"""

from app.access import ReviewPolicy
from app.compliance.tables import CredentialRequest, Exemption, RequirementRule
from app.core.errors import (
    AlreadyRevoked,
    AlreadySubmitted,
    Deleted,
    DomainError,
    NotDeleted,
    RequestClosed,
    RequestOpen,
    SelfReview,
)
from app.credentials.tables import IntakeStatus

ID = ("id",)

RULE_READS = ("deleted_at",)
EXEMPTION_READS = ("revoked_at", "worker_id", "worker_deleted")
REQUEST_READS = ("closed_at", "status", "worker_deleted")
"""The columns that the functions about rules, exemptions and requests read."""


def change(rule: RequirementRule) -> DomainError | None:
    """Refuse to change or delete a deleted rule."""
    return None if rule.deleted_at is None else Deleted("the requirement rule is deleted", ID)


def undelete(rule: RequirementRule) -> DomainError | None:
    """Refuse to undelete a rule that is not deleted."""
    return NotDeleted("the requirement rule is not deleted", ID) if rule.deleted_at is None else None


def grant(worker_id: str, *, policy: ReviewPolicy) -> DomainError | None:
    """Refuse to exempt oneself."""
    own = policy.is_own(worker_id)
    return SelfReview("nobody exempts themselves; ask another approver", ("worker",)) if own else None


def revoke(exemption: Exemption, *, policy: ReviewPolicy) -> DomainError | None:
    """Refuse to revoke an exemption twice, of a deleted worker, or one's own."""
    if exemption.worker_deleted:
        return _worker_deleted()
    if exemption.revoked_at is not None:
        return AlreadyRevoked("the exemption is already revoked", ID)
    own = policy.is_own(exemption.worker_id)
    return SelfReview("nobody decides about their own exemption; ask another approver", ID) if own else None


def remind_or_cancel(request: CredentialRequest) -> DomainError | None:
    """Refuse to send a reminder for, or to cancel, a request that is closed or answered, or of a deleted worker."""
    if request.worker_deleted:
        return _worker_deleted()
    if request.closed_at is not None:
        return RequestClosed("the request is closed; raise it again instead", ID)
    if request.status is not IntakeStatus.REQUESTED:
        return AlreadySubmitted("the worker has already answered the request", ID)
    return None


def resend(request: CredentialRequest) -> DomainError | None:
    """Refuse to raise an open request again, or that of a deleted worker."""
    if request.worker_deleted:
        return _worker_deleted()
    return RequestOpen("the request is still open; send a reminder instead", ID) if request.closed_at is None else None


def _worker_deleted() -> DomainError:
    return Deleted("the worker is deleted; undelete the worker first", ("worker",))
