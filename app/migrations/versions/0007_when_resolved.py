"""The time that a person resolved a check."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    op.add_column("verification_attempts", sa.Column("resolved_at", UTCDateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column("verification_attempts", "resolved_at")
