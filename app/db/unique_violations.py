"""The refusals behind exceptions, with violated unique indexes among them."""

from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel

from app.core.errors import DomainError, DomainErrorGroup, Taken


def to_domain_errors(error: DomainError | DomainErrorGroup | IntegrityError) -> list[DomainError]:
    """Return the refusals in an exception. Raises an integrity error again if no unique index explains it."""
    if isinstance(error, IntegrityError):
        refusal = taken_error(error)
        if refusal is None:
            raise error
        return [refusal]
    return error.errors if isinstance(error, DomainErrorGroup) else [error]


def taken_error(error: IntegrityError) -> Taken | None:
    """Return the refusal for a violated unique index, or None for any other violation.

    A unique index that callers can violate declares the path and the message of its refusal in its `info`.
    """
    text = str(error.orig)
    for table in SQLModel.metadata.tables.values():
        for index in table.indexes:
            if not index.unique or "path" not in index.info:
                continue
            # PostgreSQL names the index, SQLite its columns.
            columns = ", ".join(f"{table.name}.{column.name}" for column in index.columns)
            if f'"{index.name}"' in text or text.endswith(f"UNIQUE constraint failed: {columns}"):
                return Taken(index.info["message"], index.info["path"])
    return None
