"""Positions, rules, exemptions and requests; the history of facts that they are evaluated by, and counters."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

from app.db import records

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: None = None
depends_on: None = None

TABLES = (
    "history",
    "settled",
    "tallies",
    "unsettled",
    "positions",
    "assignments",
    "credential_requests",
    "requirement_rules",
    "exemptions",
)


# The history starts with this revision. The facts of existing rows are recorded as if unchanged since their creation.
PLAIN = {
    "organizations": ("time_zone", "expiring_soon_days"),
    "org_units": ("parent_id",),
    "credential_types": ("expiring_soon_days",),
    "workers": ("org_unit_id", "org_unit_since", "status", "start_date"),
    "applicants": (),
    "credentials": (
        *("worker_id", "applicant_id", "credential_type_id", "category", "jurisdiction", "intake", "status"),
        *("eligibility", "latest_approval", "effective_version_id", "valid_from", "expires_on"),
    ),
}
INSTANTS = {
    "workers": ("created_at", "deleted_at"),
    "applicants": ("deleted_at",),
    "credentials": ("archived_at", "deleted_at"),
}
ABOUT = {"workers": "id", "credentials": "worker_id"}


def _remember(table: str, dialect: str) -> str:
    """Return the statement that records the present rows of a table in the history."""
    build, instant = (
        ("jsonb_build_object", "{0}")
        if dialect == "postgresql"
        else (
            "json_object",
            "replace({0}, ' ', 'T') || 'Z'",
        )
    )
    members = [f"'{name}', {name}" for name in PLAIN[table]]
    members += [f"'{name}', {instant.format(name)}" for name in INSTANTS.get(table, ())]
    return f"""
        INSERT INTO history (organization_id, id, kind, row_id, worker_id, recorded_at, "values")
        SELECT organization_id, 'hist_' || substr(id, length(id) - 15), '{table}', id, {ABOUT.get(table, "NULL")},
          created_at, {build}({", ".join(members)})
        FROM {table}
    """


def _settle_all(table: str) -> str:
    """Return the statement that marks all people of a table as unsettled."""
    return f"""
        INSERT INTO unsettled (organization_id, id, owner_id)
        SELECT organization_id, 'uns_' || substr(id, length(id) - 15), id FROM {table}
    """


def upgrade() -> None:
    op.create_table(
        "history",
        sa.Column("organization_id", records.Key, nullable=False),
        sa.Column("id", records.Key, nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("row_id", records.Key, nullable=False),
        sa.Column("worker_id", records.Key, nullable=True),
        sa.Column("recorded_at", UTCDateTime(), nullable=False),
        sa.Column("values", records.Document, nullable=True),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )
    op.create_index("history_by_row", "history", ["organization_id", "kind", "row_id", "recorded_at", "id"])
    op.create_index("history_by_worker", "history", ["organization_id", "worker_id", "kind", "row_id"])

    op.create_table(
        "settled",
        sa.Column("organization_id", records.Key, nullable=False),
        sa.Column("id", records.Key, nullable=False),
        sa.Column("org_unit_id", records.Key, nullable=True),
        sa.Column("recheck_on", sa.Date(), nullable=False),
        sa.Column("counted", records.Document, nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )
    op.create_index("settled_by_recheck", "settled", ["organization_id", "recheck_on"])

    op.create_table(
        "tallies",
        sa.Column("organization_id", records.Key, nullable=False),
        sa.Column("id", records.Key, nullable=False),
        sa.Column("org_unit_id", records.Key, nullable=False),
        sa.Column("dimension", sa.String(32), nullable=False),
        sa.Column("value", sa.String(64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )
    op.create_index(
        "tallies_key", "tallies", ["organization_id", "org_unit_id", "dimension", "value", "day"], unique=True
    )

    op.create_table(
        "unsettled",
        sa.Column("organization_id", records.Key, nullable=False),
        sa.Column("id", records.Key, nullable=False),
        sa.Column("owner_id", records.Key, nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )
    op.create_table(
        "positions",
        sa.Column("organization_id", records.Key, nullable=False),
        sa.Column("id", records.Key, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("name_key", records.SortKey, nullable=False),
        sa.Column("external_id", sa.String(200), nullable=True),
        sa.Column("description", sa.String(2000), nullable=True),
        sa.Column("org_unit_id", records.Key, nullable=True),
        sa.Column("archived_at", UTCDateTime(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("last_updated", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "org_unit_id"], ["org_units.organization_id", "org_units.id"], name="positions_org_unit"
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.organization_id"], name="positions_organization"),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )
    op.create_index("positions_by_name", "positions", ["organization_id", "name_key", "id"])
    op.create_index("positions_by_org_unit", "positions", ["organization_id", "org_unit_id", "name_key", "id"])
    op.create_index("positions_external_id", "positions", ["organization_id", "external_id"], unique=True)

    op.create_table(
        "assignments",
        sa.Column("organization_id", records.Key, nullable=False),
        sa.Column("id", records.Key, nullable=False),
        sa.Column("position_id", records.Key, nullable=False),
        sa.Column("worker_id", records.Key, nullable=False),
        sa.Column("from_date", sa.Date(), nullable=False),
        sa.Column("to_date", sa.Date(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("last_updated", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "position_id"],
            ["positions.organization_id", "positions.id"],
            name="assignments_position",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "worker_id"], ["workers.organization_id", "workers.id"], name="assignments_worker"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )
    op.create_index("assignments_by_position", "assignments", ["organization_id", "position_id", "from_date", "id"])
    op.create_index("assignments_by_worker", "assignments", ["organization_id", "worker_id", "from_date", "id"])

    op.create_table(
        "credential_requests",
        sa.Column("organization_id", records.Key, nullable=False),
        sa.Column("id", records.Key, nullable=False),
        sa.Column("worker_id", records.Key, nullable=False),
        sa.Column("credential_type_id", records.Key, nullable=False),
        sa.Column("credential_id", records.Key, nullable=False),
        sa.Column("rule_id", records.Key, nullable=True),
        sa.Column("raised_by", sa.String(32), nullable=False),
        sa.Column("message", sa.String(2000), nullable=True),
        sa.Column("guidance", sa.String(2000), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("due_key", sa.Date(), nullable=False),
        sa.Column("reminders", sa.Integer(), nullable=False),
        sa.Column("last_reminded_at", UTCDateTime(), nullable=True),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("closed_at", UTCDateTime(), nullable=True),
        sa.Column("held_off", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("last_updated", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "credential_type_id"],
            ["credential_types.organization_id", "credential_types.id"],
            name="requests_type",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "worker_id"], ["workers.organization_id", "workers.id"], name="requests_worker"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )
    op.create_index("requests_by_created_at", "credential_requests", ["organization_id", "created_at", "id"])
    op.create_index("requests_by_credential", "credential_requests", ["organization_id", "credential_id"])
    op.create_index("requests_by_due_on", "credential_requests", ["organization_id", "due_key", "id"])
    op.create_index("requests_by_worker", "credential_requests", ["organization_id", "worker_id", "created_at", "id"])
    op.create_index(
        "requests_one_open",
        "credential_requests",
        ["organization_id", "worker_id", "credential_type_id"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )

    op.create_table(
        "requirement_rules",
        sa.Column("organization_id", records.Key, nullable=False),
        sa.Column("id", records.Key, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("name_key", records.SortKey, nullable=False),
        sa.Column("description", sa.String(2000), nullable=True),
        sa.Column("scope", sa.String(32), nullable=False),
        sa.Column("position_id", records.Key, nullable=True),
        sa.Column("org_unit_id", records.Key, nullable=True),
        sa.Column("worker_id", records.Key, nullable=True),
        sa.Column("excluded", records.Document, nullable=False),
        sa.Column("alternatives", records.Document, nullable=False),
        sa.Column("minimum", sa.Integer(), nullable=False),
        sa.Column("level", sa.String(32), nullable=False),
        sa.Column("severity", sa.String(32), nullable=False),
        sa.Column("grace_days", sa.Integer(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("effective_to", sa.Date(), nullable=True),
        sa.Column("auto_request", sa.Boolean(), nullable=False),
        sa.Column("request_message", sa.String(2000), nullable=True),
        sa.Column("request_due_days", sa.Integer(), nullable=True),
        sa.Column("deleted_at", UTCDateTime(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("last_updated", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "org_unit_id"], ["org_units.organization_id", "org_units.id"], name="rules_org_unit"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "position_id"], ["positions.organization_id", "positions.id"], name="rules_position"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "worker_id"], ["workers.organization_id", "workers.id"], name="rules_worker"
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.organization_id"], name="rules_organization"),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )
    op.create_index("rules_by_created_at", "requirement_rules", ["organization_id", "created_at", "id"])
    op.create_index("rules_by_name", "requirement_rules", ["organization_id", "name_key", "id"])
    op.create_index("rules_by_org_unit", "requirement_rules", ["organization_id", "org_unit_id", "name_key", "id"])
    op.create_index("rules_by_position", "requirement_rules", ["organization_id", "position_id", "name_key", "id"])
    op.create_index("rules_by_worker", "requirement_rules", ["organization_id", "worker_id", "name_key", "id"])

    op.create_table(
        "exemptions",
        sa.Column("organization_id", records.Key, nullable=False),
        sa.Column("id", records.Key, nullable=False),
        sa.Column("worker_id", records.Key, nullable=False),
        sa.Column("rule_id", records.Key, nullable=True),
        sa.Column("credential_type_id", records.Key, nullable=True),
        sa.Column("reason", sa.String(2000), nullable=False),
        sa.Column("from_date", sa.Date(), nullable=False),
        sa.Column("to_date", sa.Date(), nullable=True),
        sa.Column("approved_by", sa.String(200), nullable=False),
        sa.Column("approved_by_name", sa.String(200), nullable=False),
        sa.Column("revoked_at", UTCDateTime(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("last_updated", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "credential_type_id"],
            ["credential_types.organization_id", "credential_types.id"],
            name="exemptions_type",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "rule_id"],
            ["requirement_rules.organization_id", "requirement_rules.id"],
            name="exemptions_rule",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "worker_id"], ["workers.organization_id", "workers.id"], name="exemptions_worker"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )
    op.create_index("exemptions_by_created_at", "exemptions", ["organization_id", "created_at", "id"])
    op.create_index("exemptions_by_worker", "exemptions", ["organization_id", "worker_id", "created_at", "id"])

    op.add_column("credentials", sa.Column("requested_at", UTCDateTime(), nullable=True))
    op.add_column("credentials", sa.Column("submitted_at", UTCDateTime(), nullable=True))
    op.add_column("credentials", sa.Column("due_on", sa.Date(), nullable=True))
    op.add_column("credentials", sa.Column("request_id", records.Key, nullable=True))
    op.add_column("credentials", sa.Column("rule_id", records.Key, nullable=True))

    op.add_column("workers", sa.Column("org_unit_since", sa.Date(), nullable=True))
    op.add_column("workers", sa.Column("standing", sa.String(32), nullable=True))
    op.create_index("workers_by_standing", "workers", ["organization_id", "standing", "display_name_key", "id"])

    dialect = op.get_bind().dialect.name
    for table in PLAIN:
        op.execute(_remember(table, dialect))
    for table in ("workers", "applicants"):
        op.execute(_settle_all(table))


def downgrade() -> None:
    op.drop_index("workers_by_standing", "workers")
    for column in ("standing", "org_unit_since"):
        op.drop_column("workers", column)
    for column in ("rule_id", "request_id", "due_on", "submitted_at", "requested_at"):
        op.drop_column("credentials", column)
    for table in reversed(TABLES):
        op.drop_table(table)
