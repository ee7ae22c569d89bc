"""Tables keep organizations apart by their keys, and leave edges to the graph."""

from typing import Any

import pytest
from sqlalchemy import ForeignKeyConstraint, PrimaryKeyConstraint, Table, UniqueConstraint, inspect
from sqlmodel import SQLModel

from app.db.records import Record

TABLES = list(Record.tables().values())
NAMED_BY_CALLERS = {"idempotency_keys"}
"""Tables whose ids are the callers' own, and carry no prefix."""


def table_of(record: type[Record]) -> Table:
    """The table of a record."""
    found: Any = record.__dict__["__table__"]
    assert isinstance(found, Table)
    return found


def test_every_table_is_one_of_records() -> None:
    assert set(SQLModel.metadata.tables) == {str(record.__tablename__) for record in TABLES}


@pytest.mark.parametrize("record", TABLES, ids=lambda record: record.__name__)
def test_keys_start_with_the_organization(record: type[Record]) -> None:
    table = table_of(record)
    unique = [found for found in table.constraints if isinstance(found, PrimaryKeyConstraint | UniqueConstraint)]
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
def test_edges_belong_to_the_graph(record: type[Record]) -> None:
    assert list(inspect(record).relationships) == []


def test_every_kind_of_record_has_a_prefix_of_its_own() -> None:
    kinds = [record for record in TABLES if record.__tablename__ not in NAMED_BY_CALLERS]
    assert all("prefix" in vars(record) for record in kinds)
    assert len({record.prefix for record in kinds}) == len(kinds)
