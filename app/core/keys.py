"""Many keys as one parameter, so that a statement's text does not depend on their number."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, String, bindparam, func, select

from app.core.filters import as_json
from app.core.prepared import Slot

KEYS = "keys"
"""The parameter of statements that take many keys."""


def values(dialect: str) -> Any:
    """The parameter `keys` as a table with the column `value`: one parameter, whatever their number."""
    if dialect == "postgresql":
        return func.unnest(bindparam(KEYS, Slot(KEYS), ARRAY(String))).table_valued("value").render_derived()
    return func.json_each(bindparam(KEYS, Slot(KEYS), String)).table_valued("value")


def listed(keys: Sequence[str], dialect: str) -> Any:
    """Keys as the parameter `keys` takes them."""
    return list(keys) if dialect == "postgresql" else as_json(keys)


def asked(column: Any, dialect: str) -> ColumnElement[bool]:
    """Whether a column is one of the parameter `keys`; the statement's text does not depend on their number."""
    if dialect == "postgresql":
        return column == func.any(bindparam(KEYS, Slot(KEYS), ARRAY(String)))  # type: ignore[no-any-return]
    return column.in_(select(values(dialect).c.value))  # type: ignore[no-any-return]


def among(column: Any, keys: Sequence[str], dialect: str) -> ColumnElement[bool]:
    """Whether a column is one of some keys, which are in the statement themselves."""
    if dialect == "postgresql":
        return column == func.any(bindparam(None, list(keys), ARRAY(String)))  # type: ignore[no-any-return]
    given = func.json_each(as_json(keys)).table_valued("value")
    return column.in_(select(given.c.value))  # type: ignore[no-any-return]
