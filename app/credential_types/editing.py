"""Creating, updating, archiving and restoring credential types."""

from typing import Any

from app.access import Actor
from app.core import ids
from app.core.errors import Invalid, NotArchived, TypeArchived
from app.core.fields import Given
from app.credential_types import fields
from app.credential_types.tables import CredentialType
from app.db import row_access
from app.db.database import Session
from app.events import event_log
from app.events.event_kinds import EventKind


async def create(session: Session, actor: Actor, given: Given) -> CredentialType:
    """Add a type of the organization's own."""
    values = fields.NEW.read(given, absent="clear")
    _check_sets(values["supports"], values["requires"])
    kind = build(actor.organization_id, session, values)
    session.add(kind)
    await session.flush()
    event_log.record(session, actor, EventKind.CREDENTIAL_TYPE_CREATED, kind, fields.NEW.stated(kind))
    return kind


def build(organization_id: str, session: Session, values: dict[str, Any]) -> CredentialType:
    """A new row of checked values."""
    kind = CredentialType(
        organization_id=organization_id,
        id=ids.new(CredentialType.prefix),
        created_at=session.now,
        last_updated=session.now,
        **values,
    )
    fields.refresh(kind)
    return kind


async def update(session: Session, actor: Actor, given: Given) -> CredentialType:
    """Change what is given of a type; its code never changes. Credentials already held are not touched."""
    kind = await row_access.claim(session, actor, CredentialType, given["id"], ("id",))
    if kind.archived_at is not None:
        raise TypeArchived("the credential type is archived; restore it first", ("id",))
    row_access.expect(kind.revision, given.get("expectedRevision"))
    values = fields.FIELDS.read(given, absent="keep")
    _check_sets(values.get("supports", kind.supports), values.get("requires", kind.requires))
    changes = fields.FIELDS.apply(kind, values)
    if changes:
        fields.refresh(kind)
        _grow(session, kind)
        event_log.record(session, actor, EventKind.CREDENTIAL_TYPE_UPDATED, kind, changes)
    return kind


async def archive(session: Session, actor: Actor, given: Given) -> CredentialType:
    """Take a type out of use: no new credentials of it; those held stay."""
    kind = await row_access.claim(session, actor, CredentialType, given["id"], ("id",))
    if kind.archived_at is not None:
        raise TypeArchived("the credential type is already archived", ("id",))
    row_access.expect(kind.revision, given.get("expectedRevision"))
    kind.archived_at = session.now
    _grow(session, kind)
    event_log.record(session, actor, EventKind.CREDENTIAL_TYPE_ARCHIVED, kind)
    return kind


async def restore(session: Session, actor: Actor, given: Given) -> CredentialType:
    """Bring an archived type back into use."""
    kind = await row_access.claim(session, actor, CredentialType, given["id"], ("id",))
    if kind.archived_at is None:
        raise NotArchived("the credential type is not archived", ("id",))
    row_access.expect(kind.revision, given.get("expectedRevision"))
    kind.archived_at = None
    _grow(session, kind)
    event_log.record(session, actor, EventKind.CREDENTIAL_TYPE_RESTORED, kind)
    return kind


def _grow(session: Session, kind: CredentialType) -> None:
    kind.revision += 1
    kind.last_updated = session.now


def _check_sets(supports: list[str], requires: list[str]) -> None:
    unsupported = [member for member in requires if member not in supports]
    if unsupported:
        raise Invalid(f"requires names what supports does not: {', '.join(unsupported)}", ("requires",))
