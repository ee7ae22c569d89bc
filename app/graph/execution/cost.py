"""What an operation could give: its page sizes multiplied as its lists nest, known before anything runs."""

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
from app.lists.listings import DEFAULT_PAGE, LARGEST_PAGE

Composite = GraphQLObjectType | GraphQLInterfaceType


@dataclass(frozen=True)
class Cost:
    """The most that an operation could give."""

    records: int = 0
    fields: int = 0
    """Fields of all its records, each counted for every record."""

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.records + other.records, self.fields + other.fields)

    def times(self, records: int) -> "Cost":
        """A list of so many records, each costing this."""
        return Cost(records * (1 + self.records), records * self.fields)


def cost(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any],
) -> Cost:
    """How much a valid operation could give at most."""
    return _Costing(schema, document, operation, variables).total()


def weight(variables: Mapping[str, Any], name: str) -> int:
    """What of a variable's value costs depend on: they are equal where all weights are."""
    if name not in variables:
        return -1
    value = variables[name]
    if isinstance(value, int | float):
        return int(min(value, LARGEST_PAGE)) if value > 0 else 0
    return _longest_of(value)


class _Costing:
    """One operation with its variables."""

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
        self._known: dict[str, Cost] = {}
        defaults = {
            definition.variable.name.value: value_from_ast_untyped(definition.default_value)
            for definition in operation.variable_definitions or ()
            if definition.default_value is not None
        }
        self._variables = {**defaults, **variables}

    def total(self) -> Cost:
        """The cost of the operation."""
        root = self._schema.get_root_type(self._operation.operation)
        return self._of_set(self._operation.selection_set, root)

    def _of_set(self, selections: SelectionSetNode | None, parent: Any) -> Cost:
        total = Cost()
        for node in selections.selections if selections is not None else ():
            if isinstance(node, FragmentSpreadNode):
                total += self._of_fragment(node.name.value)
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                inner = self._schema.get_type(condition.name.value) if condition else parent
                total += self._of_set(node.selection_set, inner)
            elif isinstance(node, FieldNode):
                total += self._of_field(node, parent)
        return total

    def _of_fragment(self, name: str) -> Cost:
        if name not in self._known:
            fragment = self._fragments[name]
            condition = self._schema.get_type(fragment.type_condition.name.value)
            self._known[name] = self._of_set(fragment.selection_set, condition)
        return self._known[name]

    def _of_field(self, node: FieldNode, parent: Any) -> Cost:
        field = parent.fields.get(node.name.value) if isinstance(parent, Composite) else None
        if field is None or node.selection_set is None:
            return Cost(fields=1)  # a value, or the schema's description (see `limits`)
        inside = self._of_set(node.selection_set, get_named_type(field.type))
        size = self._size(node, field)
        return Cost(fields=1) + (inside.times(size) if size else inside)

    def _size(self, node: FieldNode, field: GraphQLField) -> int:
        """How many records a field gives; 0 for one that gives no list, or a list that counted already."""
        if "first" in field.args:
            return self._page_size(node)
        # Whatever is given a list, of ids or of rows, gives something for each of its items.
        return max((self._longest(argument.value) for argument in node.arguments or ()), default=0)

    def _page_size(self, node: FieldNode) -> int:
        """The larger of `first` and `last`; the two together, and sizes out of range, are refused when they run."""
        sizes = [
            self._number(argument.value)
            for argument in node.arguments or ()
            if argument.name.value in ("first", "last")
        ]
        return max(sizes, default=0) or DEFAULT_PAGE

    def _number(self, value: ValueNode) -> int:
        found: Any = None
        if isinstance(value, IntValueNode):
            found = int(value.value)
        elif isinstance(value, VariableNode):
            found = self._variables.get(value.name.value)
        # JSON has one kind of number: 100.0 is 100 for a variable of type Int.
        return int(min(found, LARGEST_PAGE)) if isinstance(found, int | float) and found > 0 else 0

    def _longest(self, value: ValueNode) -> int:
        """The length of the longest list in an argument."""
        if isinstance(value, VariableNode):
            return _longest_of(self._variables.get(value.name.value))
        if isinstance(value, ListValueNode):
            return max([len(value.values), *(self._longest(item) for item in value.values)])
        if isinstance(value, ObjectValueNode):
            return max((self._longest(member.value) for member in value.fields), default=0)
        return 0


def _longest_of(value: Any) -> int:
    if isinstance(value, list):
        return max([len(value), *map(_longest_of, value)])
    if isinstance(value, dict):
        return max(map(_longest_of, value.values()), default=0)
    return 0
