"""Taking a row for a change: seen by the actor, locked, and at the revision that the caller read."""

from collections.abc import Hashable, Sequence
from typing import TypeVar

from sqlalchemy import Dialect, Select, select
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel, col

from app.core import ids
from app.core.errors import Conflict, DomainError, Invalid, NotFound, Path, Refused, Taken
from app.db import row_mapper
from app.db.database import Session
from app.db.prepared_statements import Prepared, Slot, prepare
from app.db.principal import Principal
from app.db.records import Record

Row = TypeVar("Row", bound=Record)


async def find(session: Session, actor: Principal, table: type[Row], key: str, path: Path) -> Row:
    """The row of an id, unlocked. Another organization's is not found, like one that does not exist."""
    return await _one(session, actor, table, key, path, lock=False)


async def claim(session: Session, actor: Principal, table: type[Row], key: str, path: Path) -> Row:
    """The row of an id, locked until the transaction ends."""
    row = await _one(session, actor, table, key, path, lock=True)
    session.tick()  # as `locked` does
    return row


def seen(actor: Principal, table: type[Row], key: str, path: Path) -> Select[Row]:
    """The query of one id, which must be of the table's kind."""
    _check_kind(table, key, path)
    return select(table).where(actor.sees(table), col(table.id) == key)


def _check_kind(table: type[Record], key: str, path: Path) -> None:
    if ids.kind(key) != table.prefix:
        raise Invalid(f"{'.'.join(path)} is not the id of {_a(table.noun())} ({table.prefix}_…)", path)


def _a(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeio" else f"a {noun}"


_statements: dict[Hashable, Prepared] = {}
"""Statements for one row that somebody sees, by all that they differ in."""


def _seeing(actor: Principal, table: type[Record], dialect: Dialect, *, lock: bool) -> Prepared:
    name = (table, actor.reach, dialect.name, lock)
    found = _statements.get(name)
    if found is None:
        statement = row_mapper.selecting(table).where(actor.anybody().sees(table), col(table.id) == Slot("id"))
        found = _statements[name] = prepare(statement.with_for_update(of=table) if lock else statement, dialect)
    return found


async def _one(session: Session, actor: Principal, table: type[Row], key: str, path: Path, *, lock: bool) -> Row:
    _check_kind(table, key, path)
    prepared = _seeing(actor, table, session.kind, lock=lock)
    row = await session.find(table, prepared.read({**actor.ids, "id": key}), locks=lock)
    if row is None:
        raise NotFound(f"{'.'.join(path)}: there is no {table.noun()} {key}", path)
    return row


async def lock(session: Session, actor: Principal, table: type[Row], keys: Sequence[str]) -> None:
    """Lock many rows in the order of their ids, so that two calls about the same rows never wait in a circle."""
    statement = select(col(table.id)).where(actor.sees(table), col(table.id).in_(set(keys)))
    await session.locked(statement.order_by(col(table.id)), of=table)


def expect(revision: int, expected: int | None) -> None:
    """Refuse a change that was made in view of an older revision."""
    if expected is not None and expected != revision:
        raise Conflict(("expectedRevision",), current_revision=revision)


def refusals_of(error: DomainError | Refused | IntegrityError) -> list[DomainError]:
    """The refusals in an exception; an integrity error that no unique index explains is raised again."""
    if isinstance(error, IntegrityError):
        refusal = taken(error)
        if refusal is None:
            raise error
        return [refusal]
    return error.errors if isinstance(error, Refused) else [error]


def taken(error: IntegrityError) -> Taken | None:
    """The refusal that a violated unique index stands for. Each such index carries its path and message."""
    message = str(error.orig)
    for table in SQLModel.metadata.tables.values():
        for index in table.indexes:
            if not index.unique or "path" not in index.info:
                continue
            # PostgreSQL names the index, SQLite its columns.
            columns = ", ".join(f"{table.name}.{column.name}" for column in index.columns)
            if f'"{index.name}"' in message or message.endswith(f"UNIQUE constraint failed: {columns}"):
                return Taken(index.info["message"], index.info["path"])
    return None
