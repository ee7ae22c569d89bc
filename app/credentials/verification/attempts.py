"""Verifying a credential with its registry.

A check is three steps, so that no transaction is open while a registry is asked: a pending attempt is written; whoever
leases it asks; the finding is written, if the credential is still there and nobody else wrote one. An attempt whose
lease ran out, because its holder died, is asked again, and after a few tries given up.
"""

import asyncio
import secrets
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import ColumnElement, or_, select, update
from sqlmodel import col

from app.access import Actor
from app.core import ids
from app.core.errors import Invalid, NotFound, allow
from app.core.fields import Given
from app.credential_types.tables import CredentialType
from app.credentials import permissions
from app.credentials.tables import Credential
from app.credentials.verification import check_results
from app.credentials.verification.tables import Outcome, Trigger, VerificationAttempt
from app.db import row_access
from app.db.database import Database, Session
from app.db.idempotency import outcome
from app.organizations.tables import Organization
from app.registries.protocol import Eligibility, Inquiry, Unavailable
from app.registries.registry_set import Source, Sources
from app.workers.tables import Applicant, Worker

FRESH_FOR = timedelta(hours=24)
LEASE = timedelta(seconds=60)
MOST_TRIES = 3
WAIT_SECONDS = 30
LOOK_EVERY_SECONDS = 0.05
LONGEST_CORRELATION = 100


@outcome
@dataclass(frozen=True)
class Verified:
    """A credential with the attempt that answers a call: a new one, one under way, or one fresh enough."""

    credential: Credential
    attempt: VerificationAttempt
    cached: bool
    correlation_id: str
    """The caller's own; the attempt's where none was given."""


async def request(session: Session, actor: Actor, given: Given) -> Verified:
    """Ask for a check. A finding less than a day old is served instead, unless a refresh is forced."""
    _check_correlation(given.get("correlationId"))
    credential = await row_access.claim(session, actor, Credential, given["id"], ("id",))
    allow(permissions.verify(credential))
    row_access.expect(credential.revision, given.get("expectedRevision"))
    if not given.get("forceRefresh"):
        fresh = await _fresh(session, credential)
        if fresh is not None:
            return Verified(credential, fresh, True, given.get("correlationId") or fresh.correlation_id)
    attempt = await open_attempt(session, actor, credential, Trigger.MANUAL, given.get("correlationId"))
    return Verified(credential, attempt, False, given.get("correlationId") or attempt.correlation_id)


async def open_attempt(
    session: Session, actor: Actor, credential: Credential, trigger: Trigger, correlation_id: str | None = None
) -> VerificationAttempt:
    """The pending attempt of a claimed credential: the one under way, or a new one."""
    # Whoever sets it again before the finding is written, wants another check.
    credential.next_check_at = None
    pending = (
        await session.scalars(
            select(VerificationAttempt).where(*_of(credential), col(VerificationAttempt.outcome) == Outcome.PENDING)
        )
    ).one_or_none()
    if pending is not None:
        return pending
    kind = await session.row(CredentialType, (credential.organization_id, credential.credential_type_id))
    attempt = VerificationAttempt(
        organization_id=credential.organization_id,
        id=ids.new(VerificationAttempt.prefix),
        credential_id=credential.id,
        source=kind.verification_source or "manual",
        trigger=trigger,
        correlation_id=correlation_id or secrets.token_hex(16),
        requested_by=actor.id,
        requested_by_name=actor.name,
        requested_by_kind=actor.kind,
        requested_at=session.now,
        request_id=session.request_id,
    )
    session.add(attempt)
    await session.flush()
    return attempt


async def complete(database: Database, sources: Sources, organization_id: str, attempt_id: str) -> bool:
    """Lease a pending attempt, ask its registry, and write the finding; gives whether it was ours to do."""
    async with database.writing() as session:
        attempt = await _lease(session, organization_id, attempt_id)
        if attempt is None:
            return False
        source, inquiry = await _inquiry(session, sources, attempt)
    try:
        await _ask(database, source, inquiry, attempt)
    except asyncio.CancelledError:
        # Whoever stops us need not make others wait until the lease runs out.
        await asyncio.shield(_give_back(database, attempt))
        raise
    return True


