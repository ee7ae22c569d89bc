"""Create, update, archive and unarchive positions."""

from typing import Any

from app.access import Actor
from app.core import fields, ids
from app.core.errors import raise_if_refused
from app.core.fields import Input, InputFields
from app.core.text import fold
from app.db import row_access
from app.db.session import Session
from app.events import event_log
from app.events.event_kinds import EventKind
from app.organizations.tables import OrgUnit
from app.workers import permissions
from app.workers.tables import Position

FIELDS = InputFields(
    (
        fields.text("name", "name", required=True),
        fields.identifier("externalId", "external_id"),
        fields.text("description", "description", max_length=2_000),
        fields.text("orgUnit", "org_unit_id", max_length=32),
    )
)


async def create(session: Session, actor: Actor, input: Input) -> Position:
    """Create a position."""
    values = FIELDS.parse(input, absent="clear")
    await _check_unit(session, actor, values)
    position = Position(
        organization_id=actor.organization_id,
        id=ids.new(Position.prefix),
        name_key=fold(values["name"]),
        created_at=session.now,
        updated_at=session.now,
        **values,
    )
    session.add(position)
    event_log.record(session, actor, EventKind.POSITION_CREATED, position)
    return position


async def update(session: Session, actor: Actor, input: Input) -> Position:
    """Update a position: an absent field keeps its value, a null field is cleared."""
    position = await _find_for_update(session, actor, input)
    raise_if_refused(permissions.use_position(position))
    row_access.check_revision(position.revision, input.get("expectedRevision"))
    values = FIELDS.parse(input, absent="keep")
    await _check_unit(session, actor, values)
    changes = FIELDS.apply(position, values)
    if changes:
        position.name_key = fold(position.name)
        row_access.touch(position, session.now)
        event_log.record(session, actor, EventKind.POSITION_UPDATED, position, changes)
    return position


async def archive(session: Session, actor: Actor, input: Input) -> Position:
    """Archive a position: no worker can be assigned to it any more. Current assignments continue."""
    position = await _find_for_update(session, actor, input)
    raise_if_refused(permissions.use_position(position))
    row_access.check_revision(position.revision, input.get("expectedRevision"))
    position.archived_at = session.now
    row_access.touch(position, session.now)
    event_log.record(session, actor, EventKind.POSITION_ARCHIVED, position)
    return position


async def unarchive(session: Session, actor: Actor, input: Input) -> Position:
    """Bring an archived position back."""
    position = await _find_for_update(session, actor, input)
    raise_if_refused(permissions.unarchive_position(position))
    row_access.check_revision(position.revision, input.get("expectedRevision"))
    position.archived_at = None
    row_access.touch(position, session.now)
    event_log.record(session, actor, EventKind.POSITION_RESTORED, position)
    return position


async def _find_for_update(session: Session, actor: Actor, input: Input) -> Position:
    return await row_access.find_for_update(session, actor, Position, input["id"], ("id",))


async def _check_unit(session: Session, actor: Actor, values: dict[str, Any]) -> None:
    if values.get("org_unit_id") is not None:
        await row_access.find(session, actor, OrgUnit, values["org_unit_id"], ("orgUnit",))
