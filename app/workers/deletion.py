"""Delete people softly, and undo it."""

from collections.abc import Callable
from datetime import datetime

from app.access import Actor
from app.core.errors import DomainError, raise_if_refused
from app.core.fields import Input
from app.db import row_access
from app.db.session import Session
from app.events import event_log
from app.events.event_kinds import EventKind
from app.workers import editing, managers, people, permissions, references
from app.workers.people import PersonSpec, PersonT


async def delete(spec: PersonSpec[PersonT], session: Session, actor: Actor, input: Input) -> PersonT:
    """Delete a person softly: lists hide them, and their external id and email become free."""
    person = await _find(spec, session, actor, input, permissions.delete, include_deleted=False)
    _set_deleted_at(session, actor, person, session.now, spec.deleted)
    return person


async def undelete(spec: PersonSpec[PersonT], session: Session, actor: Actor, input: Input) -> PersonT:
    """Bring a deleted person back. Refused if another person now uses the external id or email."""
    person = await _find(spec, session, actor, input, permissions.undelete, include_deleted=True)
    await mark_undeleted(spec, session, actor, person)
    await managers.link_waiting(session, actor, [person])
    return person


async def mark_undeleted(spec: PersonSpec[PersonT], session: Session, actor: Actor, person: PersonT) -> None:
    """Bring a locked person back. The caller links the workers who wait for this one as their manager."""
    await editing.check_external_id(spec, session, actor, person.external_id)
    _set_deleted_at(session, actor, person, None, spec.restored)


async def _find(
    spec: PersonSpec[PersonT],
    session: Session,
    actor: Actor,
    input: Input,
    permission: Callable[[PersonT], DomainError | None],
    *,
    include_deleted: bool,
) -> PersonT:
    name = spec.table.noun()
    person = await references.find(
        session, actor, spec, input[name], (name,), lock=True, include_deleted=include_deleted
    )
    raise_if_refused(permission(person))
    row_access.check_revision(person.revision, input.get("expectedRevision"))
    return person


def _set_deleted_at(
    session: Session, actor: Actor, person: PersonT, deleted_at: datetime | None, event_kind: EventKind
) -> None:
    person.deleted_at = deleted_at
    row_access.touch(person, session.now)
    event_log.record(session, actor, event_kind, person, worker_id=people.worker_id(person))
