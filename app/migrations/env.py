"""What Alembic runs: the migrations, over the connection that `runner` hands it."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import Enum
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

from app.db import records
from app.migrations import tables  # noqa: F401 - puts every room's tables into the metadata


def _include(item: Any, name: str | None, kind: str, _reflected: bool, _compared: Any) -> bool:
    """Full-text indexes are PostgreSQL's alone."""
    return not (kind == "index" and str(name).endswith("_search") and dialect == "sqlite")


def _render(kind: str, item: Any, _autogen: Any) -> str | Literal[False]:
    """A column's type in the words of `records`; a choice as text, for its values belong to the code."""
    if kind != "type":
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
