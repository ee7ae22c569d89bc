"""The table of the event log."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Index
from sqlmodel import Field

from app.access import ActorKind
from app.db.records import Document, Key, Record, enum_column
from app.events.event_kinds import EventKind


class Event(Record, table=True):
    """One event: the actor, the subject, the changes, the time and the request.

    `worker_id` is the worker whom the event concerns, if any, so that all events of a worker are one read.
    """

    __tablename__ = "events"
    __table_args__ = (
        Index("events_by_time", "organization_id", "occurred_at", "id"),
        Index("events_by_subject", "organization_id", "subject_id", "occurred_at", "id"),
        Index("events_by_worker", "organization_id", "worker_id", "occurred_at", "id"),
        Index("events_by_actor", "organization_id", "actor_id", "occurred_at", "id"),
        Index("events_by_kind", "organization_id", "kind", "occurred_at", "id"),
    )
    prefix: ClassVar[str] = "evt"

    kind: EventKind = Field(sa_type=enum_column(EventKind))
    subject_id: str = Field(sa_type=Key)
    worker_id: str | None = Field(default=None, sa_type=Key)
    actor_kind: ActorKind = Field(sa_type=enum_column(ActorKind))
    actor_id: str = Field(max_length=200)
    actor_name: str = Field(max_length=200)
    changes: dict[str, Any] = Field(default_factory=dict, sa_type=Document)
    occurred_at: datetime
    request_id: str = Field(max_length=64)
    correlation_id: str | None = Field(default=None, max_length=100)
