"""The ledger's table."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Index
from sqlmodel import Field

from app.access import ActorKind
from app.db.records import Document, Key, Record, choice
from app.events.event_kinds import EventKind


class Event(Record, table=True):
    """One fact: who did what to which record, what changed, when, and in which request.

    `worker_id` names the worker that the fact is about, if any, so that a person's whole story is one read.
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

    kind: EventKind = Field(sa_type=choice(EventKind))
    subject_id: str = Field(sa_type=Key)
    worker_id: str | None = Field(default=None, sa_type=Key)
    actor_kind: ActorKind = Field(sa_type=choice(ActorKind))
    actor_id: str = Field(max_length=200)
    actor_name: str = Field(max_length=200)
    changes: dict[str, Any] = Field(default_factory=dict, sa_type=Document)
    occurred_at: datetime
    request_id: str = Field(max_length=64)
    correlation_id: str | None = Field(default=None, max_length=100)
