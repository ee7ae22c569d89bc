"""One spelling of LICENCE and of scopes, and the columns of a worker's invitation under its name."""

from collections.abc import Callable, Iterator

import sqlalchemy as sa
from alembic import op

from app.db.records import Document

revision: str = "0018"
down_revision: str | None = "0017"
branch_labels: None = None
depends_on: None = None

COLUMNS = (
    ("connection_state", "invitation_state"),
    ("connection_state_updated_at", "invitation_state_updated_at"),
    ("last_invitation_sent_at", "invitation_sent_at"),
)


def upgrade() -> None:
    for before, after in COLUMNS:
        op.alter_column("workers", before, new_column_name=after)
    for statement in _spell("LICENSE", "LICENCE"):
        op.execute(statement)
    _spell_scopes(lambda scope: scope.replace(":", "_").upper())


def downgrade() -> None:
    _spell_scopes(lambda scope: scope.replace("_", ":").lower())
    for statement in _spell("LICENCE", "LICENSE"):
        op.execute(statement)
    for before, after in COLUMNS:
        op.alter_column("workers", after, new_column_name=before)


def _spell(before: str, after: str) -> Iterator[str]:
    """Yield the statements that replace a category in the columns and documents that hold it.

    Events keep the category as it was called at their time.
    """
    for table in ("credential_types", "credentials"):
        yield f"UPDATE {table} SET category = '{after}' WHERE category = '{before}'"
    yield f"UPDATE tallies SET value = '{after}' WHERE dimension = 'CATEGORY' AND value = '{before}'"
    for table, column, condition in (
        ("settled", "counted", ""),
        ("history", '"values"', "kind = 'credentials' AND "),
    ):
        holds = f"""CAST({column} AS TEXT) LIKE '%"{before}"%'"""
        yield f"UPDATE {table} SET {column} = {_replaced(column, before, after)} WHERE {condition}{holds}"


def _replaced(column: str, before: str, after: str) -> str:
    if op.get_bind().dialect.name == "postgresql":
        return f"""replace({column}::text, '"{before}"', '"{after}"')::jsonb"""
    return f"""replace({column}, '"{before}"', '"{after}"')"""


def _spell_scopes(spelling: Callable[[str], str]) -> None:
    keys = sa.table("api_keys", sa.column("organization_id"), sa.column("id"), sa.column("scopes", Document))
    connection = op.get_bind()
    for row in connection.execute(sa.select(keys)).all():
        update = keys.update().where(keys.c.organization_id == row.organization_id, keys.c.id == row.id)
        connection.execute(update.values(scopes=[spelling(scope) for scope in row.scopes]))
