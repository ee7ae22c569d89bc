"""The files of credentials, the queue of files to remove, and the time that a type was archived."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

from app.db import records

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: None = None
depends_on: None = None

OF_VERSION = "version_id IS NOT NULL AND side IN ('FRONT', 'BACK')"
WAITING = "version_id IS NULL AND uploaded_at IS NOT NULL AND side IN ('FRONT', 'BACK')"
EXPECTED = "uploaded_at IS NULL"


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    op.create_table(
        "file_removals",
        sa.Column("organization_id", records.Key, nullable=False),
        sa.Column("id", records.Key, nullable=False),
        sa.Column("storage_key", sa.String(100), nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )
    op.create_index("file_removals_by_due", "file_removals", ["organization_id", "due_at"])

    op.create_table(
        "attachments",
        sa.Column("organization_id", records.Key, nullable=False),
        sa.Column("id", records.Key, nullable=False),
        sa.Column("credential_id", records.Key, nullable=False),
        sa.Column("version_id", records.Key, nullable=True),
        sa.Column("side", sa.String(32), nullable=False),
        sa.Column("file_name", sa.String(150), nullable=False),
        sa.Column("storage_key", sa.String(100), nullable=True),
        sa.Column("media_type", sa.String(50), nullable=True),
        sa.Column("size", sa.Integer(), nullable=True),
        sa.Column("sha256", sa.String(64), nullable=True),
        sa.Column("uploaded_at", UTCDateTime(), nullable=True),
        sa.Column("attached_at", UTCDateTime(), nullable=True),
        sa.Column("created_by", sa.String(200), nullable=False),
        sa.Column("created_by_name", sa.String(200), nullable=False),
        sa.Column("created_by_kind", sa.String(32), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "credential_id"],
            ["credentials.organization_id", "credentials.id"],
            name="attachments_credential",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "version_id"],
            ["credential_versions.organization_id", "credential_versions.id"],
            name="attachments_version",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )
    for parent in ("credential", "version"):
        columns = ["organization_id", f"{parent}_id", "created_at", "id"]
        op.create_index(f"attachments_by_{parent}", "attachments", columns)
    once = ["organization_id", "version_id", "side"]
    op.create_index("attachments_once_in_version", "attachments", once, unique=True, **_where(OF_VERSION))
    once = ["organization_id", "credential_id", "side"]
    op.create_index("attachments_once_waiting", "attachments", once, unique=True, **_where(WAITING))
    op.create_index("attachments_expected", "attachments", ["organization_id", "created_at"], **_where(EXPECTED))
    for statement in _remember_archived(op.get_bind().dialect.name):
        op.execute(statement)


def _remember_archived(dialect: str) -> list[str]:
    """Return the statements that record in the history since when each archived type has been archived."""
    if dialect == "postgresql":
        build, merged, at = "jsonb_build_object", """"values" || {0}""", "archived_at"
    else:
        build, merged, at = "json_object", """json_patch("values", {0})""", "replace(archived_at, ' ', 'T') || 'Z'"
    since = merged.format(f"{build}('archived_at', {at})")
    archived = f"{build}('expiring_soon_days', expiring_soon_days, 'archived_at', {at})"
    return [
        f"""
        UPDATE history SET "values" = {since} FROM credential_types
        WHERE history.organization_id = credential_types.organization_id AND history.kind = 'credential_types'
          AND history.row_id = credential_types.id AND history.recorded_at > credential_types.archived_at
        """,
        f"""
        INSERT INTO history (organization_id, id, kind, row_id, worker_id, recorded_at, "values")
        SELECT organization_id, 'hist_a' || substr(id, length(id) - 14), 'credential_types', id, NULL,
          archived_at, {archived}
        FROM credential_types WHERE archived_at IS NOT NULL
        """,
    ]


def downgrade() -> None:
    op.execute("DELETE FROM history WHERE kind = 'credential_types' AND id LIKE 'hist_a%' AND length(id) = 21")
    op.drop_table("attachments")
    op.drop_table("file_removals")
