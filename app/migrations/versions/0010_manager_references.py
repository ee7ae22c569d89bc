"""The index that finds the workers whose manager was named by external id before the manager was on record."""

from alembic import op

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: None = None
depends_on: None = None

NAME = "workers_by_manager_external_id"


def upgrade() -> None:
    op.create_index(NAME, "workers", ["organization_id", "manager_external_id"])


def downgrade() -> None:
    op.drop_index(NAME, "workers")
