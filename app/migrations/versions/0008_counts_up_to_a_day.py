"""The key of the counters by day before value, so that counts of a day are read without those of later days."""

from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: None = None
depends_on: None = None

KEY = "tallies_key"
OF_EACH = ["organization_id", "org_unit_id", "dimension"]


def upgrade() -> None:
    op.drop_index(KEY, "tallies")
    op.create_index(KEY, "tallies", [*OF_EACH, "day", "value"], unique=True)


def downgrade() -> None:
    op.drop_index(KEY, "tallies")
    op.create_index(KEY, "tallies", [*OF_EACH, "value", "day"], unique=True)
