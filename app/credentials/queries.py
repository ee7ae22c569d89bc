"""Reads of credentials and their versions."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, literal_column, or_, select
from sqlmodel import col

from app.access import Actor
from app.core.errors import NotFound
from app.credentials import validity
from app.credentials.files.tables import Attachment
from app.credentials.tables import WAITING, Credential, CredentialVersion, OwnerType, VersionChange
from app.credentials.verification.tables import VerificationAttempt
from app.db.database import Session
from app.db.principal import Principal
from app.lists import filters
from app.lists.listings import Listing, Lookup
from app.workers import people, references

OWNER_COLUMNS = {
    OwnerType.WORKER: col(Credential.worker_id),
    OwnerType.APPLICANT: col(Credential.applicant_id),
}
OWNER_KINDS: dict[OwnerType, Any] = {
    OwnerType.WORKER: people.WORKER,
    OwnerType.APPLICANT: people.APPLICANT,
}


def _owned(value: Mapping[str, Any], _actor: Principal, _now: datetime) -> ColumnElement[bool]:
    owned: ColumnElement[bool] = OWNER_COLUMNS[value["type"]] == value["id"]
    return owned


async def _find_owners(session: Session, actor: Actor, where: Mapping[str, Any]) -> dict[str, Any]:
    """A where whose owners are named by id. An external id that two people share is refused, not guessed."""
    found: dict[str, Any] = {}
    for name, value in where.items():
        if name in ("AND", "OR") and value is not None:
            found[name] = [await _find_owners(session, actor, part) for part in value]
        elif name == "NOT" and value is not None:
            found[name] = await _find_owners(session, actor, value)
        elif name == "owner" and value is not None:
            found[name] = {"type": value["type"], "id": await _owner_id(session, actor, value)}
        else:
            found[name] = value
    return found


async def _owner_id(session: Session, actor: Actor, owner: Mapping[str, Any]) -> str:
    if owner.get("id") is not None and owner.get("externalId") is None:
        return str(owner["id"])
    kind = OWNER_KINDS[owner["type"]]
    try:
        found = await references.find(session, actor, kind, owner, ("where", "owner"))
    except NotFound:
        return ""
    return str(found.id)


by_id = Lookup(Credential, col(Credential.id))
listing = Listing(
    Credential,
    filters={
        "id": filters.exact(col(Credential.id)),
        "owner": _owned,
        "type": filters.exact(col(Credential.type_code)),
        "category": filters.exact(col(Credential.category)),
        "jurisdiction": filters.exact(col(Credential.jurisdiction)),
        "referenceNumber": filters.exact(col(Credential.reference_number)),
        "status": filters.exact(col(Credential.status)),
        "eligibility": filters.exact(col(Credential.eligibility)),
        "statusDetail": filters.exact(col(Credential.status_detail)),
        "validity": validity.matches,
        "approval": filters.exact(col(Credential.latest_approval)),
        "intake": filters.exact(col(Credential.intake)),
        "expiringBefore": lambda value, _actor, _now: col(Credential.expires_on) < value,
        "updatedAfter": filters.since(col(Credential.last_updated)),
        "updatedBefore": filters.until(col(Credential.last_updated)),
    },
    orders={
        "lastUpdated": col(Credential.last_updated),
        "createdAt": col(Credential.created_at),
        "expiryDate": col(Credential.expires_on),
        "displayName": col(Credential.display_name_key),
    },
    default=(("lastUpdated", True),),
    search=filters.words(col(Credential.search_text)),
    hides={
        "deleted": col(Credential.deleted_at).is_(None),
        "archived": col(Credential.archived_at).is_(None),
    },
    prepare=_find_owners,
)
by_worker = listing.by(col(Credential.worker_id))
by_applicant = listing.by(col(Credential.applicant_id))

review_queue = replace(
    listing,
    orders={"waitingSince": col(Credential.latest_version_at)},
    default=(("waitingSince", False),),
    # Of no type, so that it stays word for word what the index says: SQLite is told that a boolean equals 1.
    base=literal_column(WAITING),
)

version_by_id = Lookup(CredentialVersion, col(CredentialVersion.id))
versions = Listing(
    CredentialVersion,
    filters={},
    orders={"number": col(CredentialVersion.number)},
    default=(("number", True),),
)
versions_by_credential = versions.by(col(CredentialVersion.credential_id))

changes = Listing(
    VersionChange,
    filters={"field": filters.exact(col(VersionChange.field))},
    orders={"changedAt": col(VersionChange.changed_at)},
    default=(("changedAt", True),),
)
change_by_id = Lookup(VersionChange, col(VersionChange.id))
changes_by_version = changes.by(col(VersionChange.version_id))

attempt_by_id = Lookup(VerificationAttempt, col(VerificationAttempt.id))
attempts = Listing(
    VerificationAttempt,
    filters={
        "outcome": filters.exact(col(VerificationAttempt.outcome)),
        "trigger": filters.exact(col(VerificationAttempt.trigger)),
        "source": filters.exact(col(VerificationAttempt.source)),
    },
    orders={"requestedAt": col(VerificationAttempt.requested_at)},
    default=(("requestedAt", True),),
)
attempts_by_credential = attempts.by(col(VerificationAttempt.credential_id))

attachment_by_id = Lookup(Attachment, col(Attachment.id))
_arrived = col(Attachment.uploaded_at).is_not(None)
attachments = Listing(
    Attachment,
    filters={},
    orders={"createdAt": col(Attachment.created_at)},
    default=(("createdAt", False),),
    base=_arrived,
)
attachments_by_version = attachments.by(col(Attachment.version_id))
_latest_version = (
    select(col(Credential.latest_version_id))
    .where(
        col(Credential.organization_id) == col(Attachment.organization_id),
        col(Credential.id) == col(Attachment.credential_id),
    )
    .correlate(Attachment)
    .scalar_subquery()
)
attachments_by_credential = replace(
    attachments,
    base=_arrived & or_(col(Attachment.version_id).is_(None), col(Attachment.version_id) == _latest_version),
).by(col(Attachment.credential_id))
"""The files of a credential's latest version, and those that wait to be handed in."""
