"""The base of every tenant's table, and how far an actor sees into it."""

import re
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any, ClassVar

from sqlalchemy import JSON, ColumnElement, String, Text, false
from sqlalchemy import Enum as EnumType
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

# PostgreSQL compares text by the database's locale unless told otherwise; SQLite by bytes. Keys and
# sort keys compare by bytes in both, so that order, cursors and indexes agree.
Key = String(32).with_variant(String(32, collation="C"), "postgresql")
SortKey = String(300).with_variant(String(300, collation="C"), "postgresql")
SearchText = Text().with_variant(Text(collation="C"), "postgresql")
Document = JSON().with_variant(JSONB(), "postgresql")


def choice(enum: type[Enum]) -> EnumType:
    """A column of an enum's values, stored as plain text so that adding a value needs no migration."""
    return EnumType(
        enum,
        native_enum=False,
        create_constraint=False,
        length=32,
        values_callable=lambda members: [member.value for member in members],
    )


@dataclass(frozen=True, slots=True)
class Reach:
    """How far an actor sees inside its organization: one worker's own, one unit with its subtree, or contractors."""

    organization_id: str
    worker_id: str | None = None
    org_unit_id: str | None = None
    contractors: bool = False


@cache
def _defaults(table: type["Record"]) -> dict[str, Any]:
    """What a table's columns hold where nothing is given, by name: values, or functions that make them."""
    optional = {name: field for name, field in table.model_fields.items() if not field.is_required()}
    return {name: field.default_factory or field.default for name, field in optional.items()}


class Record(SQLModel):
    """A row of one organization: every key starts with `organization_id`."""

    prefix: ClassVar[str]
    kept: ClassVar[tuple[str, ...]] = ()
    """Columns whose past is kept (see `history`)."""
    about: ClassVar[str | None] = None
    """The column that tells which worker a row is about, where there is one."""

    # Tables validate nothing: what would validate them is made only where somebody asks for it. To make it took 40 ms
    # of each start, a third of all that the tables take.
    model_config = {"defer_build": True}

    organization_id: str = Field(primary_key=True, sa_type=Key)
    id: str = Field(primary_key=True, sa_type=Key)

    # Tables validate nothing, and nobody asks what a new row was before: what SQLModel and the ORM do for each
    # attribute would only take time, several times as much as this, and a change makes a dozen rows.
    def __init__(self, **values: Any) -> None:
        for name, default in _defaults(type(self)).items():
            if name not in values:
                values[name] = default() if callable(default) else default
        self.__dict__.update(values)

    __setattr__ = object.__setattr__  # type: ignore[assignment]  # a slot for a method

    @classmethod
    def tables(cls) -> dict[str, type["Record"]]:
        """Every table of records, by name."""
        return {str(table.__tablename__): table for table in cls.__subclasses__()}

    @classmethod
    def noun(cls) -> str:
        """What people call such a record: `CredentialType` is a credential type."""
        return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", cls.__name__).lower()

    @classmethod
    def within(cls, reach: Reach) -> ColumnElement[bool]:
        """The rows that an actor of limited reach sees: none, unless the table says otherwise."""
        return false()
