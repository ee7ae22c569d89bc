"""Create, update and replace people."""

from typing import Any

from app.access import Actor
from app.core import ids
from app.core.errors import DomainError, DomainErrorGroup, Invalid, NotPermitted, collect_refusals, raise_if_refused
from app.core.fields import AbsentPolicy, Input
from app.db import row_access
from app.db.session import Session
from app.events import event_log
from app.organizations import calendar
from app.organizations.tables import OrgUnit
from app.workers import fields, people, permissions, references
from app.workers.people import PersonSpec, PersonT
from app.workers.tables import Worker


async def create(spec: PersonSpec[PersonT], session: Session, actor: Actor, input: Input) -> PersonT:
    """Create a person."""
    values = spec.fields.parse(input, absent="clear")
    if spec is people.APPLICANT and actor.org_unit_id is not None:
        raise NotPermitted("your key is restricted to a unit, and applicants belong to none")
    await _check(session, actor, None, values)
    person: PersonT = spec.table(
        organization_id=actor.organization_id,
        id=ids.new(spec.table.prefix),
        created_at=session.now,
        last_updated=session.now,
        **values,
    )
    if values.get("org_unit_id") is not None and isinstance(person, Worker):
        person.org_unit_since = await calendar.today(session, actor.organization_id)
    fields.refresh(person)
    session.add(person)
    changes = spec.fields.initial_changes(person)
    event_log.record(session, actor, spec.created, person, changes, worker_id=people.worker_id(person))
    return person


async def update(spec: PersonSpec[PersonT], session: Session, actor: Actor, input: Input) -> PersonT:
    """Update a person: an absent field keeps its value, a null field is cleared."""
    return await _edit(spec, session, actor, input, "keep")


async def replace(spec: PersonSpec[PersonT], session: Session, actor: Actor, input: Input) -> PersonT:
    """Replace all fields of a person: absent fields are cleared."""
    return await _edit(spec, session, actor, input, "clear")


async def _edit(
    spec: PersonSpec[PersonT], session: Session, actor: Actor, input: Input, absent: AbsentPolicy
) -> PersonT:
    name = spec.table.noun()
    person = await references.find(session, actor, spec, input[name], (name,), lock=True)
    raise_if_refused(permissions.update(person))
    row_access.check_revision(person.revision, input.get("expectedRevision"))
    await write(spec, session, actor, person, input, absent)
    return person


async def write(
    spec: PersonSpec[PersonT], session: Session, actor: Actor, person: PersonT, input: Input, absent: AbsentPolicy
) -> bool:
    """Write the input to a locked person. Return True if anything changed."""
    values = spec.fields.parse(input, absent=absent)
    await _check(session, actor, person, values)
    changes = spec.fields.apply(person, values)
    if changes:
        if "employment.orgUnit" in changes and isinstance(person, Worker):
            person.org_unit_since = await calendar.today(session, actor.organization_id)
        fields.refresh(person)
        row_access.touch(person, session.now)
        event_log.record(session, actor, spec.updated, person, changes, worker_id=people.worker_id(person))
    return bool(changes)


async def _check(session: Session, actor: Actor, current: PersonT | None, values: dict[str, Any]) -> None:
    """Check references to other records, and fields against each other."""
    errors: list[DomainError] = []
    links = (("org_unit_id", OrgUnit, ("employment", "orgUnit")), ("manager_id", Worker, ("manager", "id")))
    for column, table, path in links:
        key = values.get(column)
        if key is not None and key != getattr(current, column, None):
            with collect_refusals(errors):
                await row_access.find(session, actor, table, key, path)
    if values.get("manager_id") is not None and values["manager_id"] == getattr(current, "id", None):
        errors.append(Invalid("manager.id: must not be the worker itself", ("manager", "id")))
    if actor.org_unit_id is not None and values.get("org_unit_id", getattr(current, "org_unit_id", None)) is None:
        path = ("employment", "orgUnit")
        errors.append(
            NotPermitted(f"{'.'.join(path)}: your key is restricted to a unit; choose that unit or one under it", path)
        )
    start = values.get("start_date", getattr(current, "start_date", None))
    end = values.get("end_date", getattr(current, "end_date", None))
    if start is not None and end is not None and end < start:
        errors.append(Invalid("employment.endDate: must not be before employment.startDate", ("employment", "endDate")))
    if errors:
        raise DomainErrorGroup(errors)
