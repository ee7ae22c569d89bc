"""Writing many rows at once, whether they are there already or not."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import JSON, String, Text, cast, column, func, literal, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from app.db.database import Session
from app.db.records import Record


async def upsert(
    session: Session,
    table: type[Record],
    rows: Sequence[dict[str, Any]],
    key: Sequence[str],
    *,
    replaced: Sequence[str] = (),
    added: Sequence[str] = (),
) -> None:
    """Insert rows, each with the same columns; where there is one of the same key, replace some of its columns, and
    add to others."""
    if not rows:
        return
    target: Any = table.__dict__["__table__"]
    insert = insert_postgresql if session.dialect == "postgresql" else insert_sqlite
    statement: Any = insert(target)
    if session.dialect == "postgresql":
        # One parameter, however many rows: a statement for each takes ten times as long.
        names = list(rows[0])
        document = cast(literal(msgspec.json.encode(rows).decode(), Text()), JSONB())
        given = func.jsonb_to_recordset(document).table_valued(*(_plain(target.c[name]) for name in names))
        statement = statement.from_select(names, select(*given.render_derived(with_types=True).c))
    new = {name: statement.excluded[name] for name in replaced}
    new |= {name: target.c[name] + statement.excluded[name] for name in added}
    statement = statement.on_conflict_do_update(index_elements=key, set_=new)
    connection = await session.connection()
    if session.dialect == "postgresql":
        await connection.execute(statement)
    else:
        await connection.execute(statement, list(rows))


def _plain(of: Any) -> Any:
    """A column of a document's rows."""
    if isinstance(of.type, JSON):
        return column(of.name, JSONB())
    return column(of.name, Text() if isinstance(of.type, String) else of.type)
