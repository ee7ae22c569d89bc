"""Search text without accents, emails compared in lower case, and the owners' text on each credential."""

import re
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

from app.core.text import MAX_FOLDED_LENGTH, email_key, fold
from app.db import records

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: None = None
depends_on: None = None

BATCH_SIZE = 1_000  # rows, so that a large table is never in memory as a whole
OWNER = ("display_name", "first_name", "middle_name", "last_name", "work_email", "personal_email", "external_id")
OWNER_TEXTS = {"worker_text": ("worker_id", "workers"), "applicant_text": ("applicant_id", "applicants")}
KEYS: dict[str, tuple[str, ...]] = {
    "workers": ("display_name", "first_name", "last_name", "job_title", "team", "department"),
    "applicants": ("display_name", "first_name", "last_name"),
    "credentials": ("display_name",),
    **dict.fromkeys(("positions", "org_units", "requirement_rules", "api_keys", "credential_types"), ("name",)),
}
"""The columns with a folded copy to sort by, of each table."""
SEARCHED: dict[str, tuple[str, ...]] = {
    "workers": (*OWNER, "job_title", "phone"),
    "applicants": (*OWNER, "phone"),
    "credentials": ("display_name", "reference_number", "type_code"),
    "credential_types": ("name", "code", "issuing_authority", "jurisdiction"),
}
"""The columns whose text is searched, of each table."""

StoredRow = Any


def upgrade() -> None:
    connection = op.get_bind()
    for name in OWNER_TEXTS:
        op.add_column("credentials", sa.Column(name, records.SearchText, nullable=False, server_default=""))
    if connection.dialect.name == "postgresql":
        op.drop_index("credentials_search", "credentials")
    for table in KEYS:
        _recompute(connection, table, *_columns(table))
    if connection.dialect.name == "postgresql":
        _index_text("search_text", *OWNER_TEXTS)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_index("credentials_search", "credentials")
        _index_text("search_text")
    for name in OWNER_TEXTS:
        op.drop_column("credentials", name)


def _index_text(*columns: str) -> None:
    operators = dict.fromkeys(columns, "gin_trgm_ops")
    op.create_index(
        "credentials_search",
        "credentials",
        ["organization_id", *columns],
        postgresql_using="gin",
        postgresql_ops=operators,
    )


def _columns(table: str) -> tuple[list[str], list[str]]:
    """Return the columns of a table that are read, and those that are written."""
    read = {*KEYS[table], *SEARCHED.get(table, ())}
    written = [f"{name}_key" for name in KEYS[table]]
    if table in SEARCHED:
        written.append("search_text")
    if "work_email" in read:
        written.append("email_key")
    if table == "credentials":
        read |= {column for column, _ in OWNER_TEXTS.values()}
        written += OWNER_TEXTS
    return sorted(read), written


def _recompute(connection: sa.Connection, name: str, read: Sequence[str], written: Sequence[str]) -> None:
    """Compute the written columns of all rows anew, in batches, and write the rows that differ."""
    columns = [sa.column(column, sa.String()) for column in ("organization_id", "id", *read, *written)]
    table = sa.table(name, *columns)
    key = (table.c.organization_id, table.c.id)
    update = (
        sa.update(table)
        .where(*(column == sa.bindparam(f"of_{column.name}") for column in key))
        .values({column: sa.bindparam(f"new_{column}") for column in written})
    )
    position: tuple[str, str] | None = None
    while True:
        page = sa.select(*table.c).order_by(*key).limit(BATCH_SIZE)
        if position is not None:
            page = page.where(sa.tuple_(*key) > sa.tuple_(*(sa.literal(value) for value in position)))
        rows = connection.execute(page).all()
        if not rows:
            return
        position = rows[-1].organization_id, rows[-1].id
        owner_texts = _owner_texts(connection, rows) if name == "credentials" else {}
        changes = []
        for row in rows:
            computed = _compute(name, row, owner_texts)
            if any(getattr(row, column) != value for column, value in computed.items()):
                changed = {f"new_{column}": value for column, value in computed.items()}
                changes.append({"of_organization_id": row.organization_id, "of_id": row.id, **changed})
        if changes:
            connection.execute(update, changes)


def _compute(name: str, row: StoredRow, owner_texts: dict[tuple[str, str], str]) -> dict[str, str]:
    computed = {f"{column}_key": fold(getattr(row, column) or "")[:MAX_FOLDED_LENGTH] for column in KEYS[name]}
    if name in SEARCHED:
        computed["search_text"] = _search_text(row, SEARCHED[name])
    if hasattr(row, "work_email"):
        computed["email_key"] = email_key(row.work_email or "")[:MAX_FOLDED_LENGTH]
    if name == "credentials":
        for column, (owner, _) in OWNER_TEXTS.items():
            computed[column] = owner_texts.get((row.organization_id, getattr(row, owner) or ""), "")
    return computed


def _search_text(row: StoredRow, columns: Sequence[str]) -> str:
    values = [getattr(row, column) for column in columns]
    if "phone" in columns and row.phone:
        values.append(re.sub(r"\D", "", fold(row.phone)))
    return "\n".join(fold(value) for value in values if value)


def _owner_texts(connection: sa.Connection, rows: Sequence[StoredRow]) -> dict[tuple[str, str], str]:
    """Return the text of each owner of some credentials, by organization and id."""
    texts: dict[tuple[str, str], str] = {}
    for owner, table in OWNER_TEXTS.values():
        ids = sorted({getattr(row, owner) for row in rows} - {None})
        people = sa.table(table, *(sa.column(column, sa.String()) for column in ("organization_id", "id", *OWNER)))
        for person in connection.execute(sa.select(*people.c).where(people.c.id.in_(ids))) if ids else ():
            texts[person.organization_id, person.id] = _search_text(person, OWNER)
    return texts
