"""A reviewer's decision about a version: approve or reject."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from app.access import Actor
from app.core import fields
from app.core.errors import AlreadyApproved, AlreadyRejected, ApprovalFinal, DomainError, NotFound
from app.core.fields import Fields, Given, between, snapshot
from app.credentials import fields as credential_fields
from app.credentials import permissions, recheck_schedule, versions
from app.credentials.files import version_files
from app.credentials.tables import Approval, Credential, CredentialVersion, Intake, VerificationStatus
from app.db import bulk, row_access
from app.db.database import Session
from app.db.idempotency import outcome
from app.events import event_log
from app.events.event_kinds import EventKind
from app.organizations import settings
from app.organizations.tables import Organization
from app.registries.protocol import Eligibility, StatusDetail

WORDS = Fields(
    (
        fields.text("reason", "reason", longest=500),
        fields.text("notes", "notes", longest=4_000),
    )
)


async def approve(session: Session, actor: Actor, given: Given) -> Credential:
    """Accept a version, the latest unless another is named: the credential is in force."""
    credential, version, organization = await _claim(session, actor, given)
    refusal = permissions.approve(credential, version.approval, final=settings.decisions_are_final(organization))
    if refusal is not None:
        raise _placed(refusal, given)
    row_access.expect(credential.revision, given.get("expectedRevision"))
    answers = credential.intake is Intake.SUBMITTED and version.id == credential.latest_version_id
    if answers:
        await version_files.check_complete(session, credential, version)
    before = _standing(credential, version)
    _decide(session, actor, version, Approval.APPROVED, given)
    credential.status = VerificationStatus.ACTIVE
    credential.eligibility = Eligibility.MAY_ENGAGE
    credential.status_detail = StatusDetail.VALID
    if answers:
        credential.intake = Intake.COMPLETED
    return await _save(session, actor, credential, version, before, EventKind.CREDENTIAL_APPROVED)


async def reject(session: Session, actor: Actor, given: Given) -> Credential:
    """Refuse a version. The credential falls with it, unless an older approved version is still effective."""
    credential, version, organization = await _claim(session, actor, given)
    refusal = permissions.reject(credential, version.approval, final=settings.decisions_are_final(organization))
    if refusal is not None:
        raise _placed(refusal, given)
    row_access.expect(credential.revision, given.get("expectedRevision"))
    stands = credential.effective_version_id not in (None, version.id)
    before = _standing(credential, version)
    _decide(session, actor, version, Approval.REJECTED, given)
    if not stands:
        credential.status = VerificationStatus.REVOKED
        credential.eligibility = Eligibility.MAY_NOT_ENGAGE
        credential.status_detail = StatusDetail.REJECTED
    answers = credential.intake in (Intake.SUBMITTED, Intake.COMPLETED) and version.id == credential.latest_version_id
    if answers and not stands and organization.resubmit_on_reject:
        credential.intake = Intake.REQUESTED
    return await _save(session, actor, credential, version, before, EventKind.CREDENTIAL_REJECTED)


async def _claim(session: Session, actor: Actor, given: Given) -> tuple[Credential, CredentialVersion, Organization]:
    credential = await row_access.claim(session, actor, Credential, given["id"], ("id",))
    key = given.get("version") or credential.latest_version_id
    settings.want(session, actor.organization_id)
    version = await row_access.find(session, actor, CredentialVersion, key, ("version",))
    if version.credential_id != credential.id:
        raise NotFound(f"version: there is no version {key} of this credential", ("version",))
    organization = await settings.of(session, actor.organization_id)
    return credential, version, organization


def _placed(refusal: DomainError, given: Given) -> DomainError:
    """A refusal for what was decided before lies at the version, where one is named."""
    if given.get("version") and isinstance(refusal, AlreadyApproved | AlreadyRejected | ApprovalFinal):
        refusal.path = ("version",)
    return refusal


def _decide(session: Session, actor: Actor, version: CredentialVersion, decision: Approval, given: Given) -> None:
    words = WORDS.read(given, absent="clear")
    version.approval = decision
    version.decided_by = actor.id
    version.decided_at = session.now
    version.reason = words["reason"]
    version.notes = words["notes"]


def _standing(credential: Credential, version: CredentialVersion) -> dict[str, Any]:
    return {**snapshot(credential, credential_fields.STANDING), **snapshot(version, credential_fields.DECISION)}


async def _save(
    session: Session,
    actor: Actor,
    credential: Credential,
    version: CredentialVersion,
    before: dict[str, Any],
    fact: EventKind,
) -> Credential:
    await versions.settle(session, credential)
    if credential.next_check_at is None or permissions.is_rejected(credential):
        await recheck_schedule.resume(session, credential)
    credential_fields.grow(credential, session.now)
    changes = between(before, _standing(credential, version))
    changes["number"] = {"from": version.number, "to": version.number}
    event_log.record(session, actor, fact, credential, changes, worker_id=credential.worker_id)
    return credential


class ReviewStatus(StrEnum):
    """What became of one credential of a bulk decision."""

    DECIDED = "DECIDED"
    SKIPPED = "SKIPPED"


@outcome
@dataclass(frozen=True)
class ReviewResult:
    """What became of one credential."""

    credential_id: str
    status: ReviewStatus
    credential: Credential | None = None
    errors: Sequence[DomainError] = field(default_factory=list)


@outcome
@dataclass(frozen=True)
class Reviewed:
    """What became of all, with totals."""

    results: list[ReviewResult]
    total: int
    succeeded: int
    failed: int


async def approve_all(session: Session, actor: Actor, given: Given) -> Reviewed:
    """Approve the latest version of each credential; each stands alone, at most 500 in one call."""
    return await _all(session, actor, given, approve)


async def reject_all(session: Session, actor: Actor, given: Given) -> Reviewed:
    """Reject the latest version of each credential; each stands alone, at most 500 in one call."""
    return await _all(session, actor, given, reject)


async def _all(session: Session, actor: Actor, given: Given, decide: Any) -> Reviewed:
    keys: list[str] = given["ids"]

    async def one(key: str) -> Credential:
        words = {name: given[name] for name in ("reason", "notes") if name in given}
        credential: Credential = await decide(session, actor, {"id": key, **words})
        return credential

    bulk.check_length(keys, "ids")
    await row_access.lock(session, actor, Credential, keys)
    done = await bulk.each(session, keys, one, path="ids")
    results = [
        ReviewResult(key, ReviewStatus.SKIPPED, errors=found)
        if isinstance(found, list)
        else ReviewResult(key, ReviewStatus.DECIDED, found)
        for key, found in zip(keys, done, strict=True)
    ]
    failed = sum(result.status is ReviewStatus.SKIPPED for result in results)
    return Reviewed(results, len(results), len(results) - failed, failed)
