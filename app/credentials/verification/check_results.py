"""Writing what a check found, or that it failed, and letting a person settle what a program could not."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from app.access import Actor, ActorKind
from app.core.errors import Invalid, NotResolvable, allow
from app.core.fields import EARLIEST, LATEST, Changes, Given, between, snapshot
from app.credential_types.tables import CredentialType, Metadata
from app.credentials import fields, permissions, recheck_schedule, review, versions
from app.credentials.tables import Credential, VerificationStatus
from app.credentials.verification.tables import Outcome, VerificationAttempt
from app.db import row_access
from app.db.database import Session
from app.events import event_log
from app.events.event_kinds import EventKind
from app.organizations import calendar
from app.registries.protocol import Eligibility, Finding, StatusDetail

AGAIN_SOON = timedelta(hours=1)
"""When a registry is asked again that could not be asked, or had not decided yet."""
STATUSES: dict[StatusDetail | None, VerificationStatus] = {
    StatusDetail.VALID: VerificationStatus.ACTIVE,
    StatusDetail.CONDITIONS: VerificationStatus.ACTIVE,
    StatusDetail.EXPIRED: VerificationStatus.EXPIRED,
    StatusDetail.SUSPENDED: VerificationStatus.SUSPENDED,
    StatusDetail.CANCELLED: VerificationStatus.REVOKED,
    StatusDetail.NOT_ACCEPTABLE: VerificationStatus.REVOKED,
}
"""Where a finding puts the credential; any other leaves it pending."""
SETTLED = frozenset({Eligibility.MAY_ENGAGE, Eligibility.MAY_NOT_ENGAGE})


async def write(
    session: Session, organization_id: str, attempt_id: str, finding: Finding, adapter: str, latency: int | None
) -> None:
    """Write a finding, unless the attempt is settled or its credential is gone."""
    found = await _claim(session, organization_id, attempt_id)
    if found is None:
        return
    credential, attempt = found
    await record(session, credential, attempt, finding, adapter, latency)


async def record(
    session: Session,
    credential: Credential,
    attempt: VerificationAttempt,
    finding: Finding,
    adapter: str,
    latency: int | None,
) -> None:
    """Write a finding into a claimed credential and its pending attempt."""
    review_needed = finding.eligibility is Eligibility.REVIEW_REQUIRED
    attempt.outcome = Outcome.REVIEW_REQUIRED if review_needed else Outcome.COMPLETED
    attempt.finished_at = session.now
    attempt.leased_until = None
    attempt.adapter = adapter
    attempt.latency_ms = latency
    attempt.eligibility = finding.eligibility
    attempt.status_detail = finding.status_detail
    attempt.raw_status = finding.raw_status
    attempt.expiry_date = finding.expiry_date
    kind = await session.row(CredentialType, (credential.organization_id, credential.credential_type_id))
    expiry_date, problems = _taken_over(credential, kind, finding)
    attempt.problems = [*finding.problems, *problems]
    before = snapshot(credential, fields.STANDING)
    if not permissions.is_rejected(credential):
        credential.eligibility = finding.eligibility
        credential.status_detail = finding.status_detail
        credential.status = STATUSES.get(finding.status_detail, VerificationStatus.PENDING)
    credential.raw_status = finding.raw_status
    credential.last_verified_at = session.now
    actor = requester(attempt)
    corrected: Changes = {}
    if expiry_date is not None and expiry_date != credential.expiry_date:
        corrected = await versions.correct_expiry(session, actor, credential, expiry_date)
    undecided = finding.eligibility is Eligibility.IN_PROGRESS
    await _plan(session, credential, AGAIN_SOON if undecided else recheck_schedule.interval(kind))
    _save(session, actor, credential, attempt, before, corrected)


async def fail(session: Session, organization_id: str, attempt_id: str, adapter: str, message: str) -> None:
    """Write that the registry could not be asked. What was known of the credential stays."""
    found = await _claim(session, organization_id, attempt_id)
    if found is None:
        return
    credential, attempt = found
    attempt.outcome = Outcome.ERROR
    attempt.finished_at = session.now
    attempt.leased_until = None
    attempt.adapter = adapter
    attempt.eligibility = Eligibility.ERROR
    attempt.status_detail = StatusDetail.SOURCE_UNAVAILABLE
    attempt.error_message = message[:500]
    before = snapshot(credential, fields.STANDING)
    if credential.eligibility is None:
        credential.eligibility = Eligibility.ERROR
        credential.status_detail = StatusDetail.SOURCE_UNAVAILABLE
    await _plan(session, credential, AGAIN_SOON)
    _save(session, requester(attempt), credential, attempt, before)


async def resolve(session: Session, actor: Actor, given: Given) -> VerificationAttempt:
    """A person settles a check that needs a review."""
    attempt = await row_access.find(session, actor, VerificationAttempt, given["id"], ("id",))
    credential = await row_access.claim(session, actor, Credential, attempt.credential_id, ("id",))
    await session.refresh(attempt)
    allow(permissions.verify(credential))
    superseded = credential.eligibility is not Eligibility.REVIEW_REQUIRED or await _answered_since(session, attempt)
    if attempt.outcome is not Outcome.REVIEW_REQUIRED or superseded:
        raise NotResolvable("this check does not wait for a person", ("id",))
    decision: Eligibility = given["eligibility"]
    if decision not in SETTLED:
        raise Invalid("eligibility is neither MAY_ENGAGE nor MAY_NOT_ENGAGE", ("eligibility",))
    words = review.WORDS.read(given, absent="clear")
    accepted = decision is Eligibility.MAY_ENGAGE
    attempt.outcome = Outcome.RESOLVED
    attempt.resolved_by, attempt.resolved_at = actor.id, session.now
    attempt.eligibility = decision
    attempt.status_detail = StatusDetail.VALID if accepted else StatusDetail.REJECTED
    attempt.reason, attempt.notes = words["reason"], words["notes"]
    before = snapshot(credential, fields.STANDING)
    credential.eligibility = decision
    credential.status_detail = attempt.status_detail
    credential.status = VerificationStatus.ACTIVE if accepted else VerificationStatus.REVOKED
    _save(session, actor, credential, attempt, before)
    return attempt


def requester(attempt: VerificationAttempt) -> Actor:
    """Who asked for a check, as the ledger names them."""
    return Actor(
        attempt.organization_id,
        attempt.requested_by_kind,
        attempt.requested_by,
        attempt.requested_by_name,
        frozenset(),
    )


def system(organization_id: str) -> Actor:
    """The service itself, when it asks by the calendar or a registry pushes."""
    return Actor(organization_id, ActorKind.SYSTEM, "verification", "Verification", frozenset())


def _taken_over(credential: Credential, kind: CredentialType, finding: Finding) -> tuple[date | None, list[str]]:
    """The registry's expiry date, if the credential can take it over, and else what a person should look at."""
    day = finding.expiry_date
    if day is None:
        return None, []
    if Metadata.EXPIRY_DATE not in kind.supports:
        return None, []
    if not EARLIEST <= day <= LATEST:
        return None, [f"The registry's expiry date {day} is not a likely one."]
    if credential.issue_date is not None and day < credential.issue_date:
        return None, [f"The registry's expiry date {day} is before the issue date {credential.issue_date}."]
    return day, []


