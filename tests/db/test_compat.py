"""Contracts of the private parts of libraries: if an upgrade breaks one of them, `app/db/compat.py` must follow."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiosqlite
import pytest
from sqlalchemy import Engine, create_engine, event, select
from sqlalchemy import inspect as inspect_object
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import Session, configure_mappers
from sqlalchemy.orm.attributes import instance_state
from sqlmodel import SQLModel, col

from app.db import compat
from app.db.records import Record
from app.workers.tables import Position

VALUES: dict[str, Any] = {"organization_id": "org_1", "id": "pos_1", "name": "Nurse", "name_key": "nurse"}


@pytest.fixture
def engine() -> Iterator[Engine]:
    """A database in memory with the table of positions."""
    configure_mappers()  # as the first query of a table does
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE positions (" + ", ".join(map(str, column_names())) + ")")
    yield engine
    engine.dispose()


def column_names() -> list[str]:
    return [column.name for column in Position.__dict__["__table__"].columns]


def row_values() -> dict[str, Any]:
    """The values of a whole row, as `row_mapper` reads them."""
    return dict.fromkeys(column_names()) | VALUES


def add(session: Session) -> Position:
    identity = inspect_object(Position).identity_key_from_primary_key(("org_1", "pos_1"))
    position: Position = compat.add_persistent(session, inspect_object(Position), identity, row_values())
    return position


def test_a_row_that_was_read_becomes_an_unchanged_object_of_the_session(engine: Engine) -> None:
    with Session(engine, autoflush=False) as session:
        position = add(session)
        state = inspect_object(position)
        assert (state.persistent, state.modified, state.expired) == (True, False, False)
        assert (position.name, position.id) == ("Nurse", "pos_1")
        assert session.get(Position, ("org_1", "pos_1")) is position
        assert position not in session.dirty
        assert state.session is session


def test_a_change_of_such_an_object_is_seen_and_flushed(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(Position.__dict__["__table__"].insert(), row_values())
    statements: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *arguments: statements.append(arguments[2]))
    with Session(engine, autoflush=False) as session:
        position = add(session)
        position.name = "Porter"
        assert position in session.dirty
        assert dict(compat.original_values(position)) == {"name": "Nurse"}
        session.flush()
        assert dict(compat.original_values(position)) == {}
    assert [statement.split(" WHERE")[0] for statement in statements] == ["UPDATE positions SET name=?"]


def test_a_new_object_that_somebody_else_wrote_is_persistent_and_clean(engine: Engine) -> None:
    statements: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *arguments: statements.append(arguments[2]))
    with Session(engine, autoflush=False) as session:
        position = Position(**row_values())
        session.add(position)
        assert position in session.new
        compat.mark_persistent(session, [position])
        state = inspect_object(position)
        assert (state.persistent, position in session.new, position in session.dirty) == (True, False, False)
        assert session.get(Position, ("org_1", "pos_1")) is position
        position.name = "Porter"
        compat.mark_persistent(session, [position])
        assert position not in session.dirty
        session.flush()
    assert statements == []


def test_only_an_object_that_a_savepoint_rolled_back_is_expired(engine: Engine) -> None:
    with Session(engine, autoflush=False) as session:
        position = add(session)
        assert not compat.is_expired(position)
        session.expire(position)
        assert compat.is_expired(position)


def test_the_instance_state_is_the_one_that_inspection_returns() -> None:
    position = Position(**VALUES)
    assert instance_state(position) is inspect_object(position)


async def test_an_awaitable_is_waited_for_inside_a_greenlet() -> None:
    async def later() -> int:
        await asyncio.sleep(0)
        return 7

    own = create_async_engine("sqlite+aiosqlite://")
    async with own.connect() as connection:
        assert await connection.run_sync(lambda _: compat.wait(later())) == 7
    await own.dispose()


def test_a_new_record_has_its_values_and_defaults() -> None:
    first, second = Position(**VALUES), Position(**VALUES)
    assert (first.name, first.revision, first.external_id) == ("Nurse", 1, None)
    assert first.model_dump() == second.model_dump()
    assert inspect_object(first).transient


def test_what_a_record_is_made_of_is_inserted(engine: Engine) -> None:
    with Session(engine, autoflush=False) as session:
        session.add(Position(**row_values()))
        session.commit()
        assert session.scalars(select(col(Position.name))).all() == ["Nurse"]


def test_sqlmodel_sets_attributes_as_expected() -> None:
    # `Record` replaces both; the plain form must still end at SQLAlchemy's instrumented attribute.
    assert vars(Record)["__setattr__"] is compat.set_attribute
    assert "__init__" in vars(SQLModel)
    assert "__setattr__" in vars(SQLModel)
    position = Position(**VALUES)
    position.name = "Porter"
    assert "name" in inspect_object(position).committed_state
    assert position.__dict__["name"] == "Porter"


@pytest.fixture
async def connection(tmp_path: Path) -> AsyncIterator[aiosqlite.Connection]:
    async with aiosqlite.connect(tmp_path / "own.sqlite") as connection:
        yield connection


async def test_work_runs_on_the_connections_thread_in_order(connection: aiosqlite.Connection) -> None:
    await connection.execute("CREATE TABLE numbers (number INTEGER)")
    given_up = asyncio.ensure_future(
        compat.run_in_connection_thread(connection, lambda own: own.execute("INSERT INTO numbers VALUES (1)"))
    )
    await asyncio.sleep(0)
    given_up.cancel()
    rows = await compat.run_in_connection_thread(
        connection, lambda own: own.execute("SELECT number FROM numbers").fetchall()
    )
    assert rows == [(1,)]


async def test_an_error_of_the_work_is_raised(connection: aiosqlite.Connection) -> None:
    def fail(_own: Any) -> None:
        raise ValueError("failed")

    with pytest.raises(ValueError, match="failed"):
        await compat.run_in_connection_thread(connection, fail)
    assert inspect.iscoroutinefunction(aiosqlite.Connection._execute)
