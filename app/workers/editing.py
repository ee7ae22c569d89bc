"""Create, update and replace people."""

from typing import Any

from sqlalchemy import select
from sqlmodel import col

from app.access import Actor
from app.core import ids
from app.core.errors import (
    DomainError,
    DomainErrorGroup,
    Invalid,
    NotPermitted,
    Taken,
    collect_refusals,
    raise_if_refused,
)
from app.core.fields import AbsentPolicy, Input
from app.db import row_access
from app.db.session import Session
from app.events import event_log
from app.organizations import calendar
from app.organizations.tables import OrgUnit
from app.workers import fields, managers, people, permissions, references
from app.workers.people import PersonSpec, PersonT
from app.workers.tables import Applicant, Worker

EXTERNAL_ID = ("source", "externalId")


async def create(spec: PersonSpec[PersonT], session: Session, actor: Actor, input: Input) -> PersonT:
    """Create a person, and link the workers who wait for the new one as their manager."""
    person = await add(spec, session, actor, input)
    await managers.link_waiting(session, actor, [person])
    return person


async def add(spec: PersonSpec[PersonT], session: Session, actor: Actor, input: Input) -> PersonT:
    """Create a person. The caller links the workers who wait for the new one."""
    values = spec.fields.parse(input, absent="clear")
    if spec is people.APPLICANT and actor.org_unit_id is not None:
        raise NotPermitted("your key is restricted to a unit, and applicants belong to none")
    await _check(spec, session, actor, None, values)
    person: PersonT = spec.table(
        organization_id=actor.organization_id,
        id=ids.new(spec.table.prefix),
        created_at=session.now,
        updated_at=session.now,
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
    before = person.source_system, person.external_id
    await write(spec, session, actor, person, input, absent)
    if before != (person.source_system, person.external_id):
        await managers.link_waiting(session, actor, [person])
    return person


async def write(
    spec: PersonSpec[PersonT], session: Session, actor: Actor, person: PersonT, input: Input, absent: AbsentPolicy
) -> bool:
    """Write the input to a locked person. Return True if anything changed."""
    values = spec.fields.parse(input, absent=absent)
    await _check(spec, session, actor, person, values)
    changes = spec.fields.apply(person, values)
    if changes:
        if "employment.orgUnit" in changes and isinstance(person, Worker):
            person.org_unit_since = await calendar.today(session, actor.organization_id)
        fields.refresh(person)
        row_access.touch(person, session.now)
        event_log.record(session, actor, spec.updated, person, changes, worker_id=people.worker_id(person))
    return bool(changes)


async def check_external_id(spec: PersonSpec[PersonT], session: Session, actor: Actor, external_id: str | None) -> None:
    """Refuse an external id of a person outside the unit that the key is restricted to, in any source system.

    With two source systems, a token or a reference by the id alone would name nobody any more: a key of one unit could
    take the access of people in another. Raises Taken, which does not say by whom or in which system.
    """
    if actor.org_unit_id is None or external_id is None:
        return
    table = spec.table
    statement = select(col(table.id)).where(
        col(table.organization_id) == actor.organization_id,
        col(table.external_id) == external_id,
        col(table.deleted_at).is_(None),
        col(table.id).not_in(select(col(table.id)).where(actor.visible_rows(table))),
    )
    if (await session.scalars(statement.limit(1))).first() is not None:
        raise Taken(f"source.externalId: already used by another {table.noun()}", EXTERNAL_ID)


async def _check(
    spec: PersonSpec[Any], session: Session, actor: Actor, current: Worker | Applicant | None, values: dict[str, Any]
) -> None:
    """Check references to other records, and fields against each other. Adds the manager of an external id."""
    errors: list[DomainError] = []
    unit_id = values.get("org_unit_id")
    if unit_id is not None and unit_id != getattr(current, "org_unit_id", None):
        with collect_refusals(errors):
            await row_access.find(session, actor, OrgUnit, unit_id, ("employment", "orgUnit"))
    if spec is people.WORKER:
        with collect_refusals(errors):
            await managers.resolve(session, actor, current if isinstance(current, Worker) else None, values)
    if any(values.get(column, value) != value for column, value in _source(current).items()):
        with collect_refusals(errors):
            external_id = values.get("external_id", getattr(current, "external_id", None))
            await check_external_id(spec, session, actor, external_id)
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


def _source(person: Worker | Applicant | None) -> dict[str, Any]:
    """Return the columns of a person's source; empty values for a new person."""
    return {"external_id": getattr(person, "external_id", None), "source_system": getattr(person, "source_system", "")}
