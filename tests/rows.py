"""All rows of an organization, for comparisons before and after a call.

Every refusal is checked with them, so they are read in one batch by statements that are compiled once.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Dialect, bindparam, select

from app.db.database import Database
from app.db.read_batch import Read
from app.db.read_executor import ReadProgram
from app.db.records import Record

IGNORED_COLUMNS = {("api_keys", "last_used_at")}


@dataclass(frozen=True)
class TableQuery:
    """The compiled query of a table's rows, with the result processor of each column."""

    table: str
    text: str
    columns: list[tuple[str, Callable[[Any], Any] | None]]

    def row(self, values: Any) -> dict[str, Any]:
        """Return a fetched row as values by column name."""
        return {
            name: value if processor is None else processor(value)
            for (name, processor), value in zip(self.columns, values, strict=True)
            if (self.table, name) not in IGNORED_COLUMNS
        }


@lru_cache(8)
def _queries(dialect: Dialect) -> list[TableQuery]:
    queries = []
    for name, record in Record.tables().items():
        table: Any = record.__dict__["__table__"]
        statement = select(table).where(table.c.organization_id == bindparam("organization"))
        columns = [
            (column.name, column.type.dialect_impl(dialect).result_processor(dialect, None)) for column in table.c
        ]
        queries.append(TableQuery(name, str(statement.compile(dialect=dialect)), columns))
    return queries


async def organization_rows(database: Database, organization: str) -> dict[str, list[dict[str, Any]]]:
    """Return an organization's rows of each table, ordered by id."""
    return await database.read_executor.run(_read_program(_queries(database.dialect), organization))


def _read_program(queries: list[TableQuery], organization: str) -> ReadProgram[dict[str, list[dict[str, Any]]]]:
    results = yield [Read(query.text, (organization,)) for query in queries]
    return {
        query.table: sorted(_rows(query, fetched), key=_id) for query, fetched in zip(queries, results, strict=True)
    }


def _rows(query: TableQuery, fetched: Any) -> Iterator[dict[str, Any]]:
    if isinstance(fetched, Exception):
        raise fetched
    return map(query.row, fetched)


def _id(row: dict[str, Any]) -> str:
    return str(row["id"])
