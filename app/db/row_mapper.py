"""Rows as the driver has them and as objects, and the statements that read and write them, compiled once each.

The ORM knows the objects and what was changed of them. Its own way to the database costs several times as much.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, TypeVar

from sqlalchemy import Column, Dialect, inspect, select
from sqlalchemy import insert as insert_into
from sqlalchemy import update as update_of
from sqlalchemy.orm import Mapper, Session
from sqlalchemy.orm.attributes import instance_state
from sqlmodel import SQLModel

from app.db.prepared_statements import Prepared, Slot, prepare, python_value
from app.db.records import Record
from app.db.write_batch import Write

Row = TypeVar("Row", bound=Record)

MOST_SHAPES = 2_000
"""Statements that are kept of each kind."""


@cache
def columns(table: type[Record]) -> Mapping[str, Column[Any]]:
    """The columns of a table, by the names of their attributes."""
    return {attribute.key: attribute.columns[0] for attribute in inspect(table).column_attrs}


@cache
def primary(table: type[Record]) -> tuple[str, ...]:
    """The columns of a table's primary key, in its order."""
    keys = inspect(table).primary_key
    return tuple(name for column in keys for name, known in columns(table).items() if known is column)


@lru_cache(MOST_SHAPES)
def by_key(table: type[Record], dialect: Dialect) -> Prepared:
    """Reads the row of a primary key."""
    return prepare(select(*_attributes(table)).where(*_is(table)), dialect)


def selecting(table: type[Record]) -> Any:
    """All that an object of a table is made of, to be narrowed."""
    return select(*_attributes(table))


@lru_cache(MOST_SHAPES)
def inserting(table: type[Record], dialect: Dialect) -> Prepared:
    """Writes a new row, of which all columns are given."""
    given = {column: Slot(name) for name, column in columns(table).items()}
    return prepare(insert_into(_target(table)).values(given), dialect)


@lru_cache(MOST_SHAPES)
def updating(table: type[Record], changed: tuple[str, ...], dialect: Dialect) -> Prepared:
    """Writes some columns of the row of a primary key."""
    given = {columns(table)[name]: Slot(name) for name in changed}
    key = [columns(table)[name] for name in primary(table)]
    statement = update_of(_target(table)).where(*(column == Slot(f"key {column.name}") for column in key))
    return prepare(statement.values(given), dialect)


def known(session: Session, table: type[Row], row: Sequence[Any], dialect: Dialect) -> Row:
    """A row that was read, as the object that a session has of it: the one it had before, or else one of what was
    read."""
    read = dict(zip(columns(table), row, strict=True))
    for name, convert in _converters(table, dialect):
        read[name] = convert(read[name])
    identity = key_of(table, [read[name] for name in primary(table)])
    before: Row | None = session.identity_map.get(identity)
    if before is not None:
        return before
    found: Row = _mapper(table).class_manager.new_instance()
    # As the ORM itself fills in and takes in what it reads: nobody has set anything.
    found.__dict__.update(read)
    state = instance_state(found)
    state.key, state.session_id = identity, session.hash_key
    session.identity_map.add(state)
    return found


def key(row: Record) -> list[str]:
    """The primary key of a row."""
    return [getattr(row, name) for name in primary(type(row))]


def key_of(table: type[Record], row: Any) -> Any:
    """By what a session knows the object of a primary key."""
    return _mapper(table).identity_key_from_primary_key(row)


def changed(row: Record) -> tuple[str, ...]:
    """The columns of a row that are others than when it was read or written."""
    before, after = instance_state(row).committed_state, row.__dict__
    return tuple(name for name in columns(type(row)) if name in before and before[name] != after[name])


def were_written(session: Session, rows: Iterable[Record]) -> None:
    """Note that rows of a session are in the database as they are here."""
    session._register_persistent({instance_state(row) for row in rows})  # as the ORM does for what it wrote


def insert(row: Record, dialect: Dialect) -> Write:
    """Writes a row that is new."""
    prepared = inserting(type(row), dialect)
    return Write(prepared.text, prepared.values({name: getattr(row, name) for name in columns(type(row))}), row)


def update(row: Record, names: tuple[str, ...], dialect: Dialect) -> Write:
    """Writes some columns of a row."""
    prepared = updating(type(row), names, dialect)
    values = {name: getattr(row, name) for name in names}
    values |= {f"key {name}": getattr(row, name) for name in primary(type(row))}
    return Write(prepared.text, prepared.values(values), row, finds=True)


def order(table: type[Record]) -> int:
    """Where a table stands among all: behind those that it refers to."""
    return _order()[_target(table)]


@cache
def _order() -> dict[Any, int]:
    return {table: place for place, table in enumerate(SQLModel.metadata.sorted_tables)}


@lru_cache(MOST_SHAPES)
def _converters(table: type[Record], dialect: Dialect) -> list[tuple[str, Any]]:
    """What makes values of the domain of what the driver gives, where that differs."""
    found = ((name, python_value(column.type, dialect)) for name, column in columns(table).items())
    return [(name, convert) for name, convert in found if convert is not None]


@cache
def _mapper(table: type[Record]) -> Mapper[Any]:
    return inspect(table)


def _attributes(table: type[Record]) -> list[Any]:
    return [getattr(table, name) for name in columns(table)]


def _is(table: type[Record]) -> list[Any]:
    return [getattr(table, name) == Slot(name) for name in primary(table)]


def _target(table: type[Record]) -> Any:
    return table.__dict__["__table__"]
