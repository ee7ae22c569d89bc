"""Creating, updating, archiving and restoring positions."""

from typing import Any

from app.access import Actor
from app.core import claims, fields, ids
from app.core.database import Session
from app.core.errors import allow
from app.core.fields import Fields, Given
from app.core.filters import fold
from app.events import ledger
from app.events.kinds import EventKind
from app.organizations.tables import OrgUnit
from app.workers import states
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
    ledger.record(session, actor, EventKind.POSITION_CREATED, position)
    return position


async def update(session: Session, actor: Actor, given: Given) -> Position:
    """Change what is given; what is absent stays, what is null is cleared."""
    position = await _claim(session, actor, given)
    allow(states.in_use(position))
    claims.expect(position.revision, given.get("expectedRevision"))
    values = FIELDS.read(given, absent="keep")
    await _check_unit(session, actor, values)
    changes = FIELDS.apply(position, values)
    if changes:
        position.name_key = fold(position.name)
        _grow(session, position)
        await session.gather()
        ledger.record(session, actor, EventKind.POSITION_UPDATED, position, changes)
    return position


async def archive(session: Session, actor: Actor, given: Given) -> Position:
    """Take a position out of use: nobody is assigned to it any more. Those who hold it stay until they leave it."""
    position = await _claim(session, actor, given)
    allow(states.in_use(position))
    claims.expect(position.revision, given.get("expectedRevision"))
    position.archived_at = session.now
    _grow(session, position)
    ledger.record(session, actor, EventKind.POSITION_ARCHIVED, position)
    return position


async def restore(session: Session, actor: Actor, given: Given) -> Position:
    """Bring an archived position back into use."""
    position = await _claim(session, actor, given)
    allow(states.restore_position(position))
    claims.expect(position.revision, given.get("expectedRevision"))
    position.archived_at = None
    _grow(session, position)
    ledger.record(session, actor, EventKind.POSITION_RESTORED, position)
    return position


async def _claim(session: Session, actor: Actor, given: Given) -> Position:
    return await claims.claim(session, actor, Position, given["id"], ("id",))


async def _check_unit(session: Session, actor: Actor, values: dict[str, Any]) -> None:
    if values.get("org_unit_id") is not None:
        await claims.find(session, actor, OrgUnit, values["org_unit_id"], ("orgUnit",))


def _grow(session: Session, position: Position) -> None:
    position.revision += 1
    position.last_updated = session.now
