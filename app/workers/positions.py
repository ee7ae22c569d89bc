"""Creating, updating, archiving and restoring positions."""

from typing import Any

from app.access import Actor
from app.core import fields, ids
from app.core.errors import allow
from app.core.fields import Fields, Given
from app.core.text import fold
from app.db import row_access
from app.db.database import Session
from app.events import event_log
from app.events.event_kinds import EventKind
from app.organizations.tables import OrgUnit
from app.workers import permissions
from app.workers.tables import Position

FIELDS = Fields(
    (
        fields.text("name", "name", required=True),
        fields.text("externalId", "external_id"),
        fields.text("description", "description", longest=2_000),
        fields.text("orgUnit", "org_unit_id", longest=32),
    )
)


async def create(session: Session, actor: Actor, given: Given) -> Position:
    """Add a position."""
    values = FIELDS.read(given, absent="clear")
    await _check_unit(session, actor, values)
    position = Position(
        organization_id=actor.organization_id,
        id=ids.new(Position.prefix),
        name_key=fold(values["name"]),
        created_at=session.now,
        last_updated=session.now,
        **values,
    )
    session.add(position)
    await session.gather()
    event_log.record(session, actor, EventKind.POSITION_CREATED, position)
    return position


async def update(session: Session, actor: Actor, given: Given) -> Position:
    """Change what is given; what is absent stays, what is null is cleared."""
    position = await _claim(session, actor, given)
    allow(permissions.in_use(position))
    row_access.expect(position.revision, given.get("expectedRevision"))
    values = FIELDS.read(given, absent="keep")
    await _check_unit(session, actor, values)
    changes = FIELDS.apply(position, values)
    if changes:
        position.name_key = fold(position.name)
        _grow(session, position)
        await session.gather()
        event_log.record(session, actor, EventKind.POSITION_UPDATED, position, changes)
    return position


async def archive(session: Session, actor: Actor, given: Given) -> Position:
    """Take a position out of use: nobody is assigned to it any more. Those who hold it stay until they leave it."""
    position = await _claim(session, actor, given)
    allow(permissions.in_use(position))
    row_access.expect(position.revision, given.get("expectedRevision"))
    position.archived_at = session.now
    _grow(session, position)
    event_log.record(session, actor, EventKind.POSITION_ARCHIVED, position)
    return position


async def restore(session: Session, actor: Actor, given: Given) -> Position:
    """Bring an archived position back into use."""
    position = await _claim(session, actor, given)
    allow(permissions.restore_position(position))
    row_access.expect(position.revision, given.get("expectedRevision"))
    position.archived_at = None
    _grow(session, position)
    event_log.record(session, actor, EventKind.POSITION_RESTORED, position)
    return position


async def _claim(session: Session, actor: Actor, given: Given) -> Position:
    return await row_access.claim(session, actor, Position, given["id"], ("id",))


async def _check_unit(session: Session, actor: Actor, values: dict[str, Any]) -> None:
    if values.get("org_unit_id") is not None:
        await row_access.find(session, actor, OrgUnit, values["org_unit_id"], ("orgUnit",))


def _grow(session: Session, position: Position) -> None:
    position.revision += 1
    position.last_updated = session.now
