"""Org units: adding, renaming, moving and removing them."""

from sqlalchemy.exc import IntegrityError

from app.access import Actor
from app.core import fields, ids
from app.core.errors import InUse, Invalid
from app.core.fields import Fields, Given
from app.core.text import fold
from app.db import row_access
from app.db.database import Session
from app.events import event_log
from app.events.event_kinds import EventKind
from app.organizations.tables import Organization, OrgUnit, subtree

FIELDS = Fields(
    (
        fields.text("name", "name", required=True),
        fields.choice("kind", "kind", required=True),
        fields.text("parent", "parent_id", longest=32),
    )
)


async def create(session: Session, actor: Actor, given: Given) -> OrgUnit:
    """Add a unit, at the top or under a parent."""
    values = FIELDS.read(given, absent="clear")
    await _check_parent(session, actor, values["parent_id"])
    unit = OrgUnit(
        organization_id=actor.organization_id,
        id=ids.new(OrgUnit.prefix),
        name_key=fold(values["name"]),
        created_at=session.now,
        last_updated=session.now,
        **values,
    )
    session.add(unit)
    await session.gather()
    event_log.record(session, actor, EventKind.ORG_UNIT_CREATED, unit, FIELDS.stated(unit))
    return unit


async def update(session: Session, actor: Actor, given: Given) -> OrgUnit:
    """Rename a unit, change its kind, or move it under another parent."""
    values = FIELDS.read(given, absent="keep")
    if values.get("parent_id") is not None:
        # Two moves at once could close a circle; one waits for the other here, before either holds a unit.
        await row_access.claim(session, actor, Organization, actor.organization_id, ("organization",))
    unit = await row_access.claim(session, actor, OrgUnit, given["id"], ("id",))
    row_access.expect(unit.revision, given.get("expectedRevision"))
    parent = values.get("parent_id")
    if parent is not None and parent != unit.parent_id:
        await _check_parent(session, actor, parent)
        below = subtree(actor.organization_id, unit.id)
        if parent in set(await session.scalars(below)):
            raise Invalid("parent is the unit itself or lies under it", ("parent",))
    changes = FIELDS.apply(unit, values)
    if changes:
        unit.name_key = fold(unit.name)
        unit.revision += 1
        unit.last_updated = session.now
        event_log.record(session, actor, EventKind.ORG_UNIT_UPDATED, unit, changes)
    return unit


async def delete(session: Session, actor: Actor, given: Given) -> OrgUnit:
    """Remove a unit that no unit, worker, position or rule belongs to, the deleted included."""
    unit = await row_access.claim(session, actor, OrgUnit, given["id"], ("id",))
    row_access.expect(unit.revision, given.get("expectedRevision"))
    try:
        async with session.begin_nested():
            await session.delete(unit)
            await session.flush()
    except IntegrityError:
        raise InUse(f"{unit.name} still has units, workers, positions or rules; move them first", ("id",)) from None
    event_log.record(session, actor, EventKind.ORG_UNIT_DELETED, unit)
    return unit


async def _check_parent(session: Session, actor: Actor, parent: str | None) -> None:
    if parent is not None:
        await row_access.find(session, actor, OrgUnit, parent, ("parent",))
