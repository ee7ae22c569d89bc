"""Delete people softly, and restore them."""

from collections.abc import Callable
from datetime import datetime

from app.access import Actor
from app.core.errors import DomainError, raise_if_refused
from app.core.fields import Input
from app.db import row_access
from app.db.session import Session
from app.events import event_log
from app.events.event_kinds import EventKind
from app.workers import people, permissions, references
from app.workers.people import PersonSpec, PersonT


async def delete(spec: PersonSpec[PersonT], session: Session, actor: Actor, input: Input) -> PersonT:
    """Delete a person softly: lists hide them, and their external id and email become free."""
    return await _set_deleted_at(spec, session, actor, input, permissions.delete, session.now, spec.deleted)


async def restore(spec: PersonSpec[PersonT], session: Session, actor: Actor, input: Input) -> PersonT:
    """Restore a deleted person. Refused if another person now uses the external id or email."""
    return await _set_deleted_at(spec, session, actor, input, permissions.restore, None, spec.restored)


async def _set_deleted_at(
    spec: PersonSpec[PersonT],
    session: Session,
    actor: Actor,
    input: Input,
    permission: Callable[[PersonT], DomainError | None],
    deleted_at: datetime | None,
    event_kind: EventKind,
) -> PersonT:
    name = spec.table.noun()
    is_restoring = deleted_at is None
    person = await references.find(session, actor, spec, input[name], (name,), lock=True, include_deleted=is_restoring)
    raise_if_refused(permission(person))
    row_access.check_revision(person.revision, input.get("expectedRevision"))
    person.deleted_at = deleted_at
    row_access.touch(person, session.now)
    event_log.record(session, actor, event_kind, person, worker_id=people.worker_id(person))
    return person
