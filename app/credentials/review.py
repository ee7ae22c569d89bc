"""Approving and rejecting a version."""

from typing import Any, Protocol

from sqlalchemy import func, select
from sqlmodel import col

from app.access import Actor, ReviewPolicy
from app.core.errors import AlreadyApproved, AlreadyRejected, ApprovalFinal, DomainError, NotFound
from app.core.fields import Input, changes_between, snapshot
from app.credential_types.tables import CredentialType
from app.credentials import fields as credential_fields
from app.credentials import permissions, recheck_schedule, version_sync
from app.credentials.files import version_files
from app.credentials.tables import ApprovalStatus, Credential, CredentialVersion, IntakeStatus, VerificationStatus
from app.credentials.verification import last_finding
from app.db import row_access
from app.db.session import Session
from app.events import event_log
from app.events.event_kinds import EventKind
from app.organizations import settings
from app.organizations.tables import Organization
from app.registries.findings import Eligibility, StatusDetail


class DecisionRule(Protocol):
    """A rule of `permissions` about a decision."""

    def __call__(
        self, credential: Credential, approval: ApprovalStatus, *, policy: ReviewPolicy
    ) -> DomainError | None: ...


async def approve(session: Session, actor: Actor, input: Input) -> Credential:
    """Approve a version, by default the latest. It must have the files that its type requires.

    The credential becomes active.
    """
    credential, version, _ = await _lock(session, actor, input, permissions.approve)
    await version_files.check_complete(session, credential, version)
    is_submission = credential.intake is IntakeStatus.SUBMITTED and version.id == credential.latest_version_id
    before = _snapshot(credential, version)
    await _decide(session, actor, credential, version, ApprovalStatus.APPROVED, input)
    credential.status = VerificationStatus.ACTIVE
    credential.eligibility = Eligibility.MAY_ENGAGE
    credential.status_detail = StatusDetail.VALID
    if is_submission:
        credential.intake = IntakeStatus.COMPLETED
    return await _finish(session, actor, credential, version, before, EventKind.CREDENTIAL_APPROVED)


async def reject(session: Session, actor: Actor, input: Input) -> Credential:
    """Reject a version, by default the latest. The credential is revoked unless another version stands.

    Where another one stands, the status stays as it is: an approval that is taken back leaves the credential active,
    and what a registry found in the meantime is not undone. What it found before counts again, unless an approval that
    stands came later.
    """
    credential, version, organization = await _lock(session, actor, input, permissions.reject)
    before = _snapshot(credential, version)
    await _decide(session, actor, credential, version, ApprovalStatus.REJECTED, input)
    stays_effective = credential.effective_version_id is not None
    if not stays_effective:
        credential.status = VerificationStatus.REVOKED
        credential.eligibility = Eligibility.MAY_NOT_ENGAGE
        credential.status_detail = StatusDetail.REJECTED
    elif credential.status_detail is StatusDetail.VALID:
        await _take_back(session, credential)
    is_submission = (
        credential.intake in (IntakeStatus.SUBMITTED, IntakeStatus.COMPLETED)
        and version.id == credential.latest_version_id
    )
    if is_submission and not stays_effective and organization.resubmit_on_reject:
        credential.intake = IntakeStatus.REQUESTED
    return await _finish(session, actor, credential, version, before, EventKind.CREDENTIAL_REJECTED)


async def _take_back(session: Session, credential: Credential) -> None:
    """Let the last finding count again where only a rejected approval has outweighed it."""
    statement = select(func.max(col(CredentialVersion.decided_at))).where(
        col(CredentialVersion.organization_id) == credential.organization_id,
        col(CredentialVersion.credential_id) == credential.id,
        col(CredentialVersion.approval) == ApprovalStatus.APPROVED,
    )
    await session.flush()  # the rejection itself
    await last_finding.restore(session, credential, await session.scalar(statement))


async def _lock(
    session: Session, actor: Actor, input: Input, rule: DecisionRule
) -> tuple[Credential, CredentialVersion, Organization]:
    """Return the locked credential, its version and the organization, if the rule allows the decision."""
    credential = await row_access.find_for_update(session, actor, Credential, input["id"], ("id",))
    key = input.get("version") or credential.latest_version_id
    settings.prefetch(session, actor.organization_id)
    session.prefetch(CredentialType, (credential.organization_id, credential.credential_type_id))
    version = await row_access.find(session, actor, CredentialVersion, key, ("version",))
    if version.credential_id != credential.id:
        raise NotFound(f"version: there is no version {key} of this credential", ("version",))
    organization = await settings.load(session, actor.organization_id)
    refusal = rule(credential, version.approval, policy=settings.review_policy(organization, actor.worker_id))
    if refusal is not None:
        raise _with_path(refusal, input)
    row_access.check_revision(credential.revision, input.get("expectedRevision"))
    return credential, version, organization


def _with_path(refusal: DomainError, input: Input) -> DomainError:
    """Return the refusal with the version's path, if the version was decided before and the input names it."""
    if input.get("version") and isinstance(refusal, AlreadyApproved | AlreadyRejected | ApprovalFinal):
        refusal.path = ("version",)
    return refusal


async def _decide(
    session: Session,
    actor: Actor,
    credential: Credential,
    version: CredentialVersion,
    decision: ApprovalStatus,
    input: Input,
) -> None:
    comments = credential_fields.COMMENT_FIELDS.parse(input, absent="clear")
    version.approval = decision
    version.decided_by = actor.id
    version.decided_at = session.now
    version.reason = comments["reason"]
    version.notes = comments["notes"]
    await version_sync.sync_credential(session, credential)


def _snapshot(credential: Credential, version: CredentialVersion) -> dict[str, Any]:
    return {
        **snapshot(credential, credential_fields.STATUS_FIELDS),
        **snapshot(version, credential_fields.DECISION_FIELDS),
    }


async def _finish(
    session: Session,
    actor: Actor,
    credential: Credential,
    version: CredentialVersion,
    before: dict[str, Any],
    event_kind: EventKind,
) -> Credential:
    if credential.next_check_at is None or permissions.is_rejected(credential):
        await recheck_schedule.resume(session, credential)
    credential_fields.touch(credential, session.now)
    changes = changes_between(before, _snapshot(credential, version))
    changes["number"] = {"from": version.number, "to": version.number}
    event_log.record(session, actor, event_kind, credential, changes, worker_id=credential.worker_id)
    return credential
