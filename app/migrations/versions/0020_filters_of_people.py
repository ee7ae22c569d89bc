"""Indexes for the dates of employments and credentials, and for what was deleted or archived."""

import sqlalchemy as sa
from alembic import op

revision: str = "0020"
down_revision: str | None = "0019"
branch_labels: None = None
depends_on: None = None

INDEXES = (
    ("workers_by_start_date", "workers", "start_date", None),
    ("workers_by_end_date", "workers", "end_date", "end_date IS NOT NULL"),
    ("workers_deleted", "workers", "deleted_at", "deleted_at IS NOT NULL"),
    ("credentials_by_valid_from", "credentials", "valid_from", None),
    ("credentials_archived", "credentials", "archived_at", "archived_at IS NOT NULL"),
    ("credentials_deleted", "credentials", "deleted_at", "deleted_at IS NOT NULL"),
)


def upgrade() -> None:
    for name, table, column, condition in INDEXES:
        where = None if condition is None else sa.text(condition)
        op.create_index(name, table, ["organization_id", column, "id"], sqlite_where=where, postgresql_where=where)
    if op.get_bind().dialect.name == "sqlite":
        _create_again("credentials_waiting")


def downgrade() -> None:
    for name, table, _, _ in INDEXES:
        op.drop_index(name, table)


def _create_again(index: str) -> None:
    """Create an index of SQLite again. Of two that serve a query alike, SQLite takes the one that was created last."""
    query = sa.text("SELECT sql FROM sqlite_master WHERE type = 'index' AND name = :index")
    definition = op.get_bind().execute(query, {"index": index}).scalar_one()
    op.execute(f"DROP INDEX {index}")
    op.execute(definition)
