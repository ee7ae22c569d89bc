"""Every key of a table starts with the organization, and no table has ORM relationships."""

from typing import Any

import pytest
from sqlalchemy import ForeignKeyConstraint, PrimaryKeyConstraint, Table, UniqueConstraint, inspect
from sqlmodel import SQLModel

from app.db.records import Record

TABLES = list(Record.tables().values())
WITHOUT_PREFIX = {"idempotency_keys"}
"""Tables whose ids are chosen by the callers, and have no prefix."""


def table_of(record: type[Record]) -> Table:
    """Return the SQLAlchemy table of a record."""
    table: Any = record.__dict__["__table__"]
    assert isinstance(table, Table)
    return table


def test_every_table_belongs_to_a_record() -> None:
    assert set(SQLModel.metadata.tables) == {str(record.__tablename__) for record in TABLES}


@pytest.mark.parametrize("record", TABLES, ids=lambda record: record.__name__)
def test_keys_start_with_the_organization(record: type[Record]) -> None:
    table = table_of(record)
    unique = [key for key in table.constraints if isinstance(key, PrimaryKeyConstraint | UniqueConstraint)]
    assert unique
    for key in (*unique, *(index for index in table.indexes if index.unique)):
        assert next(iter(key.columns)).name == "organization_id", key.name


@pytest.mark.parametrize("record", TABLES, ids=lambda record: record.__name__)
def test_references_stay_inside_the_organization(record: type[Record]) -> None:
    for key in table_of(record).constraints:
        if isinstance(key, ForeignKeyConstraint):
            first = key.elements[0]
            assert (first.parent.name, first.column.name) == ("organization_id", "organization_id"), key.name


@pytest.mark.parametrize("record", TABLES, ids=lambda record: record.__name__)
def test_records_have_no_relationships(record: type[Record]) -> None:
    assert list(inspect(record).relationships) == []


def test_every_record_has_its_own_id_prefix() -> None:
    prefixed = [record for record in TABLES if record.__tablename__ not in WITHOUT_PREFIX]
    assert all("prefix" in vars(record) for record in prefixed)
    assert len({record.prefix for record in prefixed}) == len(prefixed)
