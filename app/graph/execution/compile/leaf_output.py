"""How values are given in the response: exactly as the schema's types give them, by the shortest way.

What a column holds is mostly what the response shows, and goes there as it is. For the rest there is a function.
"""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLID,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLOutputType,
    GraphQLString,
    Undefined,
    is_leaf_type,
)
from sqlalchemy import Boolean, Date, Dialect, Enum, Integer, String
from sqlalchemy.types import TypeDecorator
from sqlmodel.sql.sqltypes import UTCDateTime

from app.db.prepared_statements import python_value

Change = Callable[[Any], Any]

LEAST_INT, LARGEST_INT = -(2**31), 2**31 - 1


def completed(kind: GraphQLOutputType) -> Change:
    """What graphql-core would give for a value of a leaf type, or of a list of them. Raises what it would raise."""
    if isinstance(kind, GraphQLNonNull):
        return _straight(kind.of_type, _never_null(completed(kind.of_type)))
    if isinstance(kind, GraphQLList):
        return _each(completed(kind.of_type))
    assert is_leaf_type(kind)
    coerce = kind.coerce_output_value

    def leaf(value: Any) -> Any:
        if value is None or value is Undefined:
            return None
        if isinstance(value, Exception):
            raise value
        given = coerce(value)
        if given is None or given is Undefined:
            raise TypeError(f"{kind} gives nothing for {value!r}")
        return given

    return _straight(kind, leaf)


def _straight(kind: GraphQLOutputType, give: Change) -> Change:
    """The same, where most values are given as they are: those need no look at what else they might be."""
    if kind is GraphQLInt:
        return lambda value: value if type(value) is int and LEAST_INT <= value <= LARGEST_INT else give(value)
    if kind in (GraphQLString, GraphQLID):
        return lambda value: value if type(value) is str else give(value)
    return give


def _never_null(inner: Change) -> Change:
    def never_null(value: Any) -> Any:
        given = inner(value)
        if given is None:
            raise TypeError("null where there has to be a value")
        return given

    return never_null


def _each(inner: Change) -> Change:
    def each(value: Any) -> Any:
        if value is None:
            return None
        if isinstance(value, Exception):
            raise value
        if not isinstance(value, Iterable) or isinstance(value, str | bytes):
            raise TypeError(f"{value!r} is no list")
        return [inner(item) for item in value]

    return each


def shown(kind: GraphQLOutputType, column: Any, dialect: Dialect) -> Change | dict[Any, str] | None:
    """How a column's value is given: as it is (None), as a table has it, or by a function."""
    bare = kind
    if isinstance(kind, GraphQLNonNull):
        bare = kind.of_type
    if not isinstance(kind, GraphQLNonNull) or not column.nullable:
        stored = column.type
        if isinstance(stored, TypeDecorator) and not isinstance(stored, UTCDateTime):
            stored = stored.impl
        found = _short(bare, stored, column.nullable, dialect)
        if found is not NotImplemented:
            short: Change | dict[Any, str] | None = found
            return short
    give, value = completed(kind), python_value(column.type, dialect)
    return give if value is None else lambda stored: give(value(stored))


def _short(kind: Any, stored: Any, nullable: bool, dialect: Dialect) -> Any:
    embedded = dialect.name == "sqlite"
    if isinstance(stored, Enum):
        return _names(kind, stored, nullable)
    if isinstance(stored, String):
        return None if kind in (GraphQLString, GraphQLID) else NotImplemented
    if isinstance(stored, Boolean):
        return NotImplemented if kind is not GraphQLBoolean else _truth(nullable) if embedded else None
    if isinstance(stored, Integer):
        return None if kind is GraphQLInt else NotImplemented
    name = getattr(kind, "name", "")
    if isinstance(stored, UTCDateTime) and name == "DateTime":
        return _instant_or_none if embedded else None
    if isinstance(stored, Date) and name == "Date":
        return None  # an SQLite file holds it as the response shows it
    return NotImplemented


def _names(kind: Any, stored: Enum, nullable: bool) -> Any:
    """Stored value → the name in the schema."""
    if not isinstance(kind, GraphQLEnumType) or stored.enum_class is None:
        return NotImplemented
    names = _names_of(kind, stored.enum_class)
    return {**names, None: None} if nullable else names


@cache
def _names_of(kind: GraphQLEnumType, members: Iterable[Any]) -> dict[Any, str]:
    return {member.value: kind.coerce_output_value(member) for member in members}


def _truth(nullable: bool) -> Change:
    return (lambda value: None if value is None else value == 1) if nullable else (lambda value: value == 1)


def _instant_or_none(text: str | None) -> str | None:
    """An instant as an SQLite file holds it, `2026-03-14 09:00:00.000000`, as the response shows it."""
    if text is None:
        return None
    fraction = text[19:]
    return f"{text[:10]}T{text[11:19]}{'' if fraction == '.000000' else fraction}Z"
