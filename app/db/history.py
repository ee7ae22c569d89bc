"""What a row was: the columns that a table keeps, written down each time one of them changes.

A day of the past is rebuilt from here and never from today's rows: what a row was on it is the last entry before the
day's end. A row that is gone has an entry without values.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Index, insert
from sqlalchemy.orm import Session
from sqlmodel import Field

from app.core import ids
from app.core.fields import plain
from app.db.records import Document, Key, Record
from app.db.row_mapper import changed, columns

UPDATED = "last_updated"
"""The column that tells since when a row is as it is, where it has one."""


class History(Record, table=True):
    """The kept columns of one row, from an instant until the next entry of the same row."""

    __tablename__ = "history"
    __table_args__ = (
        Index("history_by_row", "organization_id", "kind", "row_id", "recorded_at", "id"),
        Index("history_by_worker", "organization_id", "worker_id", "kind", "row_id"),
    )
    prefix: ClassVar[str] = "hist"

    kind: str = Field(max_length=64)
    """The name of the row's table."""
    row_id: str = Field(sa_type=Key)
    worker_id: str | None = Field(default=None, sa_type=Key)
    """The worker that the row is about, if any (see `Record.about`)."""
    recorded_at: datetime
    values: Any = Field(default=None, sa_type=Document, nullable=True)


def keep(session: Session, now: datetime) -> None:
    """Write down what the ORM is about to flush."""
    dirty = [(row, changed(row)) for row in session.dirty]
    found = entries(session.new, dirty, session.deleted, now)
    if found:
        session.connection().execute(_WRITING, found)


def entries(
    new: Iterable[Record], dirty: Iterable[tuple[Record, Sequence[str]]], deleted: Iterable[Record], now: datetime
) -> list[dict[str, Any]]:
    """What is to be written down of rows that are new, that are gone, or of which some columns changed.

    Nobody reads it before the transaction is over: it need be no objects.
    """
    rows = [(row, UPDATED in columns(type(row))) for row in new if row.kept]
    rows += [(row, UPDATED in names) for row, names in dirty if not set(row.kept).isdisjoint(names)]
    return [
        # A row is as it is since it says so, if that is written too, and else since now.
        *(_entry(row, (getattr(row, UPDATED) if told else None) or now, _values(row)) for row, told in rows),
        *(_entry(row, now, None) for row in deleted if row.kept),
    ]


def _values(row: Record) -> dict[str, Any]:
    known = row.__dict__
    return {column: plain(known[column] if column in known else getattr(row, column)) for column in row.kept}


def _entry(row: Record, at: datetime, values: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "organization_id": row.organization_id,
        "id": ids.new(History.prefix),
        "kind": str(row.__tablename__),
        "row_id": row.id,
        "worker_id": getattr(row, row.about) if row.about else None,
        "recorded_at": at,
        "values": values,
    }


_WRITING = insert(History.__dict__["__table__"])
