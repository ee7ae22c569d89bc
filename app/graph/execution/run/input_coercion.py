"""Inputs of the schema turned into what Python's side takes, as Strawberry does it, with all names looked up before."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING
from typing import Any, NamedTuple

from strawberry.schema.compat import is_scalar
from strawberry.types.base import StrawberryList, StrawberryMaybe, StrawberryOptional, has_object_definition
from strawberry.types.lazy_type import LazyType

from app.graph.dsl.types import published

Convert = Callable[[Any], Any]


class Inputs:
    """Converts the inputs of one schema."""

    def __init__(self, registry: Any) -> None:
        self._registry = registry
        self._known: dict[Any, Shape] = {}

    def converter(self, kind: Any) -> Convert | None:
        """How a value of a type is turned into Python's; None when it stays as it is."""
        if isinstance(kind, StrawberryMaybe):
            raise NotImplementedError("Maybe")
        if isinstance(kind, StrawberryOptional):
            return self.converter(kind.of_type)
        if isinstance(kind, LazyType):
            return self.converter(kind.resolve_type())
        if isinstance(kind, StrawberryList):
            return _each(self.converter(kind.of_type))
        if is_scalar(kind, self._registry) or not has_object_definition(kind):
            return None  # an enum's values come as its members
        shape = self.shape(kind)
        return lambda value: None if value is None else shape.made(value)

    def shape(self, cls: Any) -> "Shape":
        """How objects of an input type are made."""
        found = self._known.get(cls)
        if found is None:
            found = self._known[cls] = Shape(cls, self)
        return found


class Member(NamedTuple):
    """A member of an input type."""

    python_name: str
    kind: Any
    """Its type, as Strawberry has it."""
    convert: Convert | None


class Shape:
    """An input type's class and its members."""

    def __init__(self, cls: Any, inputs: Inputs) -> None:
        self.cls, self._inputs = cls, inputs
        self._members: dict[str, Member] | None = None
        fields = cls.__strawberry_definition__.fields
        without = (field for field in fields if field.default_value is MISSING and field.default_factory is MISSING)
        self.absent: dict[str, Any] = {field.python_name: None for field in without}
        """What members are that have no default, and are not given."""

    @property
    def members(self) -> dict[str, Member]:
        """The members by their names in the schema."""
        if self._members is None:  # later than the type itself, which may be among its own members
            definition = self.cls.__strawberry_definition__
            kinds = [(field, field.resolve_type(type_definition=definition)) for field in definition.fields]
            self._members = {
                published(field): Member(field.python_name, kind, self._inputs.converter(kind)) for field, kind in kinds
            }
        return self._members

    def made(self, value: Mapping[str, Any]) -> Any:
        """The object of a value as graphql-core has it."""
        given = dict(self.absent)
        members = self.members
        for name, item in value.items():
            python_name, _, convert = members[name]
            given[python_name] = item if convert is None or item is None else convert(item)
        return self.cls(**given)


def _each(convert: Convert | None) -> Convert:
    if convert is None:
        return lambda value: None if value is None else list(value)
    return lambda value: None if value is None else [None if item is None else convert(item) for item in value]
