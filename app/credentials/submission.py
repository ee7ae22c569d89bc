"""A credential that was asked for: opening it, its worker's answer, and giving it up.

It is REQUESTED until its worker submits it. Until then its versions count for nothing, whatever its type says; then
they are as new ones are, and where nobody has to approve them, it is COMPLETED at once.
"""

from datetime import date
from typing import Any

from app.access import Actor
from app.core.errors import DomainError, Refused, allow, gathering
from app.core.fields import Changes, Given, between, plain, snapshot
from app.credential_types.tables import CredentialType
from app.credentials import creation, fields, permissions, versions
from app.credentials.creation import Created
from app.credentials.files import attachments, submission_files
from app.credentials.files.submission_files import Answer
from app.credentials.tables import NEVER, Approval, Credential, CredentialVersion, Intake, VerificationStatus
from app.db import row_access
from app.db.database import Session
from app.events import event_log
from app.events.event_kinds import EventKind
from app.organizations import settings


def open_requested(
    session: Session,
    actor: Actor,
    kind: CredentialType,
    worker_id: str,
    *,
    key: str,
    request_id: str,
    rule_id: str | None,
    due_on: date | None,
) -> Credential:
    """Add a credential that a worker is asked for, with an empty version."""
    credential = Credential(
        organization_id=kind.organization_id,
        id=key,
        display_name=kind.name,
        credential_type_id=kind.id,
        type_code=kind.code,
        category=kind.category,
        jurisdiction=kind.jurisdiction,
        worker_id=worker_id,
        intake=Intake.REQUESTED,
        requested_at=session.now,
        due_on=due_on,
        request_id=request_id,
        rule_id=rule_id,
        status=VerificationStatus.PENDING,
        is_verifiable=kind.verification_source is not None,
        latest_version_id="",
        latest_version_at=session.now,
        latest_approval=Approval.PENDING,
        expires_on=NEVER,
        created_at=session.now,
        last_updated=session.now,
    )
    versions.append(session, actor, credential, 1, Approval.PENDING, dict.fromkeys(fields.VERSIONED))
    fields.refresh(credential)
    session.add(credential)
    stated = fields.FIELDS.stated(credential) | {"owners.worker": {"from": None, "to": worker_id}}
    event_log.record(session, actor, EventKind.CREDENTIAL_ADDED, credential, stated, worker_id=worker_id)
    return credential


async def give_up(session: Session, actor: Actor, credential: Credential) -> None:
    """Ask no more for a claimed credential that waits for an answer, and put it away, without what waits in it."""
    await attachments.discard_waiting(session, credential)
    _set_intake(session, actor, credential, Intake.CANCELLED, EventKind.CREDENTIAL_UPDATED, {})
    if credential.archived_at is None:
        credential.archived_at, credential.archived_by = session.now, actor.id
        event_log.record(session, actor, EventKind.CREDENTIAL_ARCHIVED, credential, worker_id=credential.worker_id)


async def submit(session: Session, actor: Actor, given: Given) -> Created:
    """Answer a request: write the facts, and hand them in.

    What is not given is as the latest version has it. After a rejection the answer is a version of its own, so that
    what was rejected, and why, stays to be read. The files that wait are handed in with it, or those that are named.
    """
    credential = await row_access.claim(session, actor, Credential, given["id"], ("id",))
    allow(permissions.submit(credential))
    row_access.expect(credential.revision, given.get("expectedRevision"))
    settings.want(session, actor.organization_id)
    kind = await row_access.find(session, actor, CredentialType, credential.credential_type_id, ("id",))
    organization = await settings.of(session, actor.organization_id)
    latest = await versions.latest_of(session, credential)
    facts, files = await _read(session, actor, credential, kind, latest, given)
    approval = versions.first_approval(organization, kind)
    changes, version = await _write(session, actor, credential, latest, approval, facts)
    changes |= await submission_files.write(session, actor, version, files)
    settled = approval is Approval.NOT_REQUIRED
    trusted = settled and not credential.is_verifiable
    before = snapshot(credential, fields.STANDING)
    credential.status = VerificationStatus.ACTIVE if trusted else VerificationStatus.PENDING
    credential.eligibility = credential.status_detail = credential.raw_status = None
    credential.submitted_at = session.now
    changes |= between(before, snapshot(credential, fields.STANDING))
    intake = Intake.COMPLETED if settled else Intake.SUBMITTED
    _set_intake(session, actor, credential, intake, EventKind.CREDENTIAL_SUBMITTED, changes)
    await session.flush()
    return await creation.handed_in(session, actor, credential)


async def _read(
    session: Session,
    actor: Actor,
    credential: Credential,
    kind: CredentialType,
    latest: CredentialVersion,
    given: Given,
) -> tuple[dict[str, Any], Answer]:
    """The facts and the files of an answer, or every refusal at once."""
    errors: list[DomainError] = []
    facts: dict[str, Any] = {}
    files: Answer | None = None
    with gathering(errors):
        facts = _facts(kind, latest, given)
    with gathering(errors):
        files = await submission_files.read(session, actor, credential, kind, given)
    if errors or files is None:
        raise Refused(errors)
    return facts, files


def _facts(kind: CredentialType, latest: CredentialVersion, given: Given) -> dict[str, Any]:
    values = versions.FIELDS.read(given, absent="keep")
    facts = {column: values.get(column, getattr(latest, column)) for column in fields.VERSIONED}
    if facts["expiry_date"] is None and "expiry_date" not in values:
        facts["expiry_date"] = versions.expected_expiry(kind, facts["issue_date"])
    fields.check(kind, facts, facts, flat=True)
    fields.fill(kind, facts)
    return facts


async def _write(
    session: Session,
    actor: Actor,
    credential: Credential,
    latest: CredentialVersion,
    approval: Approval,
    facts: dict[str, Any],
) -> tuple[Changes, CredentialVersion]:
    """Write facts into the latest version, or into a new one where the latest was decided; gives it."""
    changes = versions.FIELDS.apply(credential, facts)
    if latest.approval in permissions.DECIDED:
        version = versions.append(session, actor, credential, latest.number + 1, approval, facts)
        return {**changes, "number": {"from": latest.number, "to": version.number}}, version
    before = snapshot(latest, fields.DECISION)
    latest.approval = approval
    changes |= between(before, snapshot(latest, fields.DECISION))
    changes["number"] = {"from": latest.number, "to": latest.number}
    credential.latest_version_at = session.now
    await versions.take_over(session, actor, credential, latest)
    return changes, latest


def _set_intake(
    session: Session, actor: Actor, credential: Credential, intake: Intake, fact: EventKind, changes: Changes
) -> None:
    changes = {**changes, "intake.status": {"from": plain(credential.intake), "to": plain(intake)}}
    credential.intake = intake
    fields.grow(credential, session.now)
    event_log.record(session, actor, fact, credential, changes, worker_id=credential.worker_id)
