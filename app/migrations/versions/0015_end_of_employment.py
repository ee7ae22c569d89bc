"""The end of an employment in the history of workers, by which rules cease to apply."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

from app.core import ids
from app.db import records

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels: None = None
depends_on: None = None

WORKERS = sa.table(
    "workers",
    *(sa.column(name, sa.String) for name in ("organization_id", "id")),
    sa.column("end_date", sa.Date),
)
HISTORY = sa.table(
    "history",
    *(sa.column(name, sa.String) for name in ("organization_id", "id", "kind", "row_id", "worker_id")),
    sa.column("recorded_at", UTCDateTime),
    sa.column("values", records.Document),
)
UNSETTLED = sa.table("unsettled", *(sa.column(name, sa.String) for name in ("organization_id", "id", "owner_id")))


def upgrade() -> None:
    """Record the end from now on: reports about past days stay as they were made. Settlement follows."""
    connection, now = op.get_bind(), datetime.now(UTC)
    ending = connection.execute(sa.select(*WORKERS.c).where(WORKERS.c.end_date.is_not(None))).all()
    for worker in ending:
        row: dict[str, Any] = {"organization_id": worker.organization_id, "row_id": worker.id}
        values = connection.scalars(
            sa.select(HISTORY.c["values"])
            .where(HISTORY.c.kind == "workers", *(HISTORY.c[name] == key for name, key in row.items()))
            .order_by(HISTORY.c.recorded_at.desc(), HISTORY.c.id.desc())
            .limit(1)
        ).one_or_none()
        if values is None:
            continue
        entry = {**row, "id": ids.new("hist"), "kind": "workers", "worker_id": worker.id, "recorded_at": now}
        connection.execute(
            sa.insert(HISTORY), [{**entry, "values": {**values, "end_date": worker.end_date.isoformat()}}]
        )
        mark = {"organization_id": worker.organization_id, "id": ids.new("uns"), "owner_id": worker.id}
        connection.execute(sa.insert(UNSETTLED), [mark])


def downgrade() -> None:
    """Leave the entries: former revisions do not read the value."""
