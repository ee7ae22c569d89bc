"""The history of rows: the values of a table's history columns, recorded each time one of them changes.

A past day is computed from here and never from today's rows: the state of a row on a day is its last entry before the
day's end. A deleted row has an entry without values.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Index
from sqlmodel import Field

from app.core import ids
from app.core.fields import json_value
from app.db.records import Document, Key, Record

UPDATED = "updated_at"
"""The column with the instant of a row's last change, in tables that have one."""


class History(Record, table=True):
    """The history columns of one row, valid from an instant until the next entry of the same row."""

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
    """The worker that the row is about, if any (see `Record.worker_column`)."""
    recorded_at: datetime
    values: Any = Field(default=None, sa_type=Document, nullable=True)


def entries(
    new: Iterable[Record], dirty: Iterable[tuple[Record, Sequence[str]]], deleted: Iterable[Record], now: datetime
) -> list[dict[str, Any]]:
    """Return the history entries for new rows, for changed rows with the names of their changed columns, and for
    deleted rows.

    They are plain values of columns: nobody reads them in the transaction, so that they need be no objects.
    """
    rows = [(row, hasattr(type(row), UPDATED)) for row in new if row.history_columns]
    rows += [(row, UPDATED in names) for row, names in dirty if not set(row.history_columns).isdisjoint(names)]
    return [
        # A row that writes its own instant of change is valid from it, and any other from now.
        *(_entry(row, (getattr(row, UPDATED) if is_dated else None) or now, _values(row)) for row, is_dated in rows),
        *(_entry(row, now, None) for row in deleted if row.history_columns),
    ]


def _values(row: Record) -> dict[str, Any]:
    loaded = row.__dict__
    return {name: json_value(loaded[name] if name in loaded else getattr(row, name)) for name in row.history_columns}


def _entry(row: Record, at: datetime, values: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "organization_id": row.organization_id,
        "id": ids.new(History.prefix),
        "kind": str(row.__tablename__),
        "row_id": row.id,
        "worker_id": getattr(row, row.worker_column) if row.worker_column else None,
        "recorded_at": at,
        "values": values,
    }
