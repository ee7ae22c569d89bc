"""Org units: creating, renaming, moving and deleting them."""

from sqlalchemy.exc import IntegrityError

from app.access import Actor
from app.core import fields, ids
from app.core.errors import InUse, Invalid
from app.core.fields import Input, InputFields
from app.core.text import fold
from app.db import row_access
from app.db.session import Session
from app.events import event_log
from app.events.event_kinds import EventKind
from app.organizations.tables import Organization, OrgUnit, subtree_ids

FIELDS = InputFields(
    (
        fields.text("name", "name", required=True),
        fields.choice("type", "kind", required=True),
        fields.text("parent", "parent_id", max_length=32),
    )
)


async def create(session: Session, actor: Actor, input: Input) -> OrgUnit:
    """Create a unit, at the top or under a parent."""
    values = FIELDS.parse(input, absent="clear")
    await _check_parent(session, actor, values["parent_id"])
    unit = OrgUnit(
        organization_id=actor.organization_id,
        id=ids.new(OrgUnit.prefix),
        name_key=fold(values["name"]),
        created_at=session.now,
        updated_at=session.now,
        **values,
    )
    session.add(unit)
    event_log.record(session, actor, EventKind.ORG_UNIT_CREATED, unit, FIELDS.initial_changes(unit))
    return unit


async def update(session: Session, actor: Actor, input: Input) -> OrgUnit:
    """Rename a unit, change its type, or move it under another parent."""
    values = FIELDS.parse(input, absent="keep")
    if values.get("parent_id") is not None:
        # Two concurrent moves could make a cycle: A under B and B under A. A lock on the organization, taken before the
        # lock on a unit, makes the second move wait and see the first.
        await row_access.find_for_update(session, actor, Organization, actor.organization_id, ("organization",))
    unit = await row_access.find_for_update(session, actor, OrgUnit, input["id"], ("id",))
    row_access.check_revision(unit.revision, input.get("expectedRevision"))
    parent = values.get("parent_id")
    if parent is not None and parent != unit.parent_id:
        await _check_parent(session, actor, parent)
        descendants = subtree_ids(actor.organization_id, unit.id)
        if parent in set(await session.scalars(descendants)):
            raise Invalid("parent is the unit itself or a unit under it", ("parent",))
    changes = FIELDS.apply(unit, values)
    if changes:
        unit.name_key = fold(unit.name)
        row_access.touch(unit, session.now)
        event_log.record(session, actor, EventKind.ORG_UNIT_UPDATED, unit, changes)
    return unit


async def delete(session: Session, actor: Actor, input: Input) -> OrgUnit:
    """Delete a unit. Raises InUse if a unit, worker, position or rule belongs to it, including deleted ones."""
    unit = await row_access.find_for_update(session, actor, OrgUnit, input["id"], ("id",))
    row_access.check_revision(unit.revision, input.get("expectedRevision"))
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
