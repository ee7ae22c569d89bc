"""A credential's versions: adding one, editing the latest, and keeping the credential in line with them."""

import calendar
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from app.access import Actor
from app.core import fields, ids
from app.core.errors import Required, allow
from app.core.fields import Changes, Fields, Given, between, plain, snapshot
from app.credential_types.tables import CredentialType, Metadata
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
from app.db import row_access
from app.db.database import Session
from app.events import event_log
from app.events.event_kinds import EventKind
from app.organizations import settings
from app.organizations.tables import Organization

EFFECTIVE = (Approval.NOT_REQUIRED, Approval.APPROVED)
FIELDS = Fields(
    (
        fields.text("referenceNumber", "reference_number", longest=100),
        fields.text("issuingAuthority", "issuing_authority"),
        fields.day("issueDate", "issue_date"),
        fields.day("expiryDate", "expiry_date"),
    )
)
LOGGED = {"issue_date": VersionField.ISSUE_DATE, "expiry_date": VersionField.EXPIRY_DATE}


async def add(session: Session, actor: Actor, given: Given) -> CredentialVersion:
    """Add a version, such as a renewal. What is not given is as in the latest; a new issue date moves the expiry."""
    credential = await row_access.claim(session, actor, Credential, given["id"], ("id",))
    allow(permissions.update(credential))
    row_access.expect(credential.revision, given.get("expectedRevision"))
    settings.want(session, actor.organization_id)
    kind = await _type(session, actor, credential)
    latest = await latest_of(session, credential)
    values = _renewed(kind, latest, FIELDS.read(given, absent="keep"))
    credential_fields.check(kind, values, values, flat=True)
    organization = await settings.of(session, actor.organization_id)
    approval, rejected = approval_of_new(credential, organization, kind), permissions.is_rejected(credential)
    version = append(session, actor, credential, latest.number + 1, approval, values)
    changes: Changes = {"number": {"from": latest.number, "to": version.number}}
    changes |= FIELDS.differences(latest, version)
    if rejected:
        changes |= await stand_anew(session, credential)
    if version.reference_number != latest.reference_number:
        recheck_schedule.soon(credential, session.now)
    credential_fields.grow(credential, session.now)
    await session.gather()
    event_log.record(
        session, actor, EventKind.CREDENTIAL_VERSION_ADDED, credential, changes, worker_id=credential.worker_id
    )
    return version


def _renewed(kind: CredentialType, latest: CredentialVersion, given: dict[str, Any]) -> dict[str, Any]:
    """All facts of a new version. A renewal never loses its expiry date by what is left out."""
    if not given:
        raise Required(
            "issueDate", message=f"a version states something new: at least one of {', '.join(FIELDS.names)}"
        )
    values = {column: given.get(column, getattr(latest, column)) for column in credential_fields.VERSIONED}
    if values["issue_date"] not in (None, latest.issue_date) and "expiry_date" not in given:
        values["expiry_date"] = expected_expiry(kind, values["issue_date"])
        if values["expiry_date"] is None and latest.expiry_date is not None:
            raise Required("expiryDate")
    return values


async def edit(session: Session, actor: Actor, given: Given) -> CredentialVersion:
    """Change what is given of the latest version; what was decided about it has to be decided again."""
    version = await row_access.find(session, actor, CredentialVersion, given["id"], ("id",))
    credential = await row_access.claim(session, actor, Credential, version.credential_id, ("id",))
    # It was read to learn whose it is; until its credential was ours, somebody else may have changed it.
    await session.refresh(version)
    organization = await settings.of(session, actor.organization_id)
    allow(permissions.edit_version(credential, version, final=settings.decisions_are_final(organization)))
    row_access.expect(credential.revision, given.get("expectedRevision"))
    values = FIELDS.read(given, absent="keep")
    kind = await _type(session, actor, credential)
    after = {column: values.get(column, getattr(credential, column)) for column in credential_fields.VERSIONED}
    credential_fields.check(kind, after, values, flat=True)
    changes = FIELDS.apply(credential, values)
    if changes:
        changes |= await amend(session, actor, credential, version, organization, kind)
        credential_fields.grow(credential, session.now)
        event_log.record(
            session, actor, EventKind.CREDENTIAL_UPDATED, credential, changes, worker_id=credential.worker_id
        )
    return version


async def amend(
    session: Session,
    actor: Actor,
    credential: Credential,
    version: CredentialVersion,
    organization: Organization,
    kind: CredentialType,
    *,
    stated: bool = False,
) -> Changes:
    """Bring the latest version in line with the facts that were just written into its credential.

    Gives what else changed by that: what was decided has to be decided again, and what fell with a rejection stands
    anew, unless it was `stated` where it stands.
    """
    changes: Changes = {"number": {"from": version.number, "to": version.number}}
    rejected = permissions.is_rejected(credential)
    if version.reference_number != credential.reference_number:
        recheck_schedule.soon(credential, session.now)
    if version.approval in permissions.DECIDED:
        before = snapshot(version, credential_fields.DECISION)
        version.approval = approval_of_new(credential, organization, kind)
        version.decided_by = version.decided_at = version.reason = version.notes = None
        changes |= between(before, snapshot(version, credential_fields.DECISION))
        credential.latest_version_at = session.now
    await take_over(session, actor, credential, version)
    if rejected and not stated:
        changes |= await stand_anew(session, credential)
    return changes


