"""Starting, leasing and running verification attempts.

A check takes three steps, so that no transaction is open during the call to the registry: write a pending attempt;
lease it and ask the registry; record the finding, unless the credential is gone or another process recorded one. If a
process dies, its lease expires and the attempt is leased again, up to `MAX_TRIES` times.
"""

import asyncio
import secrets
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import ColumnElement, or_, select, update
from sqlmodel import col

from app.access import Actor
from app.core import ids
from app.core.errors import Invalid, NotFound, raise_if_refused
from app.core.fields import Input
from app.credentials import permissions, queries
from app.credentials.tables import Credential, OwnerType
from app.credentials.verification import check_results
from app.credentials.verification.tables import VerificationAttempt, VerificationOutcome, VerificationTrigger
from app.db import row_access
from app.db.database import Database
from app.db.idempotency import replayable
from app.db.session import Session
from app.organizations.tables import Organization
from app.registries.findings import Eligibility
from app.registries.protocol import Inquiry, RegistryUnavailable
from app.registries.registry_set import GuardedRegistry, RegistrySet
from app.workers.tables import Applicant, Worker

FRESH_PERIOD = timedelta(hours=24)
"""The age up to which a finding answers a new call, unless the caller forces a refresh."""
LEASE_DURATION = timedelta(seconds=60)
"""Longer than any check takes with all its tries, so that a lease expires only if its process died."""
MAX_TRIES = 3
WAIT_TIMEOUT_SECONDS = 30
"""The time a call waits for an attempt that another process runs; then the attempt is returned as pending."""
POLL_INTERVAL_SECONDS = 0.05
MAX_CORRELATION_ID_LENGTH = 100


@replayable
@dataclass(frozen=True)
class Verified:
    """A credential with the attempt that answers a call: new, already pending, or recent enough."""

    credential: Credential
    attempt: VerificationAttempt
    cached: bool
    correlation_id: str
    """The id that the caller sent, else the attempt's."""


async def request(session: Session, actor: Actor, input: Input) -> Verified:
    """Request a check. A finding younger than `FRESH_PERIOD` is returned instead, unless a refresh is forced."""
    _check_correlation_id(input.get("correlationId"))
    credential = await row_access.find_for_update(session, actor, Credential, input["id"], ("id",))
    raise_if_refused(permissions.verify(credential))
    row_access.check_revision(credential.revision, input.get("expectedRevision"))
    if not input.get("forceRefresh"):
        fresh = await _find_fresh(session, credential)
        if fresh is not None:
            return Verified(credential, fresh, True, input.get("correlationId") or fresh.correlation_id)
    attempt = await open_attempt(session, actor, credential, VerificationTrigger.MANUAL, input.get("correlationId"))
    return Verified(credential, attempt, False, input.get("correlationId") or attempt.correlation_id)


async def open_attempt(
    session: Session,
    actor: Actor,
    credential: Credential,
    trigger: VerificationTrigger,
    correlation_id: str | None = None,
) -> VerificationAttempt:
    """Return the pending attempt of a locked credential, or a new one. A pending one notes the correlation id."""
    # A change of the credential during the check sets this again, and so schedules another check.
    credential.next_check_at = None
    pending = (
        await session.scalars(
            select(VerificationAttempt).where(
                *_of_credential(credential), col(VerificationAttempt.outcome) == VerificationOutcome.PENDING
            )
        )
    ).one_or_none()
    if pending is not None:
        joined = pending.joined_correlation_ids
        if correlation_id is not None and correlation_id not in (pending.correlation_id, *joined):
            pending.joined_correlation_ids = [*joined, correlation_id]
        return pending
    credential_type = await queries.type_of(session, credential)
    attempt = VerificationAttempt(
        organization_id=credential.organization_id,
        id=ids.new(VerificationAttempt.prefix),
        credential_id=credential.id,
        source=credential_type.verification_source or "manual",
        trigger=trigger,
        correlation_id=correlation_id or secrets.token_hex(16),
        requested_by=actor.id,
        requested_by_name=actor.name,
        requested_by_kind=actor.kind,
        requested_at=session.now,
        request_id=session.request_id,
    )
    session.add(attempt)
    return attempt


async def run(database: Database, registries: RegistrySet, organization_id: str, attempt_id: str) -> bool:
    """Lease a pending attempt, ask its registry and record the finding. Return False if it is leased elsewhere."""
    async with database.writing() as session:
        attempt = await _claim_lease(session, organization_id, attempt_id)
        if attempt is None:
            return False
        registry, inquiry = await _build_inquiry(session, registries, attempt)
        if inquiry is None:
            message = "the owner of the credential was deleted before the check"
            await check_results.record_failure(session, organization_id, attempt_id, registry.adapter.name, message)
            return True
    try:
        await _check(database, registry, inquiry, attempt)
    except asyncio.CancelledError:
        # At a shutdown, release the lease: otherwise the attempt waits until it expires.
        await asyncio.shield(_release_lease(database, attempt))
        raise
    return True


