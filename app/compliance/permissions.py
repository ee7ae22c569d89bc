"""What the state of a rule, an exemption or a request allows. Pure: the mutations and `viewerCan…` ask the same."""

from app.compliance.tables import CredentialRequest, Exemption, RequirementRule
from app.core.errors import AlreadyRevoked, AlreadySubmitted, Deleted, DomainError, RequestClosed, RequestOpen
from app.credentials.tables import Intake

ID = ("id",)

RULE_READS = ("deleted_at",)
EXEMPTION_READS = ("revoked_at",)
REQUEST_READS = ("closed_at", "status")
"""The columns that the functions about each look at."""


def change(rule: RequirementRule) -> DomainError | None:
    """Why a rule cannot be changed or deleted, if it cannot."""
    return None if rule.deleted_at is None else Deleted("the requirement rule is deleted", ID)


def revoke(exemption: Exemption) -> DomainError | None:
    """Why an exemption cannot be taken back, if it cannot."""
    return None if exemption.revoked_at is None else AlreadyRevoked("the exemption is revoked already", ID)


def pursue(request: CredentialRequest) -> DomainError | None:
    """Why a worker cannot be reminded of a request, or the request not be cancelled, if it cannot."""
    if request.closed_at is not None:
        return RequestClosed("the request is settled or cancelled", ID)
    if request.status is not Intake.REQUESTED:
        return AlreadySubmitted("the worker has answered the request", ID)
    return None


def resend(request: CredentialRequest) -> DomainError | None:
    """Why a request cannot be raised again, if it cannot."""
    return RequestOpen("the request still waits; remind instead", ID) if request.closed_at is None else None
