"""Alembic's environment: runs the migrations over the connection that `migrator` passes in the configuration."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import Enum
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

from app.db import records
from app.migrations import tables  # noqa: F401 - registers every package's tables in the metadata


def _include(_item: Any, name: str | None, item_type: str, _reflected: bool, _compared: Any) -> bool:
    """Exclude full-text indexes on SQLite, which only PostgreSQL has."""
    return not (item_type == "index" and str(name).endswith("_search") and dialect == "sqlite")


def _render(item_type: str, item: Any, _autogen: Any) -> str | Literal[False]:
    """Render a column's type by its name in `records`, and an enum as text, because the code owns its values."""
    if item_type != "type":
        return False
    for name in ("Key", "SortKey", "SearchText", "Document"):
        if item is getattr(records, name):
            return f"records.{name}"
    if isinstance(item, Enum):
        return f"sa.String({item.length})"
    if isinstance(item, UTCDateTime):
        return "UTCDateTime()"
    return f"sa.String({item.length})" if isinstance(item, AutoString) else False


connection = context.config.attributes["connection"]
dialect = connection.dialect.name
context.configure(
    connection=connection,
    target_metadata=SQLModel.metadata,
    include_object=_include,
    render_as_batch=dialect == "sqlite",
    compare_type=True,
    render_item=_render,
)
with context.begin_transaction():
    context.run_migrations()
