"""The variables of an operation, coerced as graphql-core does it, with their types looked up once."""

from collections.abc import Callable, Mapping
from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLError,
    GraphQLID,
    GraphQLNonNull,
    GraphQLSchema,
    GraphQLString,
    OperationDefinitionNode,
    Undefined,
)
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource
from graphql.utilities.coerce_input_value import coerce_default_value, coerce_input_value

from app.graph.execution.selection import Unknown

AS_THEY_ARE: dict[Any, type] = {GraphQLString: str, GraphQLID: str, GraphQLBoolean: bool}
"""Types whose values are given as they come, where they come as this."""


class Variables:
    """The variables that an operation declares."""

    def __init__(self, schema: GraphQLSchema, operation: OperationDefinitionNode) -> None:
        self._declared: list[tuple[str, GraphQLVariableSignature, type | None, bool]] = []
        for node in operation.variable_definitions or ():
            signature = get_variable_signature(schema, node)
            if isinstance(signature, GraphQLError):
                raise Unknown("a variable of no input type")
            kind = signature.type
            needed = isinstance(kind, GraphQLNonNull)
            plain = AS_THEY_ARE.get(kind.of_type if isinstance(kind, GraphQLNonNull) else kind)
            self._declared.append((signature.name, signature, plain, needed))

    def coerced(self, given: Mapping[str, Any]) -> VariableValues:
        """Their values. Raises Unknown where they do not fit: graphql-core then tells why."""
        sources: dict[str, VariableValueSource] = {}
        coerced: dict[str, Any] = {}
        for name, signature, plain, needed in self._declared:
            value = given.get(name, Undefined)
            if value is Undefined:
                sources[name] = VariableValueSource(signature)
                value = coerce_default_value(signature)
                if value is Undefined and needed:
                    raise Unknown("variables that do not fit")
            else:
                sources[name] = VariableValueSource(signature, value)
                if type(value) is not plain:
                    value = _fitting(coerce_input_value, value, signature.type)
            if value is not Undefined:
                coerced[name] = value
        return VariableValues(sources, coerced)


def _fitting(coerce: Callable[[Any, Any], Any], value: Any, kind: Any) -> Any:
    try:
        found = coerce(value, kind)
    except RecursionError:
        found = Undefined
    if found is Undefined:
        raise Unknown("variables that do not fit")
    return found
