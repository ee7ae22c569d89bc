"""Appending and amending versions, and keeping their credential in line with them.

A credential repeats the facts of its latest version and follows its effective version: the
latest if it counts, else the newest that does.
"""

from datetime import date
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from app.access import Actor
from app.core import ids
from app.core.fields import Changes, changes_between, json_value, snapshot
from app.credential_types.tables import CredentialType
from app.credentials import fields as credential_fields
from app.credentials import permissions, recheck_schedule
from app.credentials.tables import (
    NEVER,
    Approval,
    Credential,
    CredentialVersion,
    Intake,
    VerificationStatus,
    VersionChange,
    VersionField,
)
from app.db.session import Session
from app.organizations.tables import Organization

EFFECTIVE_APPROVALS = (Approval.NOT_REQUIRED, Approval.APPROVED)
"""The approvals with which a version counts."""
LOGGED_FIELDS = {"issue_date": VersionField.ISSUE_DATE, "expiry_date": VersionField.EXPIRY_DATE}
"""The columns of a version whose changes are recorded, with their public names."""


def append(
    session: Session,
    actor: Actor,
    credential: Credential,
    number: int,
    approval: Approval,
    facts: dict[str, Any],
) -> CredentialVersion:
    """Add a version with checked facts and make it the credential's latest."""
    version = CredentialVersion(
        organization_id=credential.organization_id,
        id=ids.new(CredentialVersion.prefix),
        credential_id=credential.id,
        credential_type_id=credential.credential_type_id,
        number=number,
        approval=approval,
        created_by=actor.id,
        created_at=session.now,
        **facts,
    )
    session.add(version)
    for column, name in LOGGED_FIELDS.items():
        record_change(session, actor, version, name, None, facts.get(column))
    credential.latest_version_id = version.id
    credential.latest_version_at = session.now
    credential.latest_approval = approval
    for column in credential_fields.VERSION_COLUMNS:
        setattr(credential, column, facts.get(column))
    if approval in EFFECTIVE_APPROVALS:
        credential.effective_version_id = version.id
    if credential.effective_version_id in (None, version.id):
        _copy_dates(credential, version)
    return version


async def amend(
    session: Session,
    actor: Actor,
    credential: Credential,
    version: CredentialVersion,
    organization: Organization,
    credential_type: CredentialType,
    *,
    status_set: bool = False,
) -> Changes:
    """Write the facts that were just set on a credential into its latest version. Return the other changes.

    A reviewed version returns to its initial approval. A credential that was rejected gets a new status, unless the
    caller set the status in the same call (`status_set`).
    """
    changes: Changes = {"number": {"from": version.number, "to": version.number}}
    was_rejected = permissions.is_rejected(credential)
    if version.reference_number != credential.reference_number:
        recheck_schedule.make_due(credential, session.now)
    if version.approval in permissions.DECIDED:
        before = snapshot(version, credential_fields.DECISION_FIELDS)
        version.approval = new_version_approval(credential, organization, credential_type)
        version.decided_by = version.decided_at = version.reason = version.notes = None
        changes |= changes_between(before, snapshot(version, credential_fields.DECISION_FIELDS))
        credential.latest_version_at = session.now
    await copy_facts(session, actor, credential, version)
    if was_rejected and not status_set:
        changes |= await reset_status(session, credential)
    return changes


async def reset_status(session: Session, credential: Credential) -> Changes:
    """Reset the status of a credential whose latest version has not been reviewed or verified. Return the changes.

    The credential is active if neither a reviewer nor a registry has to look at it, else pending.
    """
    before = snapshot(credential, credential_fields.STATUS_FIELDS)
    trusted = credential.latest_approval is Approval.NOT_REQUIRED and not credential.is_verifiable
    credential.status = VerificationStatus.ACTIVE if trusted else VerificationStatus.PENDING
    credential.eligibility = credential.status_detail = credential.raw_status = None
    if credential.next_check_at is None:
        await recheck_schedule.resume(session, credential)
    return changes_between(before, snapshot(credential, credential_fields.STATUS_FIELDS))


async def copy_facts(session: Session, actor: Actor, credential: Credential, version: CredentialVersion) -> None:
    """Copy a credential's facts to its latest version, and bring the credential in line with its approval."""
    for column in credential_fields.VERSION_COLUMNS:
        after = getattr(credential, column)
        if column in LOGGED_FIELDS:
            record_change(session, actor, version, LOGGED_FIELDS[column], getattr(version, column), after)
        setattr(version, column, after)
    await session.flush()  # the versions are queried next
    await sync_credential(session, credential)


async def correct_expiry(session: Session, actor: Actor, credential: Credential, expiry_date: date) -> Changes:
    """Set the latest version's expiry date to the registry's. Return the version's number as a change."""
    version = await latest_version(session, credential)
    record_change(session, actor, version, VersionField.EXPIRY_DATE, version.expiry_date, expiry_date)
    version.expiry_date = credential.expiry_date = expiry_date
    if credential.effective_version_id in (None, version.id):
        _copy_dates(credential, version)
    return {"number": {"from": version.number, "to": version.number}}


async def sync_credential(session: Session, credential: Credential) -> None:
    """Bring a credential in line with the approvals of its versions: its effective version and the dates in force."""
    latest = await latest_version(session, credential)
    effective = latest if latest.approval in EFFECTIVE_APPROVALS else await _newest_effective(session, credential)
    credential.latest_approval = latest.approval
    credential.effective_version_id = effective.id if effective else None
    _copy_dates(credential, effective or latest)


async def _newest_effective(session: Session, credential: Credential) -> CredentialVersion | None:
    statement = (
        select(CredentialVersion)
        .where(
            col(CredentialVersion.organization_id) == credential.organization_id,
            col(CredentialVersion.credential_id) == credential.id,
        )
        .order_by(col(CredentialVersion.number).desc())
    )
    # Filtered here, not in SQL: the approvals in memory may not be written yet.
    return next(
        (version for version in await session.scalars(statement) if version.approval in EFFECTIVE_APPROVALS), None
    )


async def latest_version(session: Session, credential: Credential) -> CredentialVersion:
    """Return a credential's latest version."""
    return await session.get_row(CredentialVersion, (credential.organization_id, credential.latest_version_id))


def new_version_approval(
    credential: Credential, organization: Organization, credential_type: CredentialType
) -> Approval:
    """Return the approval of a credential's new version. Until a requested credential is submitted, none counts."""
    return (
        Approval.PENDING if credential.intake is Intake.REQUESTED else initial_approval(organization, credential_type)
    )


def initial_approval(organization: Organization, credential_type: CredentialType) -> Approval:
    """Return the approval with which a type's versions start."""
    required = organization.approvals_enabled and credential_type.approval_required
    return Approval.PENDING if required else Approval.NOT_REQUIRED


def _copy_dates(credential: Credential, version: CredentialVersion) -> None:
    credential.valid_from = version.issue_date
    credential.expires_on = version.expiry_date or NEVER


def record_change(
    session: Session,
    actor: Actor,
    version: CredentialVersion,
    field: VersionField,
    before: date | str | None,
    after: date | str | None,
) -> None:
    """Record a change of one fact in the version's activity, unless the value is the same."""
    if before == after:
        return
    session.add(
        VersionChange(
            organization_id=version.organization_id,
            id=ids.new(VersionChange.prefix),
            version_id=version.id,
            field=field,
            before=json_value(before),
            after=json_value(after),
            changed_by=actor.id,
            changed_by_name=actor.name,
            changed_at=session.now,
        )
    )