async def _answered_since(session: Session, attempt: VerificationAttempt) -> bool:
    """Whether a registry has answered about the credential since this attempt's own answer."""
    statement = select(col(VerificationAttempt.id)).where(
        col(VerificationAttempt.organization_id) == attempt.organization_id,
        col(VerificationAttempt.credential_id) == attempt.credential_id,
        col(VerificationAttempt.outcome).not_in((Outcome.PENDING, Outcome.ERROR)),
        col(VerificationAttempt.requested_at) > attempt.requested_at,
    )
    return (await session.scalars(statement.limit(1))).one_or_none() is not None


async def _claim(
    session: Session, organization_id: str, attempt_id: str
) -> tuple[Credential, VerificationAttempt] | None:
    attempt = await session.get(VerificationAttempt, (organization_id, attempt_id))
    if attempt is None:
        return None
    statement = select(Credential).where(
        col(Credential.organization_id) == organization_id, col(Credential.id) == attempt.credential_id
    )
    found = await session.locked(statement)
    if not found:
        return None
    [credential] = found
    await session.refresh(attempt)
    # What is found belongs to the request that asked, whoever made the check.
    session.request_id = attempt.request_id
    return (credential, attempt) if attempt.outcome is Outcome.PENDING else None


async def _plan(session: Session, credential: Credential, every: timedelta) -> None:
    # A check that is due already was asked for meanwhile, since the number changed: it is to be made.
    if credential.next_check_at is None:
        zone = await calendar.zone(session, credential.organization_id)
        recheck_schedule.plan(credential, session.now, every, zone)


def _save(
    session: Session,
    actor: Actor,
    credential: Credential,
    attempt: VerificationAttempt,
    before: dict[str, Any],
    corrected: Changes | None = None,
) -> None:
    fields.grow(credential, session.now)
    event_log.record(
        session,
        actor,
        EventKind.CREDENTIAL_VERIFIED,
        credential,
        between(before, snapshot(credential, fields.STANDING)) | (corrected or {}),
        worker_id=credential.worker_id,
        correlation_id=attempt.correlation_id,
    )
