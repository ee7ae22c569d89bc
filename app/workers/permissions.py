"""Which operation the state of a person or a position allows. Pure: the mutations and `viewerCan…` ask the same."""

from app.core.errors import Archived, Deleted, DomainError, NotArchived, NotDeleted
from app.workers.tables import Applicant, Position, Worker

ID = ("id",)

READS = ("deleted_at",)
"""The columns that the rules about a person look at."""

POSITION_READS = ("archived_at",)
"""The columns that the rules about a position look at."""


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


def in_use(position: Position) -> DomainError | None:
    """Why a position cannot be updated, archived, or given to a worker, if it cannot."""
    return None if position.archived_at is None else Archived("the position is archived; restore it first", ID)


def restore_position(position: Position) -> DomainError | None:
    """Why a position cannot be brought back into use, if it cannot."""
    return NotArchived("the position is not archived", ID) if position.archived_at is None else None
