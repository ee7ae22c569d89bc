"""The arguments of a field in a plan: worked out once where no variable is in them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from graphql import FieldNode, GraphQLField, ListValueNode, ObjectValueNode, ValueNode, VariableNode
from graphql.execution.values import VariableValues, get_argument_values
from strawberry.types.arguments import convert_arguments

from app.graph.execution.walking import Run

NO_VARIABLES = VariableValues({}, {})
Convert = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass(slots=True)
class Arguments:
    """The arguments of one field of a document."""

    field: GraphQLField
    node: FieldNode
    convert: Convert
    """From the schema's names and values to those of Python."""
    constant: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        if not any(_varies(argument.value) for argument in self.node.arguments or ()):
            try:
                self.constant = self._values(NO_VARIABLES)
            except Exception:
                self.constant = None  # it will be refused in the same way, in its place

    def of(self, run: Run) -> dict[str, Any]:
        """Their values."""
        return self._values(run.variables) if self.constant is None else self.constant

    def _values(self, variables: VariableValues) -> dict[str, Any]:
        if not self.field.args:
            return {}
        return self.convert(get_argument_values(self.field, self.node, variables))


def converter(field: Any, registry: Any, config: Any) -> Convert:
    """Converts the arguments of a field of Strawberry's."""

    def convert(values: dict[str, Any]) -> dict[str, Any]:
        return convert_arguments(values, field.arguments, registry, config)

    return convert


def _varies(value: ValueNode) -> bool:
    if isinstance(value, VariableNode):
        return True
    if isinstance(value, ListValueNode):
        return any(_varies(item) for item in value.values)
    return isinstance(value, ObjectValueNode) and any(_varies(member.value) for member in value.fields)
