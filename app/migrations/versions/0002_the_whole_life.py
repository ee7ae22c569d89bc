"""The life cycle of credentials: decisions, checks, the archive, and the history of a version's facts."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

from app.db import records

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: None = None
depends_on: None = None

ADDED = {
    "credential_versions": ["decided_by", "decided_at", "reason", "notes"],
    "credentials": [
        "status_detail",
        "raw_status",
        "last_verified_at",
        "next_check_at",
        "latest_version_at",
        "archived_at",
        "archived_by",
    ],
    "events": ["correlation_id"],
    "organizations": ["sandbox"],
}


def upgrade() -> None:
    op.create_table(
        "verification_attempts",
        sa.Column("organization_id", records.Key, nullable=False),
        sa.Column("id", records.Key, nullable=False),
        sa.Column("credential_id", records.Key, nullable=False),
        sa.Column("source", sa.String(100), nullable=False),
        sa.Column("trigger", sa.String(32), nullable=False),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("correlation_id", sa.String(100), nullable=False),
        sa.Column("requested_by", sa.String(200), nullable=False),
        sa.Column("requested_by_name", sa.String(200), nullable=False),
        sa.Column("requested_by_kind", sa.String(32), nullable=False),
        sa.Column("requested_at", UTCDateTime(), nullable=False),
        sa.Column("request_id", sa.String(64), nullable=False),
        sa.Column("leased_until", UTCDateTime(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("finished_at", UTCDateTime(), nullable=True),
        sa.Column("adapter", sa.String(20), nullable=True),
        sa.Column("eligibility", sa.String(32), nullable=True),
        sa.Column("status_detail", sa.String(32), nullable=True),
        sa.Column("raw_status", sa.String(200), nullable=True),
        sa.Column("expiry_date", sa.Date(), nullable=True),
        sa.Column("problems", records.Document, nullable=False),
        sa.Column("error_message", sa.String(500), nullable=True),
        sa.Column("latency_ms", sa.Integer(), nullable=True),
        sa.Column("resolved_by", sa.String(200), nullable=True),
        sa.Column("reason", sa.String(500), nullable=True),
        sa.Column("notes", sa.String(4000), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id", "credential_id"],
            ["credentials.organization_id", "credentials.id"],
            name="verification_attempts_credential",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )
    op.create_index(
        "verification_attempts_by_credential",
        "verification_attempts",
        ["organization_id", "credential_id", "requested_at", "id"],
    )
    op.create_index(
        "verification_attempts_by_source", "verification_attempts", ["organization_id", "source", "finished_at"]
    )
    op.create_index(
        "verification_attempts_one_pending",
        "verification_attempts",
        ["organization_id", "credential_id"],
        unique=True,
        sqlite_where=sa.text("outcome = 'PENDING'"),
        postgresql_where=sa.text("outcome = 'PENDING'"),
    )
    op.create_index(
        "verification_attempts_pending",
        "verification_attempts",
        ["organization_id", "leased_until"],
        sqlite_where=sa.text("outcome = 'PENDING'"),
        postgresql_where=sa.text("outcome = 'PENDING'"),
    )

    op.create_table(
        "credential_version_changes",
        sa.Column("organization_id", records.Key, nullable=False),
        sa.Column("id", records.Key, nullable=False),
        sa.Column("version_id", records.Key, nullable=False),
        sa.Column("field", sa.String(32), nullable=False),
        sa.Column("before", sa.String(200), nullable=True),
        sa.Column("after", sa.String(200), nullable=True),
        sa.Column("changed_by", sa.String(200), nullable=False),
        sa.Column("changed_by_name", sa.String(200), nullable=False),
        sa.Column("changed_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "version_id"],
            ["credential_versions.organization_id", "credential_versions.id"],
            name="credential_version_changes_version",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )
    op.create_index(
        "credential_version_changes_by_version",
        "credential_version_changes",
        ["organization_id", "version_id", "changed_at", "id"],
    )

    op.add_column("credential_versions", sa.Column("decided_by", sa.String(200), nullable=True))
    op.add_column("credential_versions", sa.Column("decided_at", UTCDateTime(), nullable=True))
    op.add_column("credential_versions", sa.Column("reason", sa.String(500), nullable=True))
    op.add_column("credential_versions", sa.Column("notes", sa.String(4000), nullable=True))

    op.add_column("credentials", sa.Column("status_detail", sa.String(32), nullable=True))
    op.add_column("credentials", sa.Column("raw_status", sa.String(200), nullable=True))
    op.add_column("credentials", sa.Column("last_verified_at", UTCDateTime(), nullable=True))
    op.add_column("credentials", sa.Column("next_check_at", UTCDateTime(), nullable=True))
    op.add_column(
        "credentials",
        sa.Column("latest_version_at", UTCDateTime(), nullable=False, server_default="1970-01-01 00:00:00"),
    )
    op.add_column("credentials", sa.Column("archived_at", UTCDateTime(), nullable=True))
    op.add_column("credentials", sa.Column("archived_by", sa.String(200), nullable=True))
    op.create_index("credentials_by_next_check", "credentials", ["organization_id", "next_check_at"])
    op.create_index("credentials_by_number", "credentials", ["organization_id", "reference_number"])
    op.create_index(
        "credentials_by_review", "credentials", ["organization_id", "latest_approval", "latest_version_at", "id"]
    )

    op.add_column("events", sa.Column("correlation_id", sa.String(100), nullable=True))

    op.add_column("organizations", sa.Column("sandbox", sa.Boolean(), nullable=False, server_default=sa.false()))
    # The column's default only fills existing rows; they get the time of their creation instead.
    op.execute("UPDATE credentials SET latest_version_at = created_at")


def downgrade() -> None:
    for index in ("credentials_by_next_check", "credentials_by_number", "credentials_by_review"):
        op.drop_index(index, "credentials")
    for table, columns in reversed(ADDED.items()):
        for column in columns:
            op.drop_column(table, column)
    op.drop_table("credential_version_changes")
    op.drop_table("verification_attempts")
