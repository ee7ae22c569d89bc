"""The correlation ids of callers who join a running check."""

import sqlalchemy as sa
from alembic import op

from app.db import records

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    op.add_column(
        "verification_attempts",
        sa.Column("joined_correlation_ids", records.Document, nullable=False, server_default="[]"),
    )


def downgrade() -> None:
    op.drop_column("verification_attempts", "joined_correlation_ids")
