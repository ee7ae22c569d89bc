"""Internals of Strawberry and graphql-core: every use beyond their documented interfaces.

A new version of either library can break this module and no other. `tests/graph/test_compat.py` checks each assumption
and that no other module of `app.graph` imports or touches an internal. What has a documented equivalent is used by that
one instead, such as `strawberry.types.get_object_definition`.
"""

from collections.abc import Sequence
from enum import Enum
from typing import Any, ForwardRef, get_args

import strawberry
from graphql import (
    GraphQLError,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLNamedType,
    GraphQLSchema,
)
from graphql.utilities.coerce_input_value import coerce_default_value
from graphql.validation.rules import overlapping_fields_can_be_merged
from graphql.validation.validate import ValidationAbortedError
from strawberry.annotation import StrawberryAnnotation
from strawberry.scalars import is_scalar
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.base import StrawberryList, StrawberryMaybe, StrawberryOptional
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import StrawberryResolver
from strawberry.types.lazy_type import LazyType

__all__ = [
    "CoreSchema",
    "LazyType",
    "SchemaField",
    "StrawberryAnnotation",
    "StrawberryArgument",
    "StrawberryField",
    "StrawberryList",
    "StrawberryMaybe",
    "StrawberryOptional",
    "StrawberryResolver",
    "coerce_default_value",
    "definition_of",
    "enum_values",
    "exceeded_comparisons",
    "is_scalar",
    "limit_field_comparisons",
]


class CoreSchema(strawberry.Schema):
    """A Strawberry schema that shows the graphql-core schema below it.

    It relies on `_schema`, on `schema_converter.scalar_registry`, and on `_extend_introspection` as the hook that
    describes input types which take exactly one member.
    """

    @property
    def core(self) -> GraphQLSchema:
        """The schema as graphql-core knows it."""
        return self._schema

    @property
    def scalar_registry(self) -> Any:
        """Python type → its scalar, as `is_scalar` takes it."""
        return self.schema_converter.scalar_registry

    def _extend_introspection(self) -> None:
        """Mark the input types that take exactly one member as graphql-core does.

        Strawberry's own resolver of `__Type.isOneOf` raises an error for list and non-null types.
        """
        for named_type in self._schema.type_map.values():
            if isinstance(named_type, GraphQLInputObjectType):
                named_type.is_one_of = named_type.is_one_of or getattr(definition_of(named_type), "is_one_of", False)


class SchemaField(StrawberryField):
    """A field whose type is evaluated once.

    Strawberry evaluates it as the class is made, and again with the names of the class's module, which only an
    annotation with a quoted name needs. The second time took a twelfth of making the schema. It relies on the `type`
    property that Strawberry sets for the second evaluation.
    """

    @property
    def type(self) -> Any:
        """The field's type."""
        return self.resolve_type()

    @type.setter
    def type(self, annotation: Any) -> None:
        namespace: dict[str, Any] | None = None if _has_quoted_name(annotation) else {}
        self.type_annotation = StrawberryAnnotation.from_annotation(annotation, namespace)


def _has_quoted_name(annotation: Any) -> bool:
    if isinstance(annotation, StrawberryAnnotation):
        annotation = annotation.raw_annotation
    return isinstance(annotation, str | ForwardRef) or any(map(_has_quoted_name, get_args(annotation)))


def definition_of(element: GraphQLNamedType | GraphQLField) -> Any:
    """Return Strawberry's definition of a type or field of the graphql-core schema; None if it has none.

    It relies on the converter leaving the definition among the element's extensions.
    """
    return element.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)


def enum_values(cls: type[Enum]) -> Sequence[Any]:
    """Return the values of an enum that `strawberry.enum` registered. Each has a `name` and a `description` to set."""
    definition: Any = cls
    values: Sequence[Any] = definition.__strawberry_definition__.values
    return values


def limit_field_comparisons(steps: int) -> None:
    """Limit the steps that validation spends on comparing fields of the same name.

    graphql-core reads the limit from a module's attribute at each validation, and takes it from nowhere else.
    """
    overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = steps


def exceeded_comparisons(errors: Sequence[GraphQLError], max_errors: int) -> bool:
    """Return whether validation stopped because it spent all its steps, and not because of the number of errors."""
    return bool(errors) and isinstance(errors[-1], ValidationAbortedError) and len(errors) <= max_errors