async def run_or_wait(database: Database, registries: RegistrySet, actor: Actor, verified: Verified) -> Verified:
    """Run the attempt of a call, or wait while another process runs it. Return the credential and attempt afterwards.

    An attempt that is still pending after `WAIT_TIMEOUT_SECONDS` is returned as it is. Raises NotFound if the
    credential was purged.
    """
    attempt: VerificationAttempt | None = verified.attempt
    if attempt is None:  # replayed from an earlier call with the same idempotency key
        raise NotFound("id: the credential was purged", ("id",))
    if attempt.outcome is VerificationOutcome.PENDING:
        await run(database, registries, actor.organization_id, attempt.id)
    for _ in range(int(WAIT_TIMEOUT_SECONDS / POLL_INTERVAL_SECONDS)):
        async with database.reading() as session:
            current = await session.get(VerificationAttempt, (actor.organization_id, attempt.id))
            credential = await session.get(Credential, (actor.organization_id, attempt.credential_id))
        if current is None or credential is None:
            raise NotFound(f"id: the credential {attempt.credential_id} was purged", ("id",))
        verified = replace(verified, credential=credential, attempt=current)
        if current.outcome is not VerificationOutcome.PENDING:
            break
        await asyncio.sleep(POLL_INTERVAL_SECONDS)
    return verified


def _check_correlation_id(correlation_id: str | None) -> None:
    if correlation_id is not None and not 1 <= len(correlation_id) <= MAX_CORRELATION_ID_LENGTH:
        raise Invalid(f"correlationId: must have 1 to {MAX_CORRELATION_ID_LENGTH} characters", ("correlationId",))


async def _check(database: Database, registry: GuardedRegistry, inquiry: Inquiry, attempt: VerificationAttempt) -> None:
    key, adapter = (attempt.organization_id, attempt.id), registry.adapter.name
    try:
        if attempt.tries > MAX_TRIES:
            raise RegistryUnavailable(f"the check was started {MAX_TRIES} times and never finished")
        timed = await registry.check(inquiry)
    except RegistryUnavailable as error:
        async with database.writing() as session:
            await check_results.record_failure(session, *key, adapter, str(error))
        return
    async with database.writing() as session:
        await check_results.record_finding(session, *key, timed.finding, adapter, timed.latency)


async def _release_lease(database: Database, attempt: VerificationAttempt) -> None:
    async with database.writing() as session:
        await session.execute(
            update(VerificationAttempt)
            .where(
                col(VerificationAttempt.organization_id) == attempt.organization_id,
                col(VerificationAttempt.id) == attempt.id,
                col(VerificationAttempt.outcome) == VerificationOutcome.PENDING,
                col(VerificationAttempt.leased_until) == attempt.leased_until,
            )
            .values(leased_until=None, tries=col(VerificationAttempt.tries) - 1)
        )


async def _find_fresh(session: Session, credential: Credential) -> VerificationAttempt | None:
    statement = (
        select(VerificationAttempt)
        .where(*_of_credential(credential), col(VerificationAttempt.trigger) != VerificationTrigger.REPORTED)
        .order_by(col(VerificationAttempt.requested_at).desc(), col(VerificationAttempt.id).desc())
        .limit(1)
    )
    latest = (await session.scalars(statement)).one_or_none()
    is_due = credential.next_check_at is not None and credential.next_check_at <= session.now
    if is_due or latest is None or latest.finished_at is None or latest.outcome is VerificationOutcome.ERROR:
        return None
    if latest.eligibility is Eligibility.IN_PROGRESS or permissions.is_rejected(credential):
        return None
    return latest if session.now - latest.finished_at < FRESH_PERIOD else None


async def _claim_lease(session: Session, organization_id: str, attempt_id: str) -> VerificationAttempt | None:
    leased_until = col(VerificationAttempt.leased_until)
    statement = (
        update(VerificationAttempt)
        .where(
            col(VerificationAttempt.organization_id) == organization_id,
            col(VerificationAttempt.id) == attempt_id,
            col(VerificationAttempt.outcome) == VerificationOutcome.PENDING,
            or_(leased_until.is_(None), leased_until < session.now),
        )
        .values(leased_until=session.now + LEASE_DURATION, tries=col(VerificationAttempt.tries) + 1)
        .returning(VerificationAttempt)
    )
    return (await session.scalars(statement)).one_or_none()


async def _build_inquiry(
    session: Session, registries: RegistrySet, attempt: VerificationAttempt
) -> tuple[GuardedRegistry, Inquiry | None]:
    """Return the registry and the inquiry in the name of the living owner; without an inquiry if no owner lives."""
    organization_id = attempt.organization_id
    organization = await session.get_row(Organization, (organization_id, organization_id))
    credential = await session.get_row(Credential, (organization_id, attempt.credential_id))
    registry = registries.get(attempt.source, sandbox=organization.sandbox)
    owner: Worker | Applicant | None
    match credential.living_owner:
        case OwnerType.WORKER:
            owner = await session.get(Worker, (organization_id, str(credential.worker_id)))
        case OwnerType.APPLICANT:
            owner = await session.get(Applicant, (organization_id, str(credential.applicant_id)))
        case _:
            return registry, None
    inquiry = Inquiry(
        type_code=credential.type_code,
        reference_number=credential.reference_number,
        jurisdiction=credential.jurisdiction,
        issue_date=credential.issue_date,
        expiry_date=credential.expiry_date,
        display_name=owner.display_name if owner else None,
        first_name=owner.first_name if owner else None,
        last_name=owner.last_name if owner else None,
        birth_date=owner.birth_date if owner else None,
    )
    return registry, inquiry


def _of_credential(credential: Credential) -> tuple[ColumnElement[bool], ...]:
    return (
        col(VerificationAttempt.organization_id) == credential.organization_id,
        col(VerificationAttempt.credential_id) == credential.id,
    )
