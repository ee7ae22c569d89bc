"""The variables of an operation, coerced as graphql-core does it, with their types looked up once."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from graphql import (
    GraphQLBoolean,
    GraphQLError,
    GraphQLID,
    GraphQLInputType,
    GraphQLNonNull,
    GraphQLSchema,
    GraphQLString,
    OperationDefinitionNode,
    Undefined,
    VariableValues,
    coerce_input_value,
)

from app.graph.compat import (
    GraphQLVariableSignature,
    VariableValueSource,
    coerce_default_value,
    get_variable_signature,
)
from app.graph.execution.fallback import Unsupported

NO_VARIABLES = VariableValues({}, {})
UNCHANGED: dict[Any, type] = {GraphQLString: str, GraphQLID: str, GraphQLBoolean: bool}
"""Type → the Python class whose values it leaves as they are."""


class DeclaredVariable(NamedTuple):
    """A variable as an operation declares it."""

    name: str
    signature: GraphQLVariableSignature
    unchanged: type | None
    """The class whose values need no coercion."""
    is_non_null: bool


class Variables:
    """The variables that an operation declares."""

    def __init__(self, schema: GraphQLSchema, operation: OperationDefinitionNode) -> None:
        self._declared: list[DeclaredVariable] = []
        for node in operation.variable_definitions or ():
            signature = get_variable_signature(schema, node)
            if isinstance(signature, GraphQLError):
                raise Unsupported("a variable of no input type")
            is_non_null = isinstance(signature.type, GraphQLNonNull)
            nullable_type = signature.type.of_type if isinstance(signature.type, GraphQLNonNull) else signature.type
            unchanged = UNCHANGED.get(nullable_type)
            self._declared.append(DeclaredVariable(signature.name, signature, unchanged, is_non_null))

    def coerce(self, values: Mapping[str, Any]) -> VariableValues:
        """Return the coerced values of a request's variables.

        Raises Unsupported if a value does not fit its type; graphql-core then reports the error.
        """
        sources: dict[str, VariableValueSource] = {}
        coerced: dict[str, Any] = {}
        for name, signature, unchanged, is_non_null in self._declared:
            value = values.get(name, Undefined)
            if value is Undefined:
                sources[name] = VariableValueSource(signature)
                value = coerce_default_value(signature)
                if value is Undefined and is_non_null:
                    raise Unsupported("variables that do not fit")
            else:
                sources[name] = VariableValueSource(signature, value)
                if type(value) is not unchanged:
                    value = _coerce(value, signature.type)
            if value is not Undefined:
                coerced[name] = value
        return VariableValues(sources, coerced)


def _coerce(value: Any, input_type: GraphQLInputType) -> Any:
    try:
        coerced = coerce_input_value(value, input_type)
    except RecursionError:
        coerced = Undefined
    if coerced is Undefined:
        raise Unsupported("variables that do not fit")
    return coerced
