"""Recording the finding or failure of a check, and resolving a check that needs a review."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from app.access import Actor, ActorKind
from app.core.errors import Invalid, NotResolvable, raise_if_refused
from app.core.fields import MAX_DATE, MIN_DATE, Changes, Input, changes_between, snapshot
from app.credential_types.tables import CredentialMetadata, CredentialType
from app.credentials import confirmation, fields, permissions, queries, recheck_schedule, version_sync
from app.credentials.tables import Credential, VerificationStatus, VersionFacts
from app.credentials.verification.last_finding import STATUS_BY_DETAIL
from app.credentials.verification.tables import VerificationAttempt, VerificationOutcome
from app.db import row_access
from app.db.session import Session
from app.events import event_log
from app.events.event_kinds import EventKind
from app.organizations import calendar, settings
from app.registries.findings import Eligibility, Finding, StatusDetail

RETRY_INTERVAL = timedelta(hours=1)
"""The time to the next check after a failure, or while the registry has not decided."""
RESOLUTIONS = frozenset({Eligibility.MAY_ENGAGE, Eligibility.MAY_NOT_ENGAGE})


async def record_finding(
    session: Session, organization_id: str, attempt_id: str, finding: Finding, adapter: str, latency: int | None
) -> None:
    """Record the finding of an attempt, unless the attempt is finished or its credential is gone."""
    pending = await _lock_pending(session, organization_id, attempt_id)
    if pending is None:
        return
    credential, attempt = pending
    await apply_finding(session, credential, attempt, finding, adapter, latency)


async def apply_finding(
    session: Session,
    credential: Credential,
    attempt: VerificationAttempt,
    finding: Finding,
    adapter: str,
    latency: int | None,
) -> None:
    """Write a finding to a locked credential and its pending attempt."""
    review_needed = finding.eligibility is Eligibility.REVIEW_REQUIRED
    attempt.outcome = VerificationOutcome.REVIEW_REQUIRED if review_needed else VerificationOutcome.COMPLETED
    attempt.finished_at = session.now
    attempt.leased_until = None
    attempt.adapter = adapter
    attempt.latency_ms = latency
    attempt.eligibility = finding.eligibility
    attempt.status_detail = finding.status_detail
    attempt.raw_status = finding.raw_status
    attempt.expiry_date = finding.expiry_date
    credential_type = await queries.type_of(session, credential)
    version = await version_sync.version_expiring_on(session, credential, finding.expiry_date)
    expiry_date, problems = _usable_expiry(version or credential, credential_type, finding)
    attempt.problems = [*finding.problems, *problems]
    before = snapshot(credential, fields.STATUS_FIELDS)
    if not permissions.is_rejected(credential):
        credential.eligibility = finding.eligibility
        credential.status_detail = finding.status_detail
        credential.status = STATUS_BY_DETAIL.get(finding.status_detail, VerificationStatus.PENDING)
    credential.raw_status = finding.raw_status
    credential.last_verified_at = session.now
    actor = requester_actor(attempt)
    corrected: Changes = {}
    if expiry_date is not None and expiry_date != (version or credential).expiry_date:
        corrected = await version_sync.correct_expiry(session, actor, credential, version, expiry_date)
    if credential.next_check_at is None:  # else the facts changed during the check, and another one is due
        corrected |= await confirmation.accept_checked(session, credential)
    is_undecided = finding.eligibility is Eligibility.IN_PROGRESS
    await _schedule(session, credential, RETRY_INTERVAL if is_undecided else recheck_schedule.interval(credential_type))
    _record_event(session, actor, credential, attempt, before, corrected)


async def record_failure(session: Session, organization_id: str, attempt_id: str, adapter: str, message: str) -> None:
    """Record that the registry could not be asked. Earlier findings about the credential stay."""
    pending = await _lock_pending(session, organization_id, attempt_id)
    if pending is None:
        return
    credential, attempt = pending
    attempt.outcome = VerificationOutcome.ERROR
    attempt.finished_at = session.now
    attempt.leased_until = None
    attempt.adapter = adapter
    attempt.eligibility = Eligibility.ERROR
    attempt.status_detail = StatusDetail.SOURCE_UNAVAILABLE
    attempt.error_message = message[:500]
    before = snapshot(credential, fields.STATUS_FIELDS)
    if credential.eligibility is None:
        credential.eligibility = Eligibility.ERROR
        credential.status_detail = StatusDetail.SOURCE_UNAVAILABLE
    await _schedule(session, credential, RETRY_INTERVAL)
    _record_event(session, requester_actor(attempt), credential, attempt, before)


async def resolve(session: Session, actor: Actor, input: Input) -> VerificationAttempt:
    """Resolve a check that needs a review, by a person's decision."""
    attempt, credential = await row_access.find_with_parent_locked(
        session, actor, VerificationAttempt, input["id"], ("id",), Credential, "credential_id"
    )
    organization = await settings.load(session, actor.organization_id)
    policy = settings.review_policy(organization, actor.worker_id)
    raise_if_refused(permissions.resolve(credential, policy=policy))
    superseded = credential.eligibility is not Eligibility.REVIEW_REQUIRED or await _has_later_answer(session, attempt)
    if attempt.outcome is not VerificationOutcome.REVIEW_REQUIRED or superseded:
        raise NotResolvable(
            "only the latest check of a credential can be resolved, while it requires a review", ("id",)
        )
    decision: Eligibility = input["eligibility"]
    if decision not in RESOLUTIONS:
        raise Invalid("eligibility: must be MAY_ENGAGE or MAY_NOT_ENGAGE", ("eligibility",))
    comments = fields.COMMENT_FIELDS.parse(input, absent="clear")
    accepted = decision is Eligibility.MAY_ENGAGE
    attempt.outcome = VerificationOutcome.RESOLVED
    attempt.resolved_by, attempt.resolved_at = actor.id, session.now
    attempt.eligibility = decision
    attempt.status_detail = StatusDetail.VALID if accepted else StatusDetail.REJECTED
    attempt.reason, attempt.notes = comments["reason"], comments["notes"]
    before = snapshot(credential, fields.STATUS_FIELDS)
    credential.eligibility = decision
    credential.status_detail = attempt.status_detail
    credential.status = VerificationStatus.ACTIVE if accepted else VerificationStatus.REVOKED
    confirmed: Changes = {}
    if credential.next_check_at is not None and credential.next_check_at > session.now:  # else the facts changed since
        confirmed = await confirmation.accept_checked(session, credential)
    _record_event(session, actor, credential, attempt, before, confirmed)
    return attempt


