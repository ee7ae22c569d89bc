"""All the rows of an organization, to compare before and after. Every refusal is judged by them, so they come fast."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Dialect, bindparam, select

from app.db.database import Database
from app.db.read_batch import Read
from app.db.read_executor import ReadProgram
from app.db.records import Record

NOTED_BY_USE = {("api_keys", "last_used_at")}


@dataclass(frozen=True)
class TableQuery:
    """How the rows of a table are read, and their values understood."""

    table: str
    text: str
    columns: list[tuple[str, Callable[[Any], Any] | None]]

    def row(self, values: Any) -> dict[str, Any]:
        """A row as it was fetched, by the names of its columns."""
        return {
            name: value if understood is None else understood(value)
            for (name, understood), value in zip(self.columns, values, strict=True)
            if (self.table, name) not in NOTED_BY_USE
        }


@lru_cache(8)
def _prepared(dialect: Dialect) -> list[TableQuery]:
    found = []
    for name, record in Record.tables().items():
        table: Any = record.__dict__["__table__"]
        statement = select(table).where(table.c.organization_id == bindparam("organization"))
        columns = [
            (column.name, column.type.dialect_impl(dialect).result_processor(dialect, None)) for column in table.c
        ]
        found.append(TableQuery(name, str(statement.compile(dialect=dialect)), columns))
    return found


async def organization_rows(database: Database, organization: str) -> dict[str, list[dict[str, Any]]]:
    """Each table's rows of an organization, by id."""
    return await database.read_executor.run(_reading(_prepared(database.dialect), organization))


def _reading(tables: list[TableQuery], organization: str) -> ReadProgram[dict[str, list[dict[str, Any]]]]:
    answers = yield [Read(table.text, (organization,)) for table in tables]
    return {table.table: sorted(_rows(table, fetched), key=_id) for table, fetched in zip(tables, answers, strict=True)}


def _rows(table: TableQuery, fetched: Any) -> Iterator[dict[str, Any]]:
    if isinstance(fetched, Exception):
        raise fetched
    return map(table.row, fetched)


def _id(row: dict[str, Any]) -> str:
    return str(row["id"])
