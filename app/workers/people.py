"""The two kinds of people, for the actions that are the same for both."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from app.core.fields import Fields
from app.events.event_kinds import EventKind
from app.workers import fields
from app.workers.tables import Applicant, Worker

P = TypeVar("P", Worker, Applicant)


@dataclass(frozen=True)
class Kind(Generic[P]):
    """A kind of person: its table, what can be written of it, and the facts of its life."""

    table: type[P]
    fields: Fields
    created: EventKind
    updated: EventKind
    deleted: EventKind
    restored: EventKind


WORKER = Kind(
    Worker,
    fields.WORKER,
    EventKind.WORKER_CREATED,
    EventKind.WORKER_UPDATED,
    EventKind.WORKER_DELETED,
    EventKind.WORKER_RESTORED,
)
APPLICANT = Kind(
    Applicant,
    fields.APPLICANT,
    EventKind.APPLICANT_CREATED,
    EventKind.APPLICANT_UPDATED,
    EventKind.APPLICANT_DELETED,
    EventKind.APPLICANT_RESTORED,
)


def worker_id(person: Worker | Applicant) -> str | None:
    """The worker whose story an event about this person belongs to."""
    return person.id if isinstance(person, Worker) else None
