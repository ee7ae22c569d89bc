"""The base class of every tenant's table, its column types, and the limits to what an actor sees of a table."""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Any, ClassVar, TypeVar

from sqlalchemy import JSON, ColumnElement, Index, String, Text, false, text
from sqlalchemy import Enum as EnumType
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from app.db import compat

# PostgreSQL compares text by the database's locale unless told otherwise; SQLite by bytes. Keys and
# sort keys compare by bytes in both, so that order, cursors and indexes agree.
Key = String(32).with_variant(String(32, collation="C"), "postgresql")
SortKey = String(300).with_variant(String(300, collation="C"), "postgresql")
SearchText = Text().with_variant(Text(collation="C"), "postgresql")
Document = JSON().with_variant(JSONB(), "postgresql")


def enum_column(enum: type[Enum]) -> EnumType:
    """Return a column type for an enum's values, stored as plain text so that adding a value needs no migration."""
    return EnumType(
        enum,
        native_enum=False,
        create_constraint=False,
        length=32,
        values_callable=lambda members: [member.value for member in members],
    )


def partial_index(name: str, column: str) -> Index:
    """Return an index of the rows that have a value in a column, for a column that few rows have a value in."""
    has_value = text(f"{column} IS NOT NULL")
    return Index(name, "organization_id", column, "id", sqlite_where=has_value, postgresql_where=has_value)


@dataclass(frozen=True, slots=True)
class Visibility:
    """A limit to what an actor sees of its organization: one worker, one unit with its subtree, or contractors."""

    organization_id: str
    worker_id: str | None = None
    org_unit_id: str | None = None
    contractors: bool = False


class Record(SQLModel):
    """A row of one organization: every key starts with `organization_id`."""

    prefix: ClassVar[str]
    history_columns: ClassVar[tuple[str, ...]] = ()
    """The columns whose changes are recorded in the history table."""
    worker_column: ClassVar[str | None] = None
    """The column with the id of the worker that a row is about, if there is one."""

    # A table never validates, so that its validator is only built where somebody asks for it. Building them all took
    # 40 ms of each start, a third of the time that the tables take.
    model_config = {"defer_build": True}

    organization_id: str = Field(primary_key=True, sa_type=Key)
    id: str = Field(primary_key=True, sa_type=Key)

    # A change makes a dozen rows. SQLModel and the ORM would set each of their attributes by events that nobody
    # listens to: with SQLModel's own two methods, `workerCreate` takes 8.9 ms of processor time instead of 7.9.
    def __init__(self, **values: Any) -> None:
        compat.init_record(self, values)

    __setattr__ = compat.set_attribute  # type: ignore[assignment]  # a slot for a method

    @classmethod
    def tables(cls) -> dict[str, type["Record"]]:
        """Return every table of records by its name in the database."""
        return {str(table.__tablename__): table for table in cls.__subclasses__()}

    @classmethod
    def noun(cls) -> str:
        """Return the English name of such a record: "credential type" for `CredentialType`."""
        return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", cls.__name__).lower()

    @classmethod
    def visible_to(cls, visibility: Visibility) -> ColumnElement[bool]:
        """Return the condition for rows within a limit: none, unless the table defines it."""
        return false()


Row = TypeVar("Row", bound=Record)
