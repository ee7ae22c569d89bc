"""The living owner of each credential, and a note of deleted workers on their requests, exemptions and assignments."""

import sqlalchemy as sa
from alembic import op

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: None = None
depends_on: None = None

NOTED = ("credential_requests", "exemptions", "assignments")
VISIBILITY = ("deleted_at", "archived_at")
WAITING = (
    "(latest_approval = 'PENDING' OR eligibility = 'REVIEW_REQUIRED') "
    "AND intake IN ('DIRECT', 'SUBMITTED', 'COMPLETED')"
)
WAITING_INDEX = "credentials_waiting"
COLUMNS = {"credentials_of_type": "type_code", "credentials_of_status": "status"}
SET_LIVING_OWNER = """
UPDATE credentials SET living_owner = CASE
  WHEN EXISTS (
    SELECT 1 FROM workers WHERE workers.organization_id = credentials.organization_id
      AND workers.id = credentials.worker_id AND workers.deleted_at IS NULL
  ) THEN 'WORKER'
  WHEN EXISTS (
    SELECT 1 FROM applicants WHERE applicants.organization_id = credentials.organization_id
      AND applicants.id = credentials.applicant_id AND applicants.deleted_at IS NULL
  ) THEN 'APPLICANT'
END
"""
STOP_CHECKS = "UPDATE credentials SET next_check_at = NULL WHERE living_owner IS NULL AND next_check_at IS NOT NULL"
NOTE_DELETION = """
UPDATE {table} SET worker_deleted = {true} WHERE EXISTS (
  SELECT 1 FROM workers WHERE workers.organization_id = {table}.organization_id
    AND workers.id = {table}.worker_id AND workers.deleted_at IS NOT NULL
)
"""
MARK_OWNERS = """
INSERT INTO unsettled (organization_id, id, owner_id)
SELECT owners.organization_id, 'uns_' || substr(owners.id, length(owners.id) - 15), owners.id FROM (
  SELECT organization_id, id FROM workers WHERE deleted_at IS NOT NULL
  UNION
  SELECT organization_id, applicant_id FROM credentials WHERE living_owner = 'APPLICANT' AND worker_id IS NOT NULL
) owners
WHERE NOT EXISTS (
  SELECT 1 FROM unsettled WHERE unsettled.organization_id = owners.organization_id
    AND unsettled.id = 'uns_' || substr(owners.id, length(owners.id) - 15)
)
"""
"""The settlement of a deleted worker closes their requests."""


def upgrade() -> None:
    connection = op.get_bind()
    op.add_column("credentials", sa.Column("living_owner", sa.String(length=32)))
    connection.execute(sa.text(SET_LIVING_OWNER))
    connection.execute(sa.text(STOP_CHECKS))
    for table in NOTED:
        op.add_column(table, sa.Column("worker_deleted", sa.Boolean(), nullable=False, server_default=sa.false()))
        true = "true" if connection.dialect.name == "postgresql" else "1"
        connection.execute(sa.text(NOTE_DELETION.format(table=table, true=true)))
    connection.execute(sa.text(MARK_OWNERS))
    _index(*VISIBILITY, "living_owner")


def downgrade() -> None:
    _index(*VISIBILITY)
    for table in NOTED:
        op.drop_column(table, "worker_deleted")
    op.drop_column("credentials", "living_owner")


def _index(*visibility: str) -> None:
    """Recreate the indexes that hold the columns by which a list shows a credential."""
    for name in (WAITING_INDEX, *COLUMNS):
        op.drop_index(name, "credentials")
    for name, column in COLUMNS.items():
        op.create_index(name, "credentials", ["organization_id", column, "last_updated", "id", *visibility])
    # Last, because SQLite, which keeps no statistics, prefers the latest among indexes that it holds to be equal.
    op.create_index(
        WAITING_INDEX,
        "credentials",
        ["organization_id", "latest_version_at", "id", *visibility],
        sqlite_where=sa.text(WAITING),
        postgresql_where=sa.text(WAITING),
    )
