"""Access to rows for a change: visible to the actor, locked, and at the revision that the caller read."""

from collections.abc import Hashable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from sqlalchemy import Dialect, Select, select
from sqlmodel import col

from app.core import ids
from app.core.errors import Conflict, InputPath, Invalid, NotFound
from app.db.engine import row_mapper
from app.db.prepared_statements import PreparedStatement, Slot, prepare
from app.db.principal import Principal
from app.db.records import Record, Row
from app.db.session import Session

Parent = TypeVar("Parent", bound=Record)


class Revised(Protocol):
    """A row that counts its changes, so that callers can say which revision they read."""

    revision: int
    updated_at: datetime


async def find(session: Session, actor: Principal, table: type[Row], row_id: str, path: InputPath) -> Row:
    """Return the row of an id, unlocked.

    Raises NotFound for a row that does not exist and for one that the actor does not see, and Invalid for the id of
    another table.
    """
    return await _find(session, actor, table, row_id, path, lock=False)


async def find_for_update(session: Session, actor: Principal, table: type[Row], row_id: str, path: InputPath) -> Row:
    """Return the row of an id, locked until the transaction ends. Raises as `find` does."""
    row = await _find(session, actor, table, row_id, path, lock=True)
    session.tick()  # for the reason given at `Session.scalars_for_update`
    return row


async def find_with_parent_locked(
    session: Session,
    actor: Principal,
    table: type[Row],
    row_id: str,
    path: InputPath,
    parent_table: type[Parent],
    parent_column: str,
) -> tuple[Row, Parent]:
    """Return a row and its parent, the parent locked: every change of such a row holds its parent.

    Raises as `find` does.
    """
    row = await find(session, actor, table, row_id, path)
    parent = await find_for_update(session, actor, parent_table, getattr(row, parent_column), path)
    return await read_again(session, row, path), parent


async def read_again(session: Session, row: Row, path: InputPath, *, lock: bool = False) -> Row:
    """Return a row as it is once its parent is locked.

    The row had to be read to find its parent. Before the parent was locked, another call may have changed or removed
    the row. Raises NotFound if it is gone.
    """
    table = type(row)
    current = await session.get(
        table, row_mapper.primary_key(row), populate_existing=True, with_for_update={"of": table} if lock else None
    )
    if current is None:
        raise _not_found(table, row.id, path)
    if lock:
        session.tick()
    return current


def select_visible(actor: Principal, table: type[Row], row_id: str, path: InputPath) -> Select[Row]:
    """Return the query for the row of an id, if the actor sees it. Raises Invalid for the id of another table."""
    _check_prefix(table, row_id, path)
    return select(table).where(actor.visible_rows(table), col(table.id) == row_id)


async def lock_all(session: Session, actor: Principal, table: type[Row], row_ids: Sequence[str]) -> None:
    """Lock many rows in the order of their ids, so that two calls about the same rows never wait in a circle."""
    statement = select(col(table.id)).where(actor.visible_rows(table), col(table.id).in_(set(row_ids)))
    await session.scalars_for_update(statement.order_by(col(table.id)), of=table)


def check_revision(revision: int, expected: int | None) -> None:
    """Refuse a change that was made in view of another revision. Raises Conflict."""
    if expected is not None and expected != revision:
        raise Conflict(("expectedRevision",), current_revision=revision)


def touch(row: Revised, now: datetime) -> None:
    """Count a change of a row: the next revision, as of now. Call it once for each change that callers can see."""
    row.revision += 1
    row.updated_at = now


async def _find(
    session: Session, actor: Principal, table: type[Row], row_id: str, path: InputPath, *, lock: bool
) -> Row:
    _check_prefix(table, row_id, path)
    statement = _select_one(actor, table, session.dialect, lock=lock)
    row = await session.find(table, statement.read({**actor.slot_values, "id": row_id}), locks=lock)
    if row is None:
        raise _not_found(table, row_id, path)
    return row


_statements: dict[Hashable, PreparedStatement] = {}
"""The prepared statements for one visible row, by everything that they differ in."""


def _select_one(actor: Principal, table: type[Record], dialect: Dialect, *, lock: bool) -> PreparedStatement:
    key = (table, actor.visibility_key, dialect.name, lock)
    prepared = _statements.get(key)
    if prepared is None:
        is_visible = actor.template().visible_rows(table)
        statement = row_mapper.select_columns(table).where(is_visible, col(table.id) == Slot("id"))
        prepared = _statements[key] = prepare(statement.with_for_update(of=table) if lock else statement, dialect)
    return prepared


def _check_prefix(table: type[Record], row_id: str, path: InputPath) -> None:
    if ids.prefix_of(row_id) != table.prefix:
        raise Invalid(f"{'.'.join(path)} is not the id of {_with_article(table.noun())} ({table.prefix}_…)", path)


def _not_found(table: type[Record], row_id: str, path: InputPath) -> NotFound:
    return NotFound(f"{'.'.join(path)}: there is no {table.noun()} {row_id}", path)


def _with_article(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeio" else f"a {noun}"
