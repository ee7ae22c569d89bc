"""Many keys as one parameter, so that a statement's text does not depend on their number."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, String, bindparam, func, select

from app.core.text import as_json
from app.db.prepared_statements import Slot

KEYS = "keys"
"""The parameter of statements that take many keys."""


def values(dialect: str, name: str = KEYS) -> Any:
    """A parameter of many keys as a table with the column `value`: one parameter, whatever their number."""
    if dialect == "postgresql":
        return func.unnest(bindparam(name, Slot(name), ARRAY(String))).table_valued("value").render_derived()
    return func.json_each(bindparam(name, Slot(name), String)).table_valued("value")


def listed(keys: Sequence[str], dialect: str) -> Any:
    """Keys as such a parameter takes them."""
    return list(keys) if dialect == "postgresql" else as_json(keys)


def asked(column: Any, dialect: str, name: str = KEYS) -> ColumnElement[bool]:
    """Whether a column is one of such a parameter; the statement's text does not depend on their number."""
    if dialect == "postgresql":
        return _equals_any(column, bindparam(name, Slot(name), ARRAY(String)))
    return _is_in(column, values(dialect, name))


def among(column: Any, keys: Sequence[str], dialect: str) -> ColumnElement[bool]:
    """Whether a column is one of some keys, which are in the statement themselves."""
    if dialect == "postgresql":
        return _equals_any(column, bindparam(None, list(keys), ARRAY(String)))
    return _is_in(column, func.json_each(as_json(keys)).table_valued("value"))


def _equals_any(column: Any, keys: Any) -> ColumnElement[bool]:
    found: ColumnElement[bool] = column == func.any(keys)
    return found


def _is_in(column: Any, table: Any) -> ColumnElement[bool]:
    found: ColumnElement[bool] = column.in_(select(table.c.value))
    return found
