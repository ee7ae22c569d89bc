"""The arguments of a field at run time: a constant, compiled functions of the variables, or graphql-core's coercion.

`app.graph.execution.compile.argument_compiler` makes them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import FieldNode, GraphQLField, Undefined, VariableValues, get_argument_values

from app.graph.execution.run.plan import Run

Convert = Callable[[Any], Any]
"""Makes the Python value of an input's value as graphql-core coerces it."""
ValueFunction = Callable[[Mapping[str, Any]], Any]
"""Makes an argument's Python value from the coerced variables; Undefined if the argument has none."""


class SlowPath(Exception):
    """A value that the compiled functions do not handle, such as null where a value is required."""


@dataclass(frozen=True, slots=True)
class Argument:
    """A declared argument of a field."""

    name: str
    """Its name in the schema."""
    python_name: str
    convert: Convert | None
    """Makes its Python value; None if the value stays as it is."""


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of one field of a document."""

    field: GraphQLField
    node: FieldNode
    declared: list[Argument]
    constant: dict[str, Any] | None
    """The values by Python name, if no variable changes them."""
    functions: list[tuple[str, ValueFunction]] | None
    """(Python name, function) pairs; None if only graphql-core can coerce the arguments."""

    def values(self, run: Run) -> dict[str, Any]:
        """Return the values by Python name. Raises GraphQLError."""
        if self.constant is not None:
            return self.constant
        if self.functions is not None:
            variables = run.variables
            try:
                return {
                    name: value for name, function in self.functions if (value := function(variables)) is not Undefined
                }
            except SlowPath:
                pass
        return coerce_arguments(self.field, self.node, self.declared, run.core_variables())


def coerce_arguments(
    field: GraphQLField, node: FieldNode, declared: list[Argument], variables: VariableValues
) -> dict[str, Any]:
    """Return the arguments' values by Python name, as graphql-core coerces them. Raises GraphQLError."""
    values = get_argument_values(field, node, variables)
    return {
        argument.python_name: values[argument.name]
        if argument.convert is None
        else argument.convert(values[argument.name])
        for argument in declared
        if argument.name in values
    }
