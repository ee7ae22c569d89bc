"""Serializers of leaf values: functions from a value to its form in the response, equal to graphql-core's.

The response shows most columns as the database returns them, and those need no function.
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

from app.db.prepared_statements import result_converter

Serializer = Callable[[Any], Any]

MIN_INT, MAX_INT = -(2**31), 2**31 - 1  # the range of GraphQL's Int


def leaf_serializer(output_type: GraphQLOutputType) -> Serializer:
    """Return the serializer of a leaf type, or of a list of one. It raises what graphql-core would raise."""
    if isinstance(output_type, GraphQLNonNull):
        return _with_shortcut(output_type.of_type, _non_null(leaf_serializer(output_type.of_type)))
    if isinstance(output_type, GraphQLList):
        return _list(leaf_serializer(output_type.of_type))
    assert is_leaf_type(output_type)
    coerce = output_type.coerce_output_value

    def serialize(value: Any) -> Any:
        if value is None or value is Undefined:
            return None
        if isinstance(value, Exception):
            raise value
        output = coerce(value)
        if output is None or output is Undefined:
            raise TypeError(f"{output_type} has no output for {value!r}")
        return output

    return _with_shortcut(output_type, serialize)


def _with_shortcut(output_type: GraphQLOutputType, serialize: Serializer) -> Serializer:
    """Return a serializer that leaves the usual values of a type unchanged, and passes all others to `serialize`."""
    if output_type is GraphQLInt:
        return lambda value: value if type(value) is int and MIN_INT <= value <= MAX_INT else serialize(value)
    if output_type in (GraphQLString, GraphQLID):
        return lambda value: value if type(value) is str else serialize(value)
    return serialize


def _non_null(serialize: Serializer) -> Serializer:
    def serialize_non_null(value: Any) -> Any:
        output = serialize(value)
        if output is None:
            raise TypeError("null where there has to be a value")
        return output

    return serialize_non_null


def _list(serialize: Serializer) -> Serializer:
    def serialize_list(value: Any) -> Any:
        if value is None:
            return None
        if isinstance(value, Exception):
            raise value
        if not isinstance(value, Iterable) or isinstance(value, str | bytes):
            raise TypeError(f"{value!r} is no list")
        return [serialize(item) for item in value]

    return serialize_list


def column_serializer(
    output_type: GraphQLOutputType, column: Any, dialect: Dialect
) -> Serializer | dict[Any, str] | None:
    """Return the serializer of a column's values as the driver returns them.

    It is None if they stay as they are, a dictionary if they are few, or else a function.
    """
    nullable_type = output_type.of_type if isinstance(output_type, GraphQLNonNull) else output_type
    if not isinstance(output_type, GraphQLNonNull) or not column.nullable:
        stored_type = column.type
        if isinstance(stored_type, TypeDecorator) and not isinstance(stored_type, UTCDateTime):
            stored_type = stored_type.impl
        shortcut = _column_shortcut(nullable_type, stored_type, column.nullable, dialect)
        if shortcut is not NotImplemented:
            typed_shortcut: Serializer | dict[Any, str] | None = shortcut
            return typed_shortcut
    serialize, convert = leaf_serializer(output_type), result_converter(column.type, dialect)
    return serialize if convert is None else lambda stored: serialize(convert(stored))


def _column_shortcut(output_type: Any, stored_type: Any, nullable: bool, dialect: Dialect) -> Any:
    """Return a serializer as `column_serializer` does; NotImplemented if there is no shortcut."""
    is_sqlite = dialect.name == "sqlite"
    if isinstance(stored_type, Enum):
        return _enum_names(output_type, stored_type, nullable)
    if isinstance(stored_type, String):
        return None if output_type in (GraphQLString, GraphQLID) else NotImplemented
    if isinstance(stored_type, Boolean):
        if output_type is not GraphQLBoolean:
            return NotImplemented
        return _sqlite_boolean(nullable) if is_sqlite else None
    if isinstance(stored_type, Integer):
        return None if output_type is GraphQLInt else NotImplemented
    name = getattr(output_type, "name", "")
    if isinstance(stored_type, UTCDateTime) and name == "DateTime":
        return _sqlite_instant if is_sqlite else None
    if isinstance(stored_type, Date) and name == "Date":
        return None  # SQLite stores it as the text that the response shows
    return NotImplemented


def _enum_names(output_type: Any, stored_type: Enum, nullable: bool) -> Any:
    """Return stored value → its name in the schema."""
    if not isinstance(output_type, GraphQLEnumType) or stored_type.enum_class is None:
        return NotImplemented
    names = _names_by_value(output_type, stored_type.enum_class)
    return {**names, None: None} if nullable else names


@cache
def _names_by_value(output_type: GraphQLEnumType, members: Iterable[Any]) -> dict[Any, str]:
    return {member.value: output_type.coerce_output_value(member) for member in members}


def _sqlite_boolean(nullable: bool) -> Serializer:
    return (lambda value: None if value is None else value == 1) if nullable else (lambda value: value == 1)


def _sqlite_instant(text: str | None) -> str | None:
    """Return the response's form of an instant that SQLite stores as `2026-03-14 09:00:00.000000`."""
    if text is None:
        return None
    fraction = text[19:]
    return f"{text[:10]}T{text[11:19]}{'' if fraction == '.000000' else fraction}Z"
