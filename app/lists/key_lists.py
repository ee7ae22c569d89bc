"""Lists of keys as one parameter, so that a statement's text does not depend on the number of keys."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, String, bindparam, func, select

from app.core.text import canonical_json
from app.db.prepared_statements import Slot

KEYS = "keys"
"""The name of the parameter that holds the keys, in statements that take one list of them."""


def keys_table(dialect_name: str, parameter: str = KEYS) -> Any:
    """Return the keys of a parameter as a table with the column `value`."""
    if dialect_name == "postgresql":
        array = bindparam(parameter, Slot(parameter), ARRAY(String))
        return func.unnest(array).table_valued("value").render_derived()
    return func.json_each(bindparam(parameter, Slot(parameter), String)).table_valued("value")


def encode_keys(keys: Sequence[str], dialect_name: str) -> Any:
    """Return keys as the value of such a parameter: an array on PostgreSQL, JSON text on SQLite."""
    return list(keys) if dialect_name == "postgresql" else canonical_json(keys)


def in_keys_parameter(column: Any, dialect_name: str, parameter: str = KEYS) -> ColumnElement[bool]:
    """Return the condition that a column equals one of the keys in a parameter, which is bound at execution."""
    if dialect_name == "postgresql":
        return _equals_any(column, bindparam(parameter, Slot(parameter), ARRAY(String)))
    return _is_in(column, keys_table(dialect_name, parameter))


def in_keys(column: Any, keys: Sequence[str], dialect_name: str) -> ColumnElement[bool]:
    """Return the condition that a column equals one of the given keys, which are bound right away."""
    if dialect_name == "postgresql":
        return _equals_any(column, bindparam(None, list(keys), ARRAY(String)))
    return _is_in(column, func.json_each(canonical_json(keys)).table_valued("value"))


def _equals_any(column: Any, keys: Any) -> ColumnElement[bool]:
    condition: ColumnElement[bool] = column == func.any(keys)
    return condition


def _is_in(column: Any, table: Any) -> ColumnElement[bool]:
    condition: ColumnElement[bool] = column.in_(select(table.c.value))
    return condition
