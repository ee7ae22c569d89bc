"""Descriptions of workers and applicants for the actions that both share."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from app.core.fields import InputFields
from app.events.event_kinds import EventKind
from app.workers import fields
from app.workers.tables import Applicant, Worker

PersonT = TypeVar("PersonT", Worker, Applicant)


@dataclass(frozen=True)
class PersonSpec(Generic[PersonT]):
    """The table, the input fields and the event kinds of workers or of applicants."""

    table: type[PersonT]
    fields: InputFields
    created: EventKind
    updated: EventKind
    deleted: EventKind
    restored: EventKind


WORKER = PersonSpec(
    Worker,
    fields.WORKER,
    EventKind.WORKER_CREATED,
    EventKind.WORKER_UPDATED,
    EventKind.WORKER_DELETED,
    EventKind.WORKER_RESTORED,
)
APPLICANT = PersonSpec(
    Applicant,
    fields.APPLICANT,
    EventKind.APPLICANT_CREATED,
    EventKind.APPLICANT_UPDATED,
    EventKind.APPLICANT_DELETED,
    EventKind.APPLICANT_RESTORED,
)


def worker_id(person: Worker | Applicant) -> str | None:
    """Return the id of the worker that events about a person belong to; None for an applicant."""
    return person.id if isinstance(person, Worker) else None
