"""Recording a fact in the ledger."""

from app.access import Actor
from app.core import ids
from app.core.fields import Changes
from app.db.database import Session
from app.db.records import Record
from app.events.event_kinds import EventKind
from app.events.tables import Event

RECORDED = "recorded"


def record(
    session: Session,
    actor: Actor,
    kind: EventKind,
    subject: Record,
    changes: Changes | None = None,
    *,
    worker_id: str | None = None,
    correlation_id: str | None = None,
) -> Event:
    """Write one event in the current transaction."""
    event = Event(
        organization_id=actor.organization_id,
        id=ids.new(Event.prefix),
        kind=kind,
        subject_id=subject.id,
        worker_id=worker_id,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_name=actor.name,
        changes=changes or {},
        occurred_at=session.now,
        request_id=session.request_id,
        correlation_id=correlation_id,
    )
    session.add(event)
    session.info.setdefault(RECORDED, []).append(event)
    return event


def taken(session: Session) -> list[Event]:
    """What was recorded in the current transaction since it was last asked; not what a savepoint took back."""
    return [event for event in session.info.pop(RECORDED, []) if event in session]
