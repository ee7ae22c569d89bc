"""Indexes for whole lists and their counts: credentials by type, by status, and in the review queue."""

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: None = None
depends_on: None = None

SHOWN = ("deleted_at", "archived_at")
KINDS = {"credentials_of_type": "type_code", "credentials_of_status": "status"}
WAITING = " AND ".join(
    (
        "(latest_approval = 'PENDING' OR eligibility = 'REVIEW_REQUIRED')",
        "intake IN ('DIRECT', 'SUBMITTED', 'COMPLETED')",
    )
)


def upgrade() -> None:
    for name, column in KINDS.items():
        op.create_index(name, "credentials", ["organization_id", column, "last_updated", "id", *SHOWN])
    op.drop_index("credentials_waiting", "credentials")
    _index_what_waits(*SHOWN)


def downgrade() -> None:
    op.drop_index("credentials_waiting", "credentials")
    _index_what_waits()
    for name in KINDS:
        op.drop_index(name, "credentials")


def _index_what_waits(*more: str) -> None:
    op.create_index(
        "credentials_waiting",
        "credentials",
        ["organization_id", "latest_version_at", "id", *more],
        sqlite_where=sa.text(WAITING),
        postgresql_where=sa.text(WAITING),
    )
