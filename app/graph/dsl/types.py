"""How the schema's types are declared: a class, whose docstring is the description."""

import inspect
from collections.abc import Callable
from enum import Enum
from functools import cache
from operator import attrgetter
from typing import Any, ForwardRef, TypeVar, cast, dataclass_transform, get_args

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField

from app.graph.dsl.value_declarations import VALUE, Column, Derived, Part

Class = TypeVar("Class", bound=type)
Result = TypeVar("Result")


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field,))
def output(cls: Class) -> Class:
    """An object type."""
    return strawberry.type(cls, description=inspect.getdoc(cls))


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field,))
def interface(cls: Class) -> Class:
    """An interface type."""
    return strawberry.interface(cls, description=inspect.getdoc(cls))


def input(cls: Class) -> Class:
    """An input type. A member that may be left out has the default UNSET."""
    return strawberry.input(cls, description=inspect.getdoc(cls))


def one_of(cls: Class) -> Class:
    """An input type of which exactly one member is given."""
    return strawberry.input(cls, description=inspect.getdoc(cls), one_of=True)


def enum(cls: type[Enum], /, **descriptions: str) -> None:
    """Put a domain's enum into the schema, with a description for every value."""
    described: Any = strawberry.enum(cls, description=inspect.getdoc(cls))
    definition = described.__strawberry_definition__
    missing = {value.name for value in definition.values} ^ set(descriptions)
    if missing:
        raise TypeError(f"{cls.__name__}: describe exactly its values; see {', '.join(sorted(missing))}")
    for value in definition.values:
        value.description = descriptions[value.name]


class Field(StrawberryField):
    """A field whose type is worked out once.

    Strawberry does so as the class is made, and again with the names of the class's module, which only an annotation
    with something in quotes needs: that took a twelfth of the time in which the schema is made.
    """

    @property
    def type(self) -> Any:
        """The field's type."""
        return self.resolve_type()

    @type.setter
    def type(self, annotation: Any) -> None:
        names: dict[str, Any] | None = None if _quotes(annotation) else {}
        self.type_annotation = StrawberryAnnotation.from_annotation(annotation, names)


def _quotes(annotation: Any) -> bool:
    if isinstance(annotation, StrawberryAnnotation):
        annotation = annotation.raw_annotation
    return isinstance(annotation, str | ForwardRef) or any(map(_quotes, get_args(annotation)))


def scalar(
    description: str,
    *,
    column: str | None = None,
    derived: Callable[[Any], Any] | None = None,
    reads: tuple[str, ...] | None = None,
    name: str | None = None,
) -> Any:
    """A value read off the row, by `column` where it is called otherwise there, or derived from it by a pure function.

    `reads` names the columns that the function looks at, so that no others are fetched for it; without it, all are.
    """
    if column is not None:
        return _kept(attrgetter(column), description, Column(column), name)
    if derived is not None:
        return _kept(derived, description, Derived(derived, reads), name)
    return Field(description=description, graphql_name=name)


def flag(description: str, column: str) -> Any:
    """Whether a column of the row holds something."""
    return scalar(description, derived=lambda row: getattr(row, column) is not None, reads=(column,))


def part(description: str) -> Any:
    """A group of the row's values: its source is the row itself."""
    return _kept(lambda row: row, description, Part(), None)


def _kept(read: Callable[[Any], Any], description: str, value: Column | Derived | Part, name: str | None) -> Any:
    def resolve(root: Any) -> Any:
        return read(root)

    return Field(description=description, graphql_name=name, metadata={VALUE: value})(resolve)


def member(description: str, *, default: Any = strawberry.UNSET, name: str | None = None) -> Any:
    """A member of an input; it may be left out unless `default=...`."""
    if default is ...:
        return Field(description=description, graphql_name=name)
    return Field(description=description, default=default, graphql_name=name)


def given(value: Any) -> Any:
    """An input as plain nested data by published names, with only what was sent: absent is not null."""
    if isinstance(value, list):
        return [given(item) for item in value]
    if isinstance(value, Enum) or not hasattr(value, "__strawberry_definition__"):
        return value
    found: dict[str, Any] = {}
    kind: Any = type(value)
    for python_name, name in _members(kind):
        item = getattr(value, python_name)
        if item is not strawberry.UNSET:
            found[name] = given(item)
    return found


@cache
def _members(cls: Any) -> list[tuple[str, str]]:
    """The names of an input's members, in Python and in the schema."""
    return [(field.python_name, published(field)) for field in cls.__strawberry_definition__.fields]


def as_value(found: object) -> Result | None:
    """What a query gives, as the type that it is the value of: rows and what is worked out are, without conversion."""
    return cast("Result | None", found)


def published(field: StrawberryField | StrawberryArgument) -> str:
    """The name of a field or an argument in the schema."""
    return field.graphql_name or _camel(field.python_name)


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)
