"""The first tables: organizations, people, credential types, credentials, events and idempotency keys."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

from app.db import records

revision: str = "0001"
down_revision: str | None = None
branch_labels: None = None
depends_on: None = None

TABLES = (
    "events",
    "idempotency_keys",
    "organizations",
    "api_keys",
    "applicants",
    "credential_types",
    "org_units",
    "workers",
    "credentials",
    "credential_versions",
)
SEARCHED = ("workers", "applicants", "credentials")


def upgrade() -> None:
    op.create_table(
        "events",
        sa.Column("organization_id", records.Key, nullable=False),
        sa.Column("id", records.Key, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("subject_id", records.Key, nullable=False),
        sa.Column("worker_id", records.Key, nullable=True),
        sa.Column("actor_kind", sa.String(32), nullable=False),
        sa.Column("actor_id", sa.String(200), nullable=False),
        sa.Column("actor_name", sa.String(200), nullable=False),
        sa.Column("changes", records.Document, nullable=False),
        sa.Column("occurred_at", UTCDateTime(), nullable=False),
        sa.Column("request_id", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )
    op.create_index("events_by_actor", "events", ["organization_id", "actor_id", "occurred_at", "id"])
    op.create_index("events_by_kind", "events", ["organization_id", "kind", "occurred_at", "id"])
    op.create_index("events_by_subject", "events", ["organization_id", "subject_id", "occurred_at", "id"])
    op.create_index("events_by_time", "events", ["organization_id", "occurred_at", "id"])
    op.create_index("events_by_worker", "events", ["organization_id", "worker_id", "occurred_at", "id"])

    op.create_table(
        "idempotency_keys",
        sa.Column("organization_id", records.Key, nullable=False),
        sa.Column("actor_id", sa.String(200), nullable=False),
        sa.Column("id", sa.String(200), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("outcome", records.Document, nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "actor_id", "id"),
    )
    op.create_index("idempotency_keys_by_age", "idempotency_keys", ["organization_id", "created_at"])

    op.create_table(
        "organizations",
        sa.Column("organization_id", records.Key, nullable=False),
        sa.Column("id", records.Key, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("time_zone", sa.String(64), nullable=False),
        sa.Column("approvals_enabled", sa.Boolean(), nullable=False),
        sa.Column("approval_finality", sa.String(32), nullable=False),
        sa.Column("resubmit_on_reject", sa.Boolean(), nullable=False),
        sa.Column("expiring_soon_days", sa.Integer(), nullable=False),
        sa.Column("reminder_days", records.Document, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("last_updated", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id"),
        sa.UniqueConstraint("organization_id", name="organizations_self"),
    )
    op.create_table(
        "api_keys",
        sa.Column("organization_id", records.Key, nullable=False),
        sa.Column("id", records.Key, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("name_key", records.SortKey, nullable=False),
        sa.Column("scopes", records.Document, nullable=False),
        sa.Column("org_unit_id", records.Key, nullable=True),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("previous_secret_hash", sa.String(64), nullable=True),
        sa.Column("previous_expires_at", UTCDateTime(), nullable=True),
        sa.Column("expires_at", UTCDateTime(), nullable=True),
        sa.Column("revoked_at", UTCDateTime(), nullable=True),
        sa.Column("last_used_at", UTCDateTime(), nullable=True),
        sa.Column("created_by", sa.String(200), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.organization_id"], name="api_keys_organization"),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )
    op.create_index("api_keys_by_creation", "api_keys", ["organization_id", "created_at", "id"])
    op.create_index("api_keys_by_name", "api_keys", ["organization_id", "name_key", "id"])

    op.create_table(
        "applicants",
        sa.Column("display_name", sa.String(200), nullable=False),
        sa.Column("first_name", sa.String(200), nullable=True),
        sa.Column("middle_name", sa.String(200), nullable=True),
        sa.Column("last_name", sa.String(200), nullable=True),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("work_email", sa.String(254), nullable=True),
        sa.Column("personal_email", sa.String(254), nullable=True),
        sa.Column("phone", sa.String(50), nullable=True),
        sa.Column("external_id", sa.String(200), nullable=True),
        sa.Column("source_system", sa.String(100), nullable=False),
        sa.Column("display_name_key", records.SortKey, nullable=False),
        sa.Column("first_name_key", records.SortKey, nullable=False),
        sa.Column("last_name_key", records.SortKey, nullable=False),
        sa.Column("email_key", records.SortKey, nullable=False),
        sa.Column("search_text", records.SearchText, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("deleted_at", UTCDateTime(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("last_updated", UTCDateTime(), nullable=False),
        sa.Column("organization_id", records.Key, nullable=False),
        sa.Column("id", records.Key, nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.organization_id"], name="applicants_organization"),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )
    op.create_index("applicants_by_created_at", "applicants", ["organization_id", "created_at", "id"])
    op.create_index("applicants_by_display_name_key", "applicants", ["organization_id", "display_name_key", "id"])
    op.create_index("applicants_by_email_key", "applicants", ["organization_id", "email_key", "id"])
    op.create_index("applicants_by_external_id", "applicants", ["organization_id", "external_id"])
    op.create_index("applicants_by_first_name_key", "applicants", ["organization_id", "first_name_key", "id"])
    op.create_index("applicants_by_last_name_key", "applicants", ["organization_id", "last_name_key", "id"])
    op.create_index("applicants_by_last_updated", "applicants", ["organization_id", "last_updated", "id"])
    op.create_index(
        "applicants_email",
        "applicants",
        ["organization_id", "email_key"],
        unique=True,
        sqlite_where=sa.text("deleted_at IS NULL AND email_key <> ''"),
        postgresql_where=sa.text("deleted_at IS NULL AND email_key <> ''"),
    )
    op.create_index(
        "applicants_source",
        "applicants",
        ["organization_id", "source_system", "external_id"],
        unique=True,
        sqlite_where=sa.text("deleted_at IS NULL AND external_id IS NOT NULL"),
        postgresql_where=sa.text("deleted_at IS NULL AND external_id IS NOT NULL"),
    )

    op.create_table(
        "credential_types",
        sa.Column("organization_id", records.Key, nullable=False),
        sa.Column("id", records.Key, nullable=False),
        sa.Column("code", records.SortKey, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("name_key", records.SortKey, nullable=False),
        sa.Column("search_text", records.SearchText, nullable=False),
        sa.Column("category", sa.String(32), nullable=False),
        sa.Column("jurisdiction", sa.String(50), nullable=True),
        sa.Column("issuing_authority", sa.String(200), nullable=True),
        sa.Column("instructions", sa.String(2000), nullable=True),
        sa.Column("verification_source", sa.String(100), nullable=True),
        sa.Column("supports", records.Document, nullable=False),
        sa.Column("requires", records.Document, nullable=False),
        sa.Column("reference_number_pattern", sa.String(200), nullable=True),
        sa.Column("default_validity_months", sa.Integer(), nullable=True),
        sa.Column("expiring_soon_days", sa.Integer(), nullable=True),
        sa.Column("approval_required", sa.Boolean(), nullable=False),
        sa.Column("creation_policy", sa.String(32), nullable=False),
        sa.Column("archived_at", UTCDateTime(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("last_updated", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization_id"], name="credential_types_organization"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )
    op.create_index("credential_types_by_name", "credential_types", ["organization_id", "name_key", "id"])
    op.create_index("credential_types_code", "credential_types", ["organization_id", "code"], unique=True)

    op.create_table(
        "org_units",
        sa.Column("organization_id", records.Key, nullable=False),
        sa.Column("id", records.Key, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("name_key", records.SortKey, nullable=False),
        sa.Column("parent_id", records.Key, nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("last_updated", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "parent_id"],
            ["org_units.organization_id", "org_units.id"],
            name="org_units_parent",
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.organization_id"], name="org_units_organization"),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )
    op.create_index("org_units_by_name", "org_units", ["organization_id", "name_key", "id"])
    op.create_index("org_units_by_parent", "org_units", ["organization_id", "parent_id", "name_key", "id"])

    op.create_table(
        "workers",
        sa.Column("display_name", sa.String(200), nullable=False),
        sa.Column("first_name", sa.String(200), nullable=True),
        sa.Column("middle_name", sa.String(200), nullable=True),
        sa.Column("last_name", sa.String(200), nullable=True),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("work_email", sa.String(254), nullable=True),
        sa.Column("personal_email", sa.String(254), nullable=True),
        sa.Column("phone", sa.String(50), nullable=True),
        sa.Column("external_id", sa.String(200), nullable=True),
        sa.Column("source_system", sa.String(100), nullable=False),
        sa.Column("display_name_key", records.SortKey, nullable=False),
        sa.Column("first_name_key", records.SortKey, nullable=False),
        sa.Column("last_name_key", records.SortKey, nullable=False),
        sa.Column("email_key", records.SortKey, nullable=False),
        sa.Column("search_text", records.SearchText, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("deleted_at", UTCDateTime(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("last_updated", UTCDateTime(), nullable=False),
        sa.Column("organization_id", records.Key, nullable=False),
        sa.Column("id", records.Key, nullable=False),
        sa.Column("job_title", sa.String(200), nullable=True),
        sa.Column("job_title_key", records.SortKey, nullable=False),
        sa.Column("team_key", records.SortKey, nullable=False),
        sa.Column("department_key", records.SortKey, nullable=False),
        sa.Column("worker_type", sa.String(32), nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("start_date", sa.Date(), nullable=True),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("team", sa.String(200), nullable=True),
        sa.Column("department", sa.String(200), nullable=True),
        sa.Column("job_family", sa.String(200), nullable=True),
        sa.Column("organization_level_1", sa.String(200), nullable=True),
        sa.Column("organization_level_2", sa.String(200), nullable=True),
        sa.Column("organization_level_3", sa.String(200), nullable=True),
        sa.Column("org_unit_id", records.Key, nullable=True),
        sa.Column("country", sa.String(100), nullable=True),
        sa.Column("zip_code", sa.String(20), nullable=True),
        sa.Column("state_or_province", sa.String(100), nullable=True),
        sa.Column("manager_id", records.Key, nullable=True),
        sa.Column("manager_first_name", sa.String(200), nullable=True),
        sa.Column("manager_last_name", sa.String(200), nullable=True),
        sa.Column("manager_external_id", sa.String(200), nullable=True),
        sa.Column("connection_state", sa.String(32), nullable=False),
        sa.Column("connection_state_updated_at", UTCDateTime(), nullable=True),
        sa.Column("last_invitation_sent_at", UTCDateTime(), nullable=True),
        sa.Column("photo_url", sa.String(2000), nullable=True),
        sa.Column("bio", sa.String(2000), nullable=True),
        sa.Column("vanity_url", sa.String(2000), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id", "manager_id"],
            ["workers.organization_id", "workers.id"],
            name="workers_manager",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "org_unit_id"],
            ["org_units.organization_id", "org_units.id"],
            name="workers_org_unit",
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.organization_id"], name="workers_organization"),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )
    op.create_index("workers_by_created_at", "workers", ["organization_id", "created_at", "id"])
    op.create_index("workers_by_display_name_key", "workers", ["organization_id", "display_name_key", "id"])
    op.create_index("workers_by_email_key", "workers", ["organization_id", "email_key", "id"])
    op.create_index("workers_by_external_id", "workers", ["organization_id", "external_id"])
    op.create_index("workers_by_first_name_key", "workers", ["organization_id", "first_name_key", "id"])
    op.create_index("workers_by_last_name_key", "workers", ["organization_id", "last_name_key", "id"])
    op.create_index("workers_by_last_updated", "workers", ["organization_id", "last_updated", "id"])
    op.create_index("workers_by_manager", "workers", ["organization_id", "manager_id", "display_name_key", "id"])
    op.create_index("workers_by_org_unit", "workers", ["organization_id", "org_unit_id", "display_name_key", "id"])
    op.create_index(
        "workers_email",
        "workers",
        ["organization_id", "email_key"],
        unique=True,
        sqlite_where=sa.text("deleted_at IS NULL AND email_key <> ''"),
        postgresql_where=sa.text("deleted_at IS NULL AND email_key <> ''"),
    )
    op.create_index(
        "workers_source",
        "workers",
        ["organization_id", "source_system", "external_id"],
        unique=True,
        sqlite_where=sa.text("deleted_at IS NULL AND external_id IS NOT NULL"),
        postgresql_where=sa.text("deleted_at IS NULL AND external_id IS NOT NULL"),
    )

    op.create_table(
        "credentials",
        sa.Column("reference_number", sa.String(100), nullable=True),
        sa.Column("issuing_authority", sa.String(200), nullable=True),
        sa.Column("issue_date", sa.Date(), nullable=True),
        sa.Column("expiry_date", sa.Date(), nullable=True),
        sa.Column("organization_id", records.Key, nullable=False),
        sa.Column("id", records.Key, nullable=False),
        sa.Column("display_name", sa.String(200), nullable=False),
        sa.Column("display_name_key", records.SortKey, nullable=False),
        sa.Column("search_text", records.SearchText, nullable=False),
        sa.Column("credential_type_id", records.Key, nullable=False),
        sa.Column("type_code", records.SortKey, nullable=False),
        sa.Column("category", sa.String(32), nullable=False),
        sa.Column("jurisdiction", sa.String(50), nullable=True),
        sa.Column("worker_id", records.Key, nullable=True),
        sa.Column("applicant_id", records.Key, nullable=True),
        sa.Column("intake", sa.String(32), nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("is_verifiable", sa.Boolean(), nullable=False),
        sa.Column("eligibility", sa.String(32), nullable=True),
        sa.Column("latest_version_id", records.Key, nullable=False),
        sa.Column("latest_approval", sa.String(32), nullable=False),
        sa.Column("effective_version_id", records.Key, nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("deleted_at", UTCDateTime(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("last_updated", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "applicant_id"],
            ["applicants.organization_id", "applicants.id"],
            name="credentials_applicant",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "credential_type_id"],
            ["credential_types.organization_id", "credential_types.id"],
            name="credentials_type",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "worker_id"],
            ["workers.organization_id", "workers.id"],
            name="credentials_worker",
        ),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )
    op.create_index(
        "credentials_by_applicant", "credentials", ["organization_id", "applicant_id", "last_updated", "id"]
    )
    op.create_index("credentials_by_created_at", "credentials", ["organization_id", "created_at", "id"])
    op.create_index("credentials_by_display_name_key", "credentials", ["organization_id", "display_name_key", "id"])
    op.create_index("credentials_by_expires_on", "credentials", ["organization_id", "expires_on", "id"])
    op.create_index("credentials_by_last_updated", "credentials", ["organization_id", "last_updated", "id"])
    op.create_index("credentials_by_type", "credentials", ["organization_id", "type_code", "expires_on", "id"])
    op.create_index("credentials_by_worker", "credentials", ["organization_id", "worker_id", "last_updated", "id"])

    op.create_table(
        "credential_versions",
        sa.Column("reference_number", sa.String(100), nullable=True),
        sa.Column("issuing_authority", sa.String(200), nullable=True),
        sa.Column("issue_date", sa.Date(), nullable=True),
        sa.Column("expiry_date", sa.Date(), nullable=True),
        sa.Column("organization_id", records.Key, nullable=False),
        sa.Column("id", records.Key, nullable=False),
        sa.Column("credential_id", records.Key, nullable=False),
        sa.Column("credential_type_id", records.Key, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("approval", sa.String(32), nullable=False),
        sa.Column("created_by", sa.String(200), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "credential_id"],
            ["credentials.organization_id", "credentials.id"],
            name="credential_versions_credential",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )
    op.create_index(
        "credential_versions_number",
        "credential_versions",
        ["organization_id", "credential_id", "number"],
        unique=True,
    )

    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        op.execute("CREATE EXTENSION IF NOT EXISTS btree_gin")
        for table in SEARCHED:
            op.create_index(
                f"{table}_search",
                table,
                ["organization_id", "search_text"],
                postgresql_using="gin",
                postgresql_ops={"search_text": "gin_trgm_ops"},
            )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
