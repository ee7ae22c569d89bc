"""Actions that the state of a person or a position allows. Pure: mutations and `viewerCan…` share them.

Each function returns the refusal of an action, or None if the action is allowed.
"""

from app.core.errors import Archived, Deleted, DomainError, NotArchived, NotDeleted
from app.workers.tables import Applicant, Position, Worker

ID = ("id",)

READS = ("deleted_at",)
"""The columns that the functions about people read."""

POSITION_READS = ("archived_at",)
"""The columns that the functions about positions read."""


def update(person: Worker | Applicant) -> DomainError | None:
    """Refuse to update or replace a deleted person."""
    name = person.noun()
    return None if person.deleted_at is None else Deleted(f"the {name} is deleted; undelete it first", (name,))


def delete(person: Worker | Applicant) -> DomainError | None:
    """Refuse to delete a person twice."""
    name = person.noun()
    return None if person.deleted_at is None else Deleted(f"the {name} is already deleted", (name,))


def undelete(person: Worker | Applicant) -> DomainError | None:
    """Refuse to undelete a person who is not deleted."""
    name = person.noun()
    return NotDeleted(f"the {name} is not deleted", (name,)) if person.deleted_at is None else None


def use_position(position: Position) -> DomainError | None:
    """Refuse to update, archive or assign an archived position."""
    return None if position.archived_at is None else Archived("the position is archived; unarchive it first", ID)


def unarchive_position(position: Position) -> DomainError | None:
    """Refuse to unarchive a position that is not archived."""
    return NotArchived("the position is not archived", ID) if position.archived_at is None else None
