"""The versions and files that people entered about themselves.

Earlier versions do not tell who entered them: a person's subject at the identity provider is not their worker record.
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0017"
down_revision: str | None = "0016"
branch_labels: None = None
depends_on: None = None

TABLES = ("credential_versions", "attachments")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("entered_by_owner", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    for table in TABLES:
        op.drop_column(table, "entered_by_owner")
