"""Declarations of the schema's types and of the fields read from a row. A class's docstring is its description."""

import inspect
from collections.abc import Callable
from enum import Enum
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar, cast, dataclass_transform

import strawberry
from strawberry.types import get_object_definition

from app.graph.compat import SchemaField, StrawberryArgument, StrawberryField, enum_values
from app.graph.dsl.declarations import VALUE_DECLARATION, ColumnValue, DerivedValue, EmbeddedValue

Class = TypeVar("Class", bound=type)
OutputType = TypeVar("OutputType")


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field,))
def output(cls: Class) -> Class:
    """Declare an object type."""
    return strawberry.type(cls, description=inspect.getdoc(cls))


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field,))
def interface(cls: Class) -> Class:
    """Declare an interface."""
    return strawberry.interface(cls, description=inspect.getdoc(cls))


def input(cls: Class) -> Class:
    """Declare an input type."""
    return strawberry.input(cls, description=inspect.getdoc(cls))


def one_of(cls: Class) -> Class:
    """Declare an input type that takes exactly one of its members."""
    return strawberry.input(cls, description=inspect.getdoc(cls), one_of=True)


def enum(cls: type[Enum], /, **descriptions: str) -> None:
    """Add an enum of the domain to the schema, with a description of each value."""
    strawberry.enum(cls, description=inspect.getdoc(cls))
    values = enum_values(cls)
    undescribed = {value.name for value in values} ^ set(descriptions)
    if undescribed:
        raise TypeError(f"{cls.__name__}: needs a description of each value; see {', '.join(sorted(undescribed))}")
    for value in values:
        value.description = descriptions[value.name]


def scalar(
    description: str,
    *,
    column: str | None = None,
    derived: Callable[[Any], Any] | None = None,
    reads: tuple[str, ...] | None = None,
    name: str | None = None,
) -> Any:
    """Declare a field read from the row: from a column, by default that of the field's name, or by a pure function.

    `reads` names the columns that the function `derived` reads, so that a query fetches no others. The default is all.
    """
    if column is not None:
        return _value_field(attrgetter(column), description, ColumnValue(column), name)
    if derived is not None:
        return _value_field(derived, description, DerivedValue(derived, reads), name)
    return SchemaField(description=description, graphql_name=name)


def flag(description: str, column: str) -> Any:
    """Declare a boolean field: True if the column is not null."""
    return scalar(description, derived=lambda row: getattr(row, column) is not None, reads=(column,))


def embedded(description: str) -> Any:
    """Declare a field of an object type whose own fields are read from the same row."""
    return _value_field(lambda row: row, description, EmbeddedValue(), None)


def _value_field(
    read: Callable[[Any], Any], description: str, value: ColumnValue | DerivedValue | EmbeddedValue, name: str | None
) -> Any:
    def resolve(root: Any) -> Any:
        return read(root)

    return SchemaField(description=description, graphql_name=name, metadata={VALUE_DECLARATION: value})(resolve)


def member(description: str, *, default: Any = strawberry.UNSET, name: str | None = None) -> Any:
    """Declare an input field. It is optional unless `default=...`."""
    if default is ...:
        return SchemaField(description=description, graphql_name=name)
    return SchemaField(description=description, default=default, graphql_name=name)


def to_data(value: Any) -> Any:
    """Return an input as nested dicts and lists by schema names. An absent field is left out; a null one is None."""
    if isinstance(value, list):
        return [to_data(item) for item in value]
    cls: Any = type(value)
    members = _members(cls)
    if members is None:
        return value
    data: dict[str, Any] = {}
    for python_name, name in members:
        item = getattr(value, python_name)
        if item is not strawberry.UNSET:
            data[name] = to_data(item)
    return data


@cache
def _members(cls: Any) -> list[tuple[str, str]] | None:
    """Return the fields of an input type as pairs of Python name and schema name; None for any other class."""
    definition = get_object_definition(cls)
    return None if definition is None else [(field.python_name, schema_name(field)) for field in definition.fields]


def as_output(value: object) -> OutputType | None:
    """Return the value unchanged, typed as the output type that it resolves to: rows need no conversion."""
    return cast("OutputType | None", value)


def schema_name(field: StrawberryField | StrawberryArgument) -> str:
    """Return the name of a field or an argument in the schema."""
    return field.graphql_name or _camel(field.python_name)


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)
