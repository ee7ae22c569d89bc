"""An index for the review queue, and a verification interval for each credential type."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: None = None
depends_on: None = None

WAITING = " AND ".join(
    (
        "(latest_approval = 'PENDING' OR eligibility = 'REVIEW_REQUIRED')",
        "intake IN ('DIRECT', 'SUBMITTED', 'COMPLETED')",
    )
)
INTERVAL = "verification_interval_days"


def upgrade() -> None:
    # For a time, the second revision already contained these changes, so new databases of that time have them.
    inspector = sa.inspect(op.get_bind())
    indexes = _names(inspector.get_indexes("credentials"))
    if "credentials_by_review" in indexes:
        op.drop_index("credentials_by_review", "credentials")
    if "credentials_waiting" not in indexes:
        op.create_index(
            "credentials_waiting",
            "credentials",
            ["organization_id", "latest_version_at", "id"],
            sqlite_where=sa.text(WAITING),
            postgresql_where=sa.text(WAITING),
        )
    if INTERVAL not in _names(inspector.get_columns("credential_types")):
        op.add_column("credential_types", sa.Column(INTERVAL, sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("credential_types", INTERVAL)
    op.drop_index("credentials_waiting", "credentials")
    op.create_index(
        "credentials_by_review", "credentials", ["organization_id", "latest_approval", "latest_version_at", "id"]
    )


def _names(found: Sequence[Any]) -> set[str]:
    return {one["name"] for one in found}
