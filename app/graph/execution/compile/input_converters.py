"""Converters from inputs as graphql-core coerces them to Python values, equal to Strawberry's own conversion.

All names are looked up once, where Strawberry looks them up for each value.
"""

from collections.abc import Mapping
from dataclasses import MISSING
from functools import cached_property
from typing import Any, NamedTuple

from strawberry.types import get_object_definition, has_object_definition

from app.graph.compat import LazyType, StrawberryList, StrawberryMaybe, StrawberryOptional, is_scalar
from app.graph.dsl.types import schema_name
from app.graph.execution.fallback import Unsupported
from app.graph.execution.run.arguments import Convert


class InputConverters:
    """Makes the converters of one schema's inputs."""

    def __init__(self, scalar_registry: Any) -> None:
        self._scalar_registry = scalar_registry
        self._input_objects: dict[Any, InputObject] = {}

    def converter(self, python_type: Any) -> Convert | None:
        """Return the converter of a type as Strawberry declares it; None if its values stay as they are."""
        if isinstance(python_type, StrawberryMaybe):
            raise Unsupported("an input of type Maybe")
        if isinstance(python_type, StrawberryOptional):
            return self.converter(python_type.of_type)
        if isinstance(python_type, LazyType):
            return self.converter(python_type.resolve_type())
        if isinstance(python_type, StrawberryList):
            return _list_converter(self.converter(python_type.of_type))
        if is_scalar(python_type, self._scalar_registry) or not has_object_definition(python_type):
            return None  # graphql-core coerces scalars, and enum values to members
        input_object = self.input_object(python_type)
        return lambda value: None if value is None else input_object.build(value)

    def input_object(self, cls: Any) -> "InputObject":
        """Return the members of an input type."""
        input_object = self._input_objects.get(cls)
        if input_object is None:
            input_object = self._input_objects[cls] = InputObject(cls, self)
        return input_object


class InputMember(NamedTuple):
    """A member of an input type."""

    python_name: str
    python_type: Any
    """Its type, as Strawberry declares it."""
    convert: Convert | None


class InputObject:
    """An input type's class and its members."""

    def __init__(self, cls: Any, converters: InputConverters) -> None:
        self.cls, self._converters = cls, converters
        definition = get_object_definition(cls, strict=True)
        self.is_one_of = definition.is_one_of
        self.absent: dict[str, Any] = {
            field.python_name: None
            for field in definition.fields
            if field.default_value is MISSING and field.default_factory is MISSING
        }
        """The values of members that have no default, for when they are not sent."""

    @cached_property
    def members(self) -> dict[str, InputMember]:
        """The members by their names in the schema.

        They are made on first use, since a type may have members of its own type.
        """
        definition = get_object_definition(self.cls, strict=True)
        types = [(field, field.resolve_type(type_definition=definition)) for field in definition.fields]
        return {
            schema_name(field): InputMember(field.python_name, python_type, self._converters.converter(python_type))
            for field, python_type in types
        }

    def build(self, value: Mapping[str, Any]) -> Any:
        """Return the Python object of a value as graphql-core coerces it."""
        values = dict(self.absent)
        members = self.members
        for name, item in value.items():
            python_name, _, convert = members[name]
            values[python_name] = item if convert is None or item is None else convert(item)
        return self.cls(**values)


def _list_converter(convert: Convert | None) -> Convert:
    if convert is None:
        return lambda value: None if value is None else list(value)
    return lambda value: None if value is None else [None if item is None else convert(item) for item in value]
