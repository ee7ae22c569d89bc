"""Opening, submitting and cancelling a requested credential.

Its intake is REQUESTED until the worker submits it. Until then no version counts, whatever the type says. A submission
starts the usual approval; if none is required, the intake is COMPLETED at once.
"""

from datetime import date
from typing import Any

from app.access import Actor
from app.core.errors import DomainError, DomainErrorGroup, collect_refusals, raise_if_refused
from app.core.fields import Changes, Input, changes_between, json_value, snapshot
from app.credential_types.tables import CredentialType
from app.credentials import creation, fields, own_changes, permissions, validity, version_sync, versions
from app.credentials.creation import Created
from app.credentials.files import attachments, submission_files
from app.credentials.files.submission_files import SubmissionFiles
from app.credentials.tables import (
    NEVER,
    ApprovalStatus,
    Credential,
    CredentialVersion,
    IntakeStatus,
    VerificationStatus,
)
from app.db import row_access
from app.db.session import Session
from app.events import event_log
from app.events.event_kinds import EventKind
from app.organizations import settings


def open_requested(
    session: Session,
    actor: Actor,
    credential_type: CredentialType,
    worker_id: str,
    *,
    key: str,
    request_id: str,
    rule_id: str | None,
    due_on: date | None,
) -> Credential:
    """Add a requested credential with an empty version."""
    credential = Credential(
        organization_id=credential_type.organization_id,
        id=key,
        display_name=credential_type.name,
        credential_type_id=credential_type.id,
        type_code=credential_type.code,
        category=credential_type.category,
        jurisdiction=credential_type.jurisdiction,
        worker_id=worker_id,
        intake=IntakeStatus.REQUESTED,
        requested_at=session.now,
        due_on=due_on,
        request_id=request_id,
        rule_id=rule_id,
        status=VerificationStatus.PENDING,
        is_verifiable=credential_type.verification_source is not None,
        latest_version_id="",
        latest_version_at=session.now,
        latest_approval=ApprovalStatus.PENDING,
        expires_on=NEVER,
        created_at=session.now,
        updated_at=session.now,
    )
    version_sync.append(session, actor, credential, 1, ApprovalStatus.PENDING, dict.fromkeys(fields.VERSION_COLUMNS))
    fields.refresh_search_columns(credential)
    session.add(credential)
    stated = fields.FIELDS.initial_changes(credential) | {"owners.worker": {"from": None, "to": worker_id}}
    event_log.record(session, actor, EventKind.CREDENTIAL_ADDED, credential, stated, worker_id=worker_id)
    return credential


async def cancel(session: Session, actor: Actor, credential: Credential) -> None:
    """Cancel the request for a locked credential: discard its waiting files and archive it."""
    await attachments.discard_waiting(session, credential)
    _set_intake(session, actor, credential, IntakeStatus.CANCELLED, EventKind.CREDENTIAL_UPDATED, {})
    if credential.archived_at is None:
        credential.archived_at, credential.archived_by = session.now, actor.id
        event_log.record(session, actor, EventKind.CREDENTIAL_ARCHIVED, credential, worker_id=credential.worker_id)


