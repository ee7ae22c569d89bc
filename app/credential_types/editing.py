"""Creating, updating, archiving and restoring credential types."""

from typing import Any

from app.access import Actor
from app.core import ids
from app.core.errors import Invalid, NotArchived, TypeArchived
from app.core.fields import Input
from app.credential_types import fields
from app.credential_types.tables import CredentialType
from app.db import row_access
from app.db.session import Session
from app.events import event_log
from app.events.event_kinds import EventKind


async def create(session: Session, actor: Actor, input: Input) -> CredentialType:
    """Add a credential type."""
    values = fields.NEW_FIELDS.parse(input, absent="clear")
    _check_sets(values["supports"], values["requires"])
    credential_type = new_type(actor.organization_id, session, values)
    session.add(credential_type)
    event_log.record(
        session,
        actor,
        EventKind.CREDENTIAL_TYPE_CREATED,
        credential_type,
        fields.NEW_FIELDS.initial_changes(credential_type),
    )
    return credential_type


def new_type(organization_id: str, session: Session, values: dict[str, Any]) -> CredentialType:
    """Return a new row with checked values. The caller adds it to the session."""
    credential_type = CredentialType(
        organization_id=organization_id,
        id=ids.new(CredentialType.prefix),
        created_at=session.now,
        updated_at=session.now,
        **values,
    )
    fields.refresh_search_columns(credential_type)
    return credential_type


async def update(session: Session, actor: Actor, input: Input) -> CredentialType:
    """Change the stated fields of a type. Its code never changes, and existing credentials stay as they are."""
    credential_type = await row_access.find_for_update(session, actor, CredentialType, input["id"], ("id",))
    if credential_type.archived_at is not None:
        raise TypeArchived("the credential type is archived; unarchive it first", ("id",))
    row_access.check_revision(credential_type.revision, input.get("expectedRevision"))
    values = fields.FIELDS.parse(input, absent="keep")
    _check_sets(values.get("supports", credential_type.supports), values.get("requires", credential_type.requires))
    changes = fields.FIELDS.apply(credential_type, values)
    if changes:
        fields.refresh_search_columns(credential_type)
        row_access.touch(credential_type, session.now)
        event_log.record(session, actor, EventKind.CREDENTIAL_TYPE_UPDATED, credential_type, changes)
    return credential_type


async def archive(session: Session, actor: Actor, input: Input) -> CredentialType:
    """Archive a type. No new credentials of the type can be created; existing ones stay."""
    credential_type = await row_access.find_for_update(session, actor, CredentialType, input["id"], ("id",))
    if credential_type.archived_at is not None:
        raise TypeArchived("the credential type is already archived", ("id",))
    row_access.check_revision(credential_type.revision, input.get("expectedRevision"))
    credential_type.archived_at = session.now
    row_access.touch(credential_type, session.now)
    event_log.record(session, actor, EventKind.CREDENTIAL_TYPE_ARCHIVED, credential_type)
    return credential_type


async def unarchive(session: Session, actor: Actor, input: Input) -> CredentialType:
    """Bring an archived type back."""
    credential_type = await row_access.find_for_update(session, actor, CredentialType, input["id"], ("id",))
    if credential_type.archived_at is None:
        raise NotArchived("the credential type is not archived", ("id",))
    row_access.check_revision(credential_type.revision, input.get("expectedRevision"))
    credential_type.archived_at = None
    row_access.touch(credential_type, session.now)
    event_log.record(session, actor, EventKind.CREDENTIAL_TYPE_RESTORED, credential_type)
    return credential_type


def _check_sets(supports: list[str], requires: list[str]) -> None:
    unsupported = [member for member in requires if member not in supports]
    if unsupported:
        raise Invalid(f"requires: not in supports: {', '.join(unsupported)}", ("requires",))
