"""Which operation a person's state allows. Pure: the mutations and `viewerCan…` ask the same functions."""

from app.core.errors import Deleted, DomainError, NotDeleted
from app.workers.tables import Applicant, Worker

READS = ("deleted_at",)
"""The columns that the rules look at."""


def update(person: Worker | Applicant) -> DomainError | None:
    """Why they cannot be updated or replaced, if they cannot."""
    name = person.noun()
    return None if person.deleted_at is None else Deleted(f"the {name} is deleted; restore it first", (name,))


def delete(person: Worker | Applicant) -> DomainError | None:
    """Why they cannot be deleted, if they cannot."""
    name = person.noun()
    return None if person.deleted_at is None else Deleted(f"the {name} is already deleted", (name,))


def restore(person: Worker | Applicant) -> DomainError | None:
    """Why their deletion cannot be undone, if it cannot."""
    name = person.noun()
    return NotDeleted(f"the {name} is not deleted", (name,)) if person.deleted_at is None else None
