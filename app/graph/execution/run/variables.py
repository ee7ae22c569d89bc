"""The values of an operation's variables."""

from collections.abc import Mapping
from typing import Any

from graphql import GraphQLSchema, OperationDefinitionNode, VariableValues, get_variable_values

from app.graph.execution.fallback import Unsupported

NO_VARIABLES = VariableValues({}, {})


def coerce_variables(
    schema: GraphQLSchema, operation: OperationDefinitionNode, values: Mapping[str, Any]
) -> VariableValues:
    """Return the coerced values of a request's variables.

    Raises Unsupported if a value does not fit its type; graphql-core then reports the error.
    """
    if not operation.variable_definitions:
        return NO_VARIABLES
    try:
        coerced = get_variable_values(schema, operation.variable_definitions, dict(values))
    except RecursionError:
        coerced = []
    if isinstance(coerced, list):
        raise Unsupported("variables that do not fit")
    return coerced
