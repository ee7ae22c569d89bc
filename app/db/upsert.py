"""Inserting many rows in one statement, or changing those that exist already."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import JSON, String, Text, cast, column, func, literal, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from app.db.records import Record
from app.db.session import Session


async def upsert(
    session: Session,
    table: type[Record],
    rows: Sequence[dict[str, Any]],
    key: Sequence[str],
    *,
    replaced: Sequence[str] = (),
    added: Sequence[str] = (),
) -> None:
    """Insert rows, all with the same columns. Where a row of the same key exists, replace its `replaced` columns and
    add to its `added` ones."""
    if not rows:
        return
    target: Any = table.__dict__["__table__"]
    insert = insert_postgresql if session.dialect_name == "postgresql" else insert_sqlite
    statement: Any = insert(target)
    if session.dialect_name == "postgresql":
        # One parameter for any number of rows: a statement for each row takes ten times as long.
        names = list(rows[0])
        document = cast(literal(msgspec.json.encode(rows).decode(), Text()), JSONB())
        source = func.jsonb_to_recordset(document).table_valued(*(_source_column(target.c[name]) for name in names))
        statement = statement.from_select(names, select(*source.render_derived(with_types=True).c))
    changes = {name: statement.excluded[name] for name in replaced}
    changes |= {name: target.c[name] + statement.excluded[name] for name in added}
    statement = statement.on_conflict_do_update(index_elements=key, set_=changes)
    connection = await session.connection()
    if session.dialect_name == "postgresql":
        await connection.execute(statement)
    else:
        await connection.execute(statement, list(rows))


def _source_column(target: Any) -> Any:
    """Return the column of the JSON document's rows for a column of the table."""
    if isinstance(target.type, JSON):
        return column(target.name, JSONB())
    return column(target.name, Text() if isinstance(target.type, String) else target.type)
