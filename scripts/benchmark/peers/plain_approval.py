"""Plain Strawberry's only mutation: the approval of a locked credential, with the rows that the service writes."""

import hashlib
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.access import ActorKind
from app.compliance.tables import Unsettled
from app.core import ids
from app.core.fields import changes_between, json_value, snapshot
from app.credentials.tables import (
    NEVER,
    ApprovalStatus,
    Credential,
    CredentialVersion,
    IntakeStatus,
    VerificationStatus,
)
from app.db import idempotency
from app.db.history import History
from app.events.event_kinds import EventKind
from app.events.tables import Event
from app.organizations.tables import ApiKey
from app.registries.findings import Eligibility, StatusDetail

STANDING = {
    "verification.status": "status",
    "verification.eligibility": "eligibility",
    "verification.statusDetail": "status_detail",
    "intake.status": "intake",
}
DECISION = {"approval.status": "approval", "approval.reason": "reason", "approval.notes": "notes"}
"""The columns of a credential and its version that the event records if the decision changes them."""


async def approve(session: AsyncSession, key: ApiKey, credential: Credential, reason: str, once: str) -> None:
    """Approve the latest version."""
    now = datetime.now(UTC)
    version = await session.get_one(CredentialVersion, (key.organization_id, credential.latest_version_id))
    before = _told(credential, version)
    version.approval, version.reason, version.notes = ApprovalStatus.APPROVED, reason, None
    version.decided_by, version.decided_at = key.id, now
    credential.status, credential.eligibility = VerificationStatus.ACTIVE, Eligibility.MAY_ENGAGE
    credential.status_detail, credential.latest_approval = StatusDetail.VALID, ApprovalStatus.APPROVED
    credential.effective_version_id, credential.valid_from = version.id, version.issue_date
    credential.expires_on = version.expiry_date or NEVER
    if credential.intake is IntakeStatus.SUBMITTED:
        credential.intake = IntakeStatus.COMPLETED
    credential.revision += 1
    credential.updated_at = now
    changes = changes_between(before, _told(credential, version)) | {
        "number": {"from": version.number, "to": version.number}
    }
    session.add_all([_event(key, credential, changes), _key(key, credential, reason, once), _past(credential)])
    owners = [owner for owner in (credential.worker_id, credential.applicant_id) if owner is not None]
    session.add_all(
        Unsettled(organization_id=key.organization_id, id=ids.new(Unsettled.prefix), owner_id=owner) for owner in owners
    )


def _told(credential: Credential, version: CredentialVersion) -> dict[str, Any]:
    return {**snapshot(credential, STANDING), **snapshot(version, DECISION)}


def _event(key: ApiKey, credential: Credential, changes: dict[str, Any]) -> Event:
    return Event(
        organization_id=key.organization_id,
        id=ids.new(Event.prefix),
        kind=EventKind.CREDENTIAL_APPROVED,
        subject_id=credential.id,
        worker_id=credential.worker_id,
        actor_kind=ActorKind.SERVICE,
        actor_id=key.id,
        actor_name=key.name,
        changes=changes,
        occurred_at=credential.updated_at,
        request_id=ids.new("req"),
    )


def _key(key: ApiKey, credential: Credential, reason: str, once: str) -> idempotency.IdempotencyKey:
    return idempotency.IdempotencyKey(
        organization_id=key.organization_id,
        actor_id=key.id,
        id=once,
        digest=hashlib.sha256(f"{credential.id} {reason}".encode()).hexdigest(),
        outcome={"record": "credentials", "id": credential.id},
        created_at=credential.updated_at,
    )


def _past(credential: Credential) -> History:
    return History(
        organization_id=credential.organization_id,
        id=ids.new(History.prefix),
        kind=Credential.__tablename__,
        row_id=credential.id,
        worker_id=credential.worker_id,
        recorded_at=credential.updated_at,
        values={name: json_value(getattr(credential, name)) for name in Credential.history_columns},
    )
