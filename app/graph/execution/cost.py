"""The cost of an operation: the records and fields that it can return at most, known before it runs.

Page sizes multiply as lists nest.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    value_from_ast_untyped,
)

from app.graph.execution.selection import fragments
from app.lists.page_request import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE

CompositeType = GraphQLObjectType | GraphQLInterfaceType


@dataclass(frozen=True)
class Cost:
    """The size of the largest response to an operation."""

    records: int = 0
    fields: int = 0
    """Fields of all records, each field counted once for every record."""

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.records + other.records, self.fields + other.fields)

    def times(self, records: int) -> "Cost":
        """Return the cost of a list of `records` records that each cost this."""
        return Cost(records * (1 + self.records), records * self.fields)


def operation_cost(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any],
) -> Cost:
    """Return the cost of a valid operation."""
    return _CostCalculator(schema, document, operation, variables).total()


def variable_weight(variables: Mapping[str, Any], name: str) -> int:
    """Return the only part of a variable's value that costs depend on.

    Equal weights mean equal costs, so that costs can be cached by the weights of the variables.
    """
    if name not in variables:
        return -1
    value = variables[name]
    if isinstance(value, int | float):
        return int(min(value, MAX_PAGE_SIZE)) if value > 0 else 0
    return _longest_list(value)


class _CostCalculator:
    """Adds up the cost of one operation with its variables."""

    def __init__(
        self,
        schema: GraphQLSchema,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        variables: Mapping[str, Any],
    ) -> None:
        self._schema = schema
        self._operation = operation
        self._fragments = fragments(document)
        self._fragment_costs: dict[str, Cost] = {}
        defaults = {
            definition.variable.name.value: value_from_ast_untyped(definition.default_value)
            for definition in operation.variable_definitions or ()
            if definition.default_value is not None
        }
        self._variables = {**defaults, **variables}

    def total(self) -> Cost:
        """Return the cost of the operation."""
        root = self._schema.get_root_type(self._operation.operation)
        return self._selection_set_cost(self._operation.selection_set, root)

    def _selection_set_cost(self, selection_set: SelectionSetNode | None, parent: Any) -> Cost:
        total = Cost()
        for node in selection_set.selections if selection_set is not None else ():
            if isinstance(node, FragmentSpreadNode):
                total += self._fragment_cost(node.name.value)
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                inner = self._schema.get_type(condition.name.value) if condition else parent
                total += self._selection_set_cost(node.selection_set, inner)
            elif isinstance(node, FieldNode):
                total += self._field_cost(node, parent)
        return total

    def _fragment_cost(self, name: str) -> Cost:
        if name not in self._fragment_costs:
            fragment = self._fragments[name]
            condition = self._schema.get_type(fragment.type_condition.name.value)
            self._fragment_costs[name] = self._selection_set_cost(fragment.selection_set, condition)
        return self._fragment_costs[name]

    def _field_cost(self, node: FieldNode, parent: Any) -> Cost:
        field = parent.fields.get(node.name.value) if isinstance(parent, CompositeType) else None
        if field is None or node.selection_set is None:
            return Cost(fields=1)  # a leaf, or introspection, which app.graph.execution.limits bounds
        inside = self._selection_set_cost(node.selection_set, get_named_type(field.type))
        size = self._list_size(node, field)
        return Cost(fields=1) + (inside.times(size) if size else inside)

    def _list_size(self, node: FieldNode, field: GraphQLField) -> int:
        """Return the maximum number of records in a field's list; 0 for a field that multiplies nothing.

        A list within a connection multiplies nothing, for the connection's own field counted already.
        """
        if "first" in field.args:
            return self._page_size(node)
        # A field that takes a list of ids or rows returns up to one record for each item.
        return max((self._list_length(argument.value) for argument in node.arguments or ()), default=0)

    def _page_size(self, node: FieldNode) -> int:
        """Return the larger of `first` and `last`. Execution refuses both together, and sizes out of range."""
        sizes = [
            self._number(argument.value)
            for argument in node.arguments or ()
            if argument.name.value in ("first", "last")
        ]
        return max(sizes, default=0) or DEFAULT_PAGE_SIZE

    def _number(self, value: ValueNode) -> int:
        number: Any = None
        if isinstance(value, IntValueNode):
            number = int(value.value)
        elif isinstance(value, VariableNode):
            number = self._variables.get(value.name.value)
        # JSON has one type of number: 100.0 is 100 for a variable of type Int.
        return int(min(number, MAX_PAGE_SIZE)) if isinstance(number, int | float) and number > 0 else 0

    def _list_length(self, value: ValueNode) -> int:
        """Return the length of the longest list in an argument."""
        if isinstance(value, VariableNode):
            return _longest_list(self._variables.get(value.name.value))
        if isinstance(value, ListValueNode):
            return max([len(value.values), *(self._list_length(item) for item in value.values)])
        if isinstance(value, ObjectValueNode):
            return max((self._list_length(member.value) for member in value.fields), default=0)
        return 0


def _longest_list(value: Any) -> int:
    """Return the length of the longest list in a variable's value."""
    if isinstance(value, list):
        return max([len(value), *map(_longest_list, value)])
    if isinstance(value, dict):
        return max(map(_longest_list, value.values()), default=0)
    return 0
