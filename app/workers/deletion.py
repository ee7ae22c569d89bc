"""Soft deletion of people, and its undoing."""

from collections.abc import Callable
from datetime import datetime

from app.access import Actor
from app.core.errors import DomainError, allow
from app.core.fields import Given
from app.db import row_access
from app.db.database import Session
from app.events import event_log
from app.events.event_kinds import EventKind
from app.workers import people, permissions, references
from app.workers.people import Kind, P


async def delete(kind: Kind[P], session: Session, actor: Actor, given: Given) -> P:
    """Mark a person deleted; they leave the lists, and their external id and email are free again."""
    return await _mark(kind, session, actor, given, permissions.delete, session.now, kind.deleted)


async def restore(kind: Kind[P], session: Session, actor: Actor, given: Given) -> P:
    """Undo a deletion, unless someone else has taken the external id or email meanwhile."""
    return await _mark(kind, session, actor, given, permissions.restore, None, kind.restored)


async def _mark(
    kind: Kind[P],
    session: Session,
    actor: Actor,
    given: Given,
    rule: Callable[[P], DomainError | None],
    deleted_at: datetime | None,
    fact: EventKind,
) -> P:
    name = kind.table.noun()
    restoring = deleted_at is None
    person = await references.find(session, actor, kind, given[name], (name,), lock=True, include_deleted=restoring)
    allow(rule(person))
    row_access.expect(person.revision, given.get("expectedRevision"))
    person.deleted_at = deleted_at
    person.revision += 1
    person.last_updated = session.now
    await session.gather()
    event_log.record(session, actor, fact, person, worker_id=people.worker_id(person))
    return person
