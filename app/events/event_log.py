"""Recording events in the event log."""

from app.access import Actor
from app.core import ids
from app.core.fields import Changes
from app.db.records import Record
from app.db.session import Session
from app.events.event_kinds import EventKind
from app.events.tables import Event


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
    """Add an event to the current transaction and return it."""
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
    session.unhandled_events.append(event)
    return event


def take_unhandled(session: Session) -> list[Event]:
    """Take the events recorded in the current transaction since the last call, without those rolled back."""
    events, session.unhandled_events = session.unhandled_events, []
    return [event for event in events if isinstance(event, Event) and event in session]