async def finish(database: Database, sources: Sources, actor: Actor, verified: Verified) -> Verified:
    """Complete the attempt of a call, or wait while somebody else does; gives both as they are then.

    Raises NotFound if the credential was purged.
    """
    attempt: VerificationAttempt | None = verified.attempt
    if attempt is None:  # the outcome of an earlier call with the same idempotency key
        raise NotFound("id: the credential was purged meanwhile", ("id",))
    if attempt.outcome is Outcome.PENDING:
        await complete(database, sources, actor.organization_id, attempt.id)
    for _ in range(int(WAIT_SECONDS / LOOK_EVERY_SECONDS)):
        async with database.reading() as session:
            found = await session.get(VerificationAttempt, (actor.organization_id, attempt.id))
            credential = await session.get(Credential, (actor.organization_id, attempt.credential_id))
        if found is None or credential is None:
            raise NotFound(f"id: the credential {attempt.credential_id} was purged meanwhile", ("id",))
        verified = replace(verified, credential=credential, attempt=found)
        if found.outcome is not Outcome.PENDING:
            break
        await asyncio.sleep(LOOK_EVERY_SECONDS)
    return verified


def _check_correlation(given: str | None) -> None:
    if given is not None and not 1 <= len(given) <= LONGEST_CORRELATION:
        raise Invalid(f"correlationId is not 1 to {LONGEST_CORRELATION} characters", ("correlationId",))


async def _ask(database: Database, source: Source, inquiry: Inquiry, attempt: VerificationAttempt) -> None:
    key, adapter = (attempt.organization_id, attempt.id), source.registry.adapter
    try:
        if attempt.tries > MOST_TRIES:
            raise Unavailable(f"the check was begun {MOST_TRIES} times, and never finished")
        checked = await source.check(inquiry)
    except Unavailable as error:
        async with database.writing() as session:
            await check_results.fail(session, *key, adapter, str(error))
        return
    async with database.writing() as session:
        await check_results.write(session, *key, checked.finding, adapter, checked.latency)


async def _give_back(database: Database, attempt: VerificationAttempt) -> None:
    async with database.writing() as session:
        await session.execute(
            update(VerificationAttempt)
            .where(
                col(VerificationAttempt.organization_id) == attempt.organization_id,
                col(VerificationAttempt.id) == attempt.id,
                col(VerificationAttempt.outcome) == Outcome.PENDING,
                col(VerificationAttempt.leased_until) == attempt.leased_until,
            )
            .values(leased_until=None, tries=col(VerificationAttempt.tries) - 1)
        )


async def _fresh(session: Session, credential: Credential) -> VerificationAttempt | None:
    statement = (
        select(VerificationAttempt)
        .where(*_of(credential))
        .order_by(col(VerificationAttempt.requested_at).desc(), col(VerificationAttempt.id).desc())
        .limit(1)
    )
    last = (await session.scalars(statement)).one_or_none()
    changed = credential.next_check_at is not None and credential.next_check_at <= session.now
    if changed or last is None or last.finished_at is None or last.outcome is Outcome.ERROR:
        return None
    if last.eligibility is Eligibility.IN_PROGRESS or permissions.is_rejected(credential):
        return None
    return last if session.now - last.finished_at < FRESH_FOR else None


async def _lease(session: Session, organization_id: str, attempt_id: str) -> VerificationAttempt | None:
    until = col(VerificationAttempt.leased_until)
    statement = (
        update(VerificationAttempt)
        .where(
            col(VerificationAttempt.organization_id) == organization_id,
            col(VerificationAttempt.id) == attempt_id,
            col(VerificationAttempt.outcome) == Outcome.PENDING,
            or_(until.is_(None), until < session.now),
        )
        .values(leased_until=session.now + LEASE, tries=col(VerificationAttempt.tries) + 1)
        .returning(VerificationAttempt)
    )
    return (await session.scalars(statement)).one_or_none()


async def _inquiry(session: Session, sources: Sources, attempt: VerificationAttempt) -> tuple[Source, Inquiry]:
    key = attempt.organization_id
    organization = await session.row(Organization, (key, key))
    credential = await session.row(Credential, (key, attempt.credential_id))
    holder: Worker | Applicant | None = None
    if credential.worker_id is not None:
        holder = await session.get(Worker, (key, credential.worker_id))
    elif credential.applicant_id is not None:
        holder = await session.get(Applicant, (key, credential.applicant_id))
    inquiry = Inquiry(
        type_code=credential.type_code,
        reference_number=credential.reference_number,
        jurisdiction=credential.jurisdiction,
        issue_date=credential.issue_date,
        expiry_date=credential.expiry_date,
        display_name=holder.display_name if holder else None,
        first_name=holder.first_name if holder else None,
        last_name=holder.last_name if holder else None,
        birth_date=holder.birth_date if holder else None,
    )
    return sources.of(attempt.source, sandbox=organization.sandbox), inquiry


def _of(credential: Credential) -> tuple[ColumnElement[bool], ...]:
    return (
        col(VerificationAttempt.organization_id) == credential.organization_id,
        col(VerificationAttempt.credential_id) == credential.id,
    )
