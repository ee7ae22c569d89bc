"""Creating, updating and replacing people."""

from typing import Any

from app.access import Actor
from app.core import ids
from app.core.errors import DomainError, Invalid, NotPermitted, Refused, allow, gathering
from app.core.fields import Absent, Given
from app.db import row_access
from app.db.database import Session
from app.events import event_log
from app.organizations import calendar
from app.organizations.tables import OrgUnit
from app.workers import fields, people, permissions, references
from app.workers.people import Kind, P
from app.workers.tables import Worker


async def create(kind: Kind[P], session: Session, actor: Actor, given: Given) -> P:
    """Add a person."""
    values = kind.fields.read(given, absent="clear")
    if kind is people.APPLICANT and actor.org_unit_id is not None:
        raise NotPermitted("your key is restricted to a unit, and applicants belong to none")
    await _check(session, actor, None, values)
    person: P = kind.table(
        organization_id=actor.organization_id,
        id=ids.new(kind.table.prefix),
        created_at=session.now,
        last_updated=session.now,
        **values,
    )
    if values.get("org_unit_id") is not None and isinstance(person, Worker):
        person.org_unit_since = await calendar.today(session, actor.organization_id)
    fields.refresh(person)
    session.add(person)
    await session.gather()
    stated = kind.fields.stated(person)
    event_log.record(session, actor, kind.created, person, stated, worker_id=people.worker_id(person))
    return person


async def update(kind: Kind[P], session: Session, actor: Actor, given: Given) -> P:
    """Change what is given of a person; what is absent stays, what is null is cleared."""
    return await _edit(kind, session, actor, given, "keep")


async def replace(kind: Kind[P], session: Session, actor: Actor, given: Given) -> P:
    """Write a person anew: what is absent is cleared."""
    return await _edit(kind, session, actor, given, "clear")


async def _edit(kind: Kind[P], session: Session, actor: Actor, given: Given, absent: Absent) -> P:
    name = kind.table.noun()
    person = await references.find(session, actor, kind, given[name], (name,), lock=True)
    allow(permissions.update(person))
    row_access.expect(person.revision, given.get("expectedRevision"))
    await write(kind, session, actor, person, given, absent)
    return person


async def write(kind: Kind[P], session: Session, actor: Actor, person: P, given: Given, absent: Absent) -> bool:
    """Write what is given into a claimed person; gives whether anything changed."""
    values = kind.fields.read(given, absent=absent)
    await _check(session, actor, person, values)
    changes = kind.fields.apply(person, values)
    if changes:
        if "employment.orgUnit" in changes and isinstance(person, Worker):
            person.org_unit_since = await calendar.today(session, actor.organization_id)
        fields.refresh(person)
        person.revision += 1
        person.last_updated = session.now
        await session.gather()
        event_log.record(session, actor, kind.updated, person, changes, worker_id=people.worker_id(person))
    return bool(changes)


async def _check(session: Session, actor: Actor, current: P | None, values: dict[str, Any]) -> None:
    """Refuse what a field alone cannot tell: references to records, and dates against each other."""
    errors: list[DomainError] = []
    linked = (("org_unit_id", OrgUnit, ("employment", "orgUnit")), ("manager_id", Worker, ("manager", "id")))
    for column, table, path in linked:
        key = values.get(column)
        if key is not None and key != getattr(current, column, None):
            with gathering(errors):
                await row_access.find(session, actor, table, key, path)
    if values.get("manager_id") is not None and values["manager_id"] == getattr(current, "id", None):
        errors.append(Invalid("manager.id is the worker itself", ("manager", "id")))
    if actor.org_unit_id is not None and values.get("org_unit_id", getattr(current, "org_unit_id", None)) is None:
        path = ("employment", "orgUnit")
        errors.append(NotPermitted("your key is restricted to a unit; name one within it", path))
    start = values.get("start_date", getattr(current, "start_date", None))
    end = values.get("end_date", getattr(current, "end_date", None))
    if start is not None and end is not None and end < start:
        errors.append(Invalid("employment.endDate is before employment.startDate", ("employment", "endDate")))
    if errors:
        raise Refused(errors)