def requester_actor(attempt: VerificationAttempt) -> Actor:
    """Return the actor that requested an attempt, for the event log."""
    return Actor(
        attempt.organization_id,
        attempt.requested_by_kind,
        attempt.requested_by,
        attempt.requested_by_name,
        frozenset(),
    )


def system_actor(organization_id: str) -> Actor:
    """Return the actor of scheduled and pushed checks: the service itself."""
    return Actor(organization_id, ActorKind.SYSTEM, "verification", "Verification", frozenset())


def _usable_expiry(
    facts: VersionFacts, credential_type: CredentialType, finding: Finding
) -> tuple[date | None, list[str]]:
    """Return the registry's expiry date if a version can take it, and remarks for a reviewer if it cannot."""
    day = finding.expiry_date
    if day is None:
        return None, []
    if CredentialMetadata.EXPIRY_DATE not in credential_type.supports:
        return None, []
    if not MIN_DATE <= day <= MAX_DATE:
        return None, [f"The registry's expiry date {day} is not a likely one."]
    if facts.issue_date is not None and day < facts.issue_date:
        return None, [f"The registry's expiry date {day} is before the issue date {facts.issue_date}."]
    return day, []


async def _has_later_answer(session: Session, attempt: VerificationAttempt) -> bool:
    """Report whether a later attempt of the credential got an answer from a registry."""
    statement = select(col(VerificationAttempt.id)).where(
        col(VerificationAttempt.organization_id) == attempt.organization_id,
        col(VerificationAttempt.credential_id) == attempt.credential_id,
        col(VerificationAttempt.outcome).not_in((VerificationOutcome.PENDING, VerificationOutcome.ERROR)),
        col(VerificationAttempt.requested_at) > attempt.requested_at,
    )
    return (await session.scalars(statement.limit(1))).one_or_none() is not None


async def _lock_pending(
    session: Session, organization_id: str, attempt_id: str
) -> tuple[Credential, VerificationAttempt] | None:
    attempt = await session.get(VerificationAttempt, (organization_id, attempt_id))
    if attempt is None:
        return None
    statement = select(Credential).where(
        col(Credential.organization_id) == organization_id, col(Credential.id) == attempt.credential_id
    )
    credentials = await session.scalars_for_update(statement)
    if not credentials:
        return None
    [credential] = credentials
    await session.refresh(attempt)
    # Events of the finding carry the id of the request that started the attempt, not of the process that ran it.
    session.request_id = attempt.request_id
    return (credential, attempt) if attempt.outcome is VerificationOutcome.PENDING else None


async def _schedule(session: Session, credential: Credential, every: timedelta) -> None:
    # A change of the credential during the check made it due again; keep that check.
    if credential.next_check_at is None:
        zone = await calendar.time_zone(session, credential.organization_id)
        recheck_schedule.schedule_next(credential, session.now, every, zone)


def _record_event(
    session: Session,
    actor: Actor,
    credential: Credential,
    attempt: VerificationAttempt,
    before: dict[str, Any],
    corrected: Changes | None = None,
) -> None:
    """Record the result of a check: one event for each correlation id of its callers, the first with the changes."""
    fields.touch(credential, session.now)
    changes = changes_between(before, snapshot(credential, fields.STATUS_FIELDS)) | (corrected or {})
    for correlation_id in (attempt.correlation_id, *attempt.joined_correlation_ids):
        event_log.record(
            session,
            actor,
            EventKind.CREDENTIAL_VERIFIED,
            credential,
            changes,
            worker_id=credential.worker_id,
            correlation_id=correlation_id,
        )
        changes = {}
