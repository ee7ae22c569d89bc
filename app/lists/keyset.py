"""Keyset pagination in SQL: the rows after a position in a sort order, without an OFFSET that reads what it skips."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, literal, literal_column, or_, tuple_
from sqlalchemy.sql.elements import UnaryExpression
from sqlalchemy.sql.operators import custom_op

SortKeys = Sequence[tuple[Any, bool]]
"""Columns that are never null, each with True if it descends; the last one is unique among rows equal in the others."""


def after_position(keys: SortKeys, position: Sequence[Any]) -> ColumnElement[bool]:
    """Return the condition for the rows after a position in a sort order."""
    columns = [column for column, _ in keys]
    directions = {descending for _, descending in keys}
    if len(directions) == 1:
        row = tuple_(*columns)
        bound = tuple_(*(literal(value, column.type) for value, column in zip(position, columns, strict=True)))
        return row < bound if directions.pop() else row > bound
    # With mixed directions there is no row comparison. The bound on the first column is redundant; it lets the
    # database start in the middle of the index.
    branches = []
    for index, (column, descending) in enumerate(keys):
        equal = [columns[i] == position[i] for i in range(index)]
        branches.append(and_(*equal, column < position[index] if descending else column > position[index]))
    first, descending = keys[0]
    return and_(first <= position[0] if descending else first >= position[0], or_(*branches))


def ordered(statement: Select[Any], keys: SortKeys, limit: int, *, by_index: bool = True) -> Select[Any]:
    """Return a statement with an order and a limit. Without `by_index`, SQLite sorts instead of reading an index."""
    sorts = [(column if by_index else _without_index(column), descending) for column, descending in keys]
    order = [column.desc() if descending else column.asc() for column, descending in sorts]
    return statement.order_by(*order).limit(literal_number(limit))


def literal_number(number: int) -> ColumnElement[int]:
    """Return a number as a part of the statement's text.

    With a parameter as its limit, PostgreSQL plans without knowing how few rows the statement returns.
    """
    return literal_column(str(number))


def _without_index(column: Any) -> Any:
    # SQLite does not look `+column` up in an index.
    return UnaryExpression(column, operator=custom_op("+"), type_=column.type)
