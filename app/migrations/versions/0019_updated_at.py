"""The instant of a row's last change under the name of its field, `updatedAt`."""

import sqlalchemy as sa
from alembic import op

revision: str = "0019"
down_revision: str | None = "0018"
branch_labels: None = None
depends_on: None = None

INDEXED = ("applicants", "workers", "credentials")
TABLES = (
    *INDEXED,
    *("assignments", "credential_requests", "credential_types", "exemptions", "org_units", "organizations"),
    *("positions", "requirement_rules"),
)
STORED_NAMES = (
    ("last_updated", "updated_at"),
    ("connection_state_updated_at", "invitation_state_updated_at"),
    ("connection_state", "invitation_state"),
    ("last_invitation_sent_at", "invitation_sent_at"),
)
"""Names of columns in the outcomes of calls that can be repeated with their idempotency key."""


def upgrade() -> None:
    _rename("last_updated", "updated_at")
    for before, after in STORED_NAMES:
        _rename_stored(before, after)


def downgrade() -> None:
    for before, after in STORED_NAMES:
        _rename_stored(after, before)
    _rename("updated_at", "last_updated")


def _rename(before: str, after: str) -> None:
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    for table in TABLES:
        op.alter_column(table, before, new_column_name=after)
    for table in INDEXED:
        if is_postgresql:
            op.execute(f"ALTER INDEX {table}_by_{before} RENAME TO {table}_by_{after}")
        else:
            op.drop_index(f"{table}_by_{before}", table)
            op.create_index(f"{table}_by_{after}", table, ["organization_id", after, "id"])
    if not is_postgresql:
        _create_again("credentials_waiting")


def _create_again(index: str) -> None:
    """Create an index of SQLite again. Of two that serve a query alike, SQLite takes the one that was created last."""
    query = sa.text("SELECT sql FROM sqlite_master WHERE type = 'index' AND name = :index")
    definition = op.get_bind().execute(query, {"index": index}).scalar_one()
    op.execute(f"DROP INDEX {index}")
    op.execute(definition)


def _rename_stored(before: str, after: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        replaced = f"""replace(outcome::text, '"{before}":', '"{after}":')::jsonb"""
    else:
        replaced = f"""replace(outcome, '"{before}":', '"{after}":')"""
    op.execute(f"UPDATE idempotency_keys SET outcome = {replaced} WHERE CAST(outcome AS TEXT) LIKE '%\"{before}\":%'")
