"""Appending versions, and keeping their credential in line with them.

A credential repeats the facts of its latest version and the dates of its effective version: the one in force today.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from app.access import Actor
from app.core import ids
from app.core.fields import Changes, json_value
from app.credential_types.tables import CredentialType
from app.credentials import effective_version, own_changes
from app.credentials import fields as credential_fields
from app.credentials.effective_version import Period
from app.credentials.tables import (
    EFFECTIVE_APPROVALS,
    NEVER,
    ApprovalStatus,
    Credential,
    CredentialVersion,
    IntakeStatus,
    VerificationStatus,
    VersionChange,
    VersionField,
)
from app.db.session import Session
from app.organizations import calendar
from app.organizations.tables import Organization

LOGGED_FIELDS = {"issue_date": VersionField.ISSUE_DATE, "expiry_date": VersionField.EXPIRY_DATE}
"""The columns of a version whose changes are recorded, with their public names."""


def append(
    session: Session,
    actor: Actor,
    credential: Credential,
    number: int,
    approval: ApprovalStatus,
    facts: dict[str, Any],
    *,
    own: bool = False,
) -> CredentialVersion:
    """Add a version with checked facts, which its owner entered if `own`, and make it the credential's latest.

    Any but the first version must be followed by `sync_credential`, which needs the other versions.
    """
    version = CredentialVersion(
        organization_id=credential.organization_id,
        id=ids.new(CredentialVersion.prefix),
        credential_id=credential.id,
        credential_type_id=credential.credential_type_id,
        number=number,
        approval=approval,
        entered_by_owner=own,
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
    if number == 1:
        credential.effective_version_id = version.id if approval in EFFECTIVE_APPROVALS else None
        _copy_dates(credential, version.issue_date, version.expiry_date or NEVER)
    return version


async def copy_facts(session: Session, actor: Actor, credential: Credential, version: CredentialVersion) -> None:
    """Copy a credential's facts to its latest version, and bring the credential in line with its approval."""
    for column in credential_fields.VERSION_COLUMNS:
        after = getattr(credential, column)
        if column in LOGGED_FIELDS:
            record_change(session, actor, version, LOGGED_FIELDS[column], getattr(version, column), after)
        setattr(version, column, after)
    await sync_credential(session, credential, version)


async def version_expiring_on(
    session: Session, credential: Credential, expiry_date: date | None
) -> CredentialVersion | None:
    """Return the version that a registry's expiry date is about, if it is not the latest: else the one in force.

    Where a renewal was recorded early, the registry may still report the period in force, or already the next one. An
    old period that was recorded late, or one that was rejected, is not what the registry reports.
    """
    if expiry_date is None or credential.effective_version_id in (None, credential.latest_version_id):
        return None
    in_force = await session.get_row(CredentialVersion, (credential.organization_id, credential.effective_version_id))
    if in_force.reference_number != credential.reference_number:
        return None
    ends = in_force.expiry_date or NEVER
    is_renewal = (credential.issue_date or ends) <= expiry_date and (credential.expiry_date or NEVER) > ends
    is_next = ends < expiry_date and is_renewal and credential.latest_approval is not ApprovalStatus.REJECTED
    return None if is_next else in_force


async def correct_expiry(
    session: Session, actor: Actor, credential: Credential, version: CredentialVersion | None, expiry_date: date
) -> Changes:
    """Set a version's expiry date to the registry's; None for the latest. Return the version's number as a change."""
    if version is None:
        version = await latest_version(session, credential)
        credential.expiry_date = expiry_date
    record_change(session, actor, version, VersionField.EXPIRY_DATE, version.expiry_date, expiry_date)
    version.expiry_date = expiry_date
    await sync_credential(session, credential)
    return {"number": {"from": version.number, "to": version.number}}


async def sync_credential(session: Session, credential: Credential, latest: CredentialVersion | None = None) -> None:
    """Bring a credential in line with its versions: the approval of the latest, and the version in force today."""
    latest = latest or await latest_version(session, credential)
    versions = [latest] if latest.number == 1 else await _versions(session, credential)
    credential.latest_approval = latest.approval
    periods = effective_version.of_versions(versions)
    if not any(period.decided for period in periods):
        credential.effective_version_id = None
        _copy_dates(credential, latest.issue_date, latest.expiry_date or NEVER)
    # The day matters only where versions follow each other, so that most changes need not know the time zone.
    today = session.now.date() if len(periods) < 2 else await calendar.today(session, credential.organization_id)
    _set_periods(credential, periods, today, session.now)


def follow_today(credential: Credential, today: date, now: datetime) -> None:
    """Bring a credential in line with the version in force today, from the periods that it stores."""
    periods = effective_version.from_document(
        credential.periods, credential.effective_version_id, credential.valid_from, credential.expires_on
    )
    _set_periods(credential, periods, today, now)


def _set_periods(credential: Credential, periods: list[Period], today: date, now: datetime) -> None:
    decided = [period for period in periods if period.decided]
    in_force = effective_version.in_force(decided, today)
    if in_force is not None:
        is_renewed = in_force.version_id != credential.effective_version_id and in_force.last > credential.expires_on
        if is_renewed and credential.status is VerificationStatus.EXPIRED and credential.next_check_at is not None:
            credential.next_check_at = now  # the registry spoke of the period before
        credential.effective_version_id = in_force.version_id
        _copy_dates(credential, in_force.first, in_force.last)
    document = effective_version.to_document(periods)
    if document != credential.periods:
        credential.periods = document
    takeover = effective_version.next_takeover(decided, today)
    credential.next_takeover_on = None if takeover == NEVER else takeover


async def _versions(session: Session, credential: Credential) -> list[CredentialVersion]:
    """Return all versions of a credential as they are in memory, oldest first, even one that is not written yet."""
    statement = select(CredentialVersion).where(
        col(CredentialVersion.organization_id) == credential.organization_id,
        col(CredentialVersion.credential_id) == credential.id,
    )
    added = [row for row in session.new if isinstance(row, CredentialVersion) and row.credential_id == credential.id]
    versions = {version.id: version for version in [*await session.scalars(statement), *added]}
    return sorted(versions.values(), key=lambda version: version.number)


async def latest_version(session: Session, credential: Credential) -> CredentialVersion:
    """Return a credential's latest version."""
    return await session.get_row(CredentialVersion, (credential.organization_id, credential.latest_version_id))


def new_version_approval(
    credential: Credential, organization: Organization, credential_type: CredentialType, *, own: bool
) -> ApprovalStatus:
    """Return the approval of a credential's new version, whose facts its owner entered if `own`.

    Until a requested credential is submitted, none counts.
    """
    if credential.intake is IntakeStatus.REQUESTED or (own and own_changes.waits(organization, credential_type)):
        return ApprovalStatus.PENDING
    return initial_approval(organization, credential_type)


def initial_approval(
    organization: Organization, credential_type: CredentialType, *, own: bool = False
) -> ApprovalStatus:
    """Return the approval with which a type's versions start, and those that people enter about themselves if `own`."""
    required = organization.approvals_enabled and credential_type.approval_required
    if own and own_changes.waits_for_decision(organization, credential_type):
        required = True
    return ApprovalStatus.PENDING if required else ApprovalStatus.NOT_REQUIRED


def _copy_dates(credential: Credential, first: date | None, last: date) -> None:
    credential.valid_from = first
    credential.expires_on = last


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