async def submit(session: Session, actor: Actor, input: Input) -> Created:
    """Submit a requested credential with the facts and files of the input.

    Absent facts are copied from the latest version. After a rejection the submission is a new version, so that the
    rejected one stays on record; entered by the worker, it waits for a decision where the organization has approvals.
    It includes all waiting files, or those that the input names.
    """
    credential = await row_access.find_for_update(session, actor, Credential, input["id"], ("id",))
    raise_if_refused(permissions.submit(credential))
    row_access.check_revision(credential.revision, input.get("expectedRevision"))
    settings.prefetch(session, actor.organization_id)
    credential_type = await row_access.find(session, actor, CredentialType, credential.credential_type_id, ("id",))
    organization = await settings.load(session, actor.organization_id)
    latest = await version_sync.latest_version(session, credential)
    facts, files = await _read(session, actor, credential, credential_type, latest, input)
    own = own_changes.is_own(actor, credential, organization)
    is_sent_back = credential.submitted_at is not None  # by a reviewer, whom people do not overrule
    approval = version_sync.initial_approval(organization, credential_type, own=own and is_sent_back)
    changes, version = await _write(session, actor, credential, latest, approval, facts, own=own)
    changes |= await submission_files.write(session, actor, version, files)
    is_approved = approval is ApprovalStatus.NOT_REQUIRED
    is_active = is_approved and not credential.is_verifiable
    before = snapshot(credential, fields.STATUS_FIELDS)
    credential.status = VerificationStatus.ACTIVE if is_active else VerificationStatus.PENDING
    credential.eligibility = credential.status_detail = credential.raw_status = None
    credential.submitted_at = session.now
    changes |= changes_between(before, snapshot(credential, fields.STATUS_FIELDS))
    intake = IntakeStatus.COMPLETED if is_approved else IntakeStatus.SUBMITTED
    _set_intake(session, actor, credential, intake, EventKind.CREDENTIAL_SUBMITTED, changes)
    return await creation.start_first_check(session, actor, credential)


async def _read(
    session: Session,
    actor: Actor,
    credential: Credential,
    credential_type: CredentialType,
    latest: CredentialVersion,
    input: Input,
) -> tuple[dict[str, Any], SubmissionFiles]:
    """Return the facts and files of a submission. Raises DomainErrorGroup with every refusal."""
    errors: list[DomainError] = []
    facts: dict[str, Any] = {}
    files: SubmissionFiles | None = None
    with collect_refusals(errors):
        facts = _facts(credential_type, latest, input)
    with collect_refusals(errors):
        files = await submission_files.read(session, actor, credential, credential_type, input)
    if errors or files is None:
        raise DomainErrorGroup(errors)
    return facts, files


def _facts(credential_type: CredentialType, latest: CredentialVersion, input: Input) -> dict[str, Any]:
    values = versions.FIELDS.parse(input, absent="keep")
    facts = {column: values.get(column, getattr(latest, column)) for column in fields.VERSION_COLUMNS}
    if facts["expiry_date"] is None and "expiry_date" not in values:
        facts["expiry_date"] = validity.expected_expiry(credential_type, facts["issue_date"])
    fields.check(credential_type, facts, facts, flat=True)
    fields.fill_defaults(credential_type, facts)
    return facts


async def _write(
    session: Session,
    actor: Actor,
    credential: Credential,
    latest: CredentialVersion,
    approval: ApprovalStatus,
    facts: dict[str, Any],
    *,
    own: bool,
) -> tuple[Changes, CredentialVersion]:
    """Write facts to the latest version, or to a new one if the latest was reviewed. Return changes and version."""
    changes = versions.FIELDS.apply(credential, facts)
    if latest.approval in permissions.DECIDED:
        version = version_sync.append(session, actor, credential, latest.number + 1, approval, facts, own=own)
        await version_sync.sync_credential(session, credential, version)
        return {**changes, "number": {"from": latest.number, "to": version.number}}, version
    before = snapshot(latest, fields.DECISION_FIELDS)
    latest.approval, latest.entered_by_owner = approval, own
    changes |= changes_between(before, snapshot(latest, fields.DECISION_FIELDS))
    changes["number"] = {"from": latest.number, "to": latest.number}
    credential.latest_version_at = session.now
    await version_sync.copy_facts(session, actor, credential, latest)
    return changes, latest


def _set_intake(
    session: Session,
    actor: Actor,
    credential: Credential,
    intake: IntakeStatus,
    event_kind: EventKind,
    changes: Changes,
) -> None:
    changes = {**changes, "intake.status": {"from": json_value(credential.intake), "to": json_value(intake)}}
    credential.intake = intake
    fields.touch(credential, session.now)
    event_log.record(session, actor, event_kind, credential, changes, worker_id=credential.worker_id)