async def stand_anew(session: Session, credential: Credential) -> Changes:
    """Let nothing be known of a credential whose latest version is one that nobody has looked at; gives what changed.

    Where nobody has to, neither a person nor a registry, it is in force.
    """
    before = snapshot(credential, credential_fields.STANDING)
    trusted = credential.latest_approval is Approval.NOT_REQUIRED and not credential.is_verifiable
    credential.status = VerificationStatus.ACTIVE if trusted else VerificationStatus.PENDING
    credential.eligibility = credential.status_detail = credential.raw_status = None
    if credential.next_check_at is None:
        await recheck_schedule.resume(session, credential)
    return between(before, snapshot(credential, credential_fields.STANDING))


async def take_over(session: Session, actor: Actor, credential: Credential, version: CredentialVersion) -> None:
    """Give the latest version the facts of its credential, and let the credential follow its approval."""
    for column in credential_fields.VERSIONED:
        after = getattr(credential, column)
        if column in LOGGED:
            log(session, actor, version, LOGGED[column], getattr(version, column), after)
        setattr(version, column, after)
    await session.flush()
    await settle(session, credential)


async def correct_expiry(session: Session, actor: Actor, credential: Credential, expiry_date: date) -> Changes:
    """Take over the expiry date that the registry has; gives which version it is of."""
    version = await latest_of(session, credential)
    log(session, actor, version, VersionField.EXPIRY_DATE, version.expiry_date, expiry_date)
    version.expiry_date = credential.expiry_date = expiry_date
    if credential.effective_version_id in (None, version.id):
        _take_dates(credential, version)
    return {"number": {"from": version.number, "to": version.number}}


async def settle(session: Session, credential: Credential) -> None:
    """Let a credential follow the approvals of its versions: which one counts, and whose dates."""
    latest = await latest_of(session, credential)
    effective = latest if latest.approval in EFFECTIVE else await _newest_effective(session, credential)
    credential.latest_approval = latest.approval
    credential.effective_version_id = effective.id if effective else None
    _take_dates(credential, effective or latest)


async def _newest_effective(session: Session, credential: Credential) -> CredentialVersion | None:
    statement = (
        select(CredentialVersion)
        .where(
            col(CredentialVersion.organization_id) == credential.organization_id,
            col(CredentialVersion.credential_id) == credential.id,
        )
        .order_by(col(CredentialVersion.number).desc())
    )
    # Told by the rows as they are here, which need not be written yet.
    return next((version for version in await session.scalars(statement) if version.approval in EFFECTIVE), None)


def append(
    session: Session,
    actor: Actor,
    credential: Credential,
    number: int,
    approval: Approval,
    facts: dict[str, Any],
) -> CredentialVersion:
    """Make a version with checked facts the credential's latest."""
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
    for column, name in LOGGED.items():
        log(session, actor, version, name, None, facts.get(column))
    credential.latest_version_id = version.id
    credential.latest_version_at = session.now
    credential.latest_approval = approval
    for column in credential_fields.VERSIONED:
        setattr(credential, column, facts.get(column))
    if approval in EFFECTIVE:
        credential.effective_version_id = version.id
    if credential.effective_version_id in (None, version.id):
        _take_dates(credential, version)
    return version


async def latest_of(session: Session, credential: Credential) -> CredentialVersion:
    """The credential's latest version."""
    return await session.row(CredentialVersion, (credential.organization_id, credential.latest_version_id))


def approval_of_new(credential: Credential, organization: Organization, kind: CredentialType) -> Approval:
    """Where the approval of a credential's new version starts; what nobody has submitted yet counts for nothing."""
    return Approval.PENDING if credential.intake is Intake.REQUESTED else first_approval(organization, kind)


def first_approval(organization: Organization, kind: CredentialType) -> Approval:
    """Where a new version's approval starts."""
    required = organization.approvals_enabled and kind.approval_required
    return Approval.PENDING if required else Approval.NOT_REQUIRED


def expected_expiry(kind: CredentialType, issued: date | None) -> date | None:
    """The expiry date that follows from the type's usual validity."""
    if issued is None or kind.default_validity_months is None or Metadata.EXPIRY_DATE not in kind.supports:
        return None
    years, month = divmod(issued.month - 1 + kind.default_validity_months, 12)
    year, month = issued.year + years, month + 1
    return date(year, month, min(issued.day, calendar.monthrange(year, month)[1]))


def _take_dates(credential: Credential, version: CredentialVersion) -> None:
    credential.valid_from = version.issue_date
    credential.expires_on = version.expiry_date or NEVER


def log(
    session: Session,
    actor: Actor,
    version: CredentialVersion,
    field: VersionField,
    before: date | str | None,
    after: date | str | None,
) -> None:
    """Note in a version's activity what became of one of its facts."""
    if before == after:
        return
    session.add(
        VersionChange(
            organization_id=version.organization_id,
            id=ids.new(VersionChange.prefix),
            version_id=version.id,
            field=field,
            before=plain(before),
            after=plain(after),
            changed_by=actor.id,
            changed_by_name=actor.name,
            changed_at=session.now,
        )
    )


async def _type(session: Session, actor: Actor, credential: Credential) -> CredentialType:
    return await row_access.find(session, actor, CredentialType, credential.credential_type_id, ())
