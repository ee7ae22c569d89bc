"""The status that a caller reported about a credential that a registry verifies."""

import sqlalchemy as sa
from alembic import op

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    op.add_column("verification_attempts", sa.Column("reported_status", sa.String(32), nullable=True))


def downgrade() -> None:
    op.drop_column("verification_attempts", "reported_status")
