"""Limits on the size of a document, checked before validation.

The time that graphql-core's validation takes grows with the square of some documents. Measuring takes time linear in
the text: each fragment is measured once, however often it is spread.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    ListValueNode,
    NamedTypeNode,
    Node,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
)

from app.graph import compat
from app.graph.execution.selection import fragments
from app.settings import Limits

MAX_FIELD_COMPARISONS = 25_000  # steps of comparing fields of the same name, the quadratic part of validation

compat.limit_field_comparisons(MAX_FIELD_COMPARISONS)


@dataclass(frozen=True)
class Measure:
    """The size of a selection."""

    depth: int = 0
    fields: int = 0


class LimitExceeded(Exception):
    """A document exceeds a limit at a node. The message completes "The document is too complex: …"."""

    def __init__(self, message: str, node: Node | None = None) -> None:
        super().__init__(message)
        self.message, self.node = message, node

    def as_graphql_error(self) -> GraphQLError:
        """Return the error for the response."""
        return GraphQLError(
            f"The document is too complex: {self.message}.",
            nodes=self.node,
            extensions={"code": "TOO_COMPLEX"},
        )


def check_limits(document: DocumentNode, limits: Limits) -> GraphQLError | None:
    """Return the error for a document that is too large to be validated; None if it is within the limits."""
    try:
        _DocumentMeter(document, limits).measure()
    except LimitExceeded as error:
        return error.as_graphql_error()
    except RecursionError:
        return LimitExceeded("nested too deeply").as_graphql_error()
    return None


class _DocumentMeter:
    """Measures one document against the limits. Every method raises LimitExceeded."""

    def __init__(self, document: DocumentNode, limits: Limits) -> None:
        self._document = document
        self._limits = limits
        self._fragments = fragments(document)
        self._fragment_measures: dict[str, Measure] = {}

    def measure(self) -> None:
        """Measure all operations and fragments."""
        for definition in self._document.definitions:
            if isinstance(definition, OperationDefinitionNode):
                for variable in definition.variable_definitions or ():
                    self._check_values([variable.default_value], variable)
                self._measure_selection_set(definition.selection_set, introspects=False)
            elif isinstance(definition, FragmentDefinitionNode):
                self._measure_fragment(definition.name.value)

    def _measure_selection_set(self, selection_set: SelectionSetNode | None, introspects: bool) -> Measure:
        """Measure a selection set. `introspects` is true within `__schema` and `__type`."""
        if selection_set is None:
            return Measure()
        limits = self._limits
        if len(selection_set.selections) > limits.siblings:
            raise LimitExceeded(f"more than {limits.siblings} selections in one set", selection_set)
        depth = fields = 0
        for node in selection_set.selections:
            measure = self._measure_selection(node, introspects)
            depth, fields = max(depth, measure.depth), fields + measure.fields
            if depth > limits.depth:
                raise LimitExceeded(f"deeper than {limits.depth} levels", node)
            if fields > limits.fields:
                raise LimitExceeded(f"more than {limits.fields} fields", node)
        return Measure(depth, fields)

    def _measure_selection(self, node: Node, introspects: bool) -> Measure:
        if isinstance(node, FragmentSpreadNode):
            return self._measure_fragment(node.name.value)
        assert isinstance(node, FieldNode | InlineFragmentNode)
        if isinstance(node, InlineFragmentNode):
            return self._measure_selection_set(node.selection_set, introspects or _is_on_schema(node.type_condition))
        # Introspection has no page sizes to limit it. Without aliases, a field selected twice is one field of the
        # response, so that the number of the schema's own fields is the limit.
        introspects = introspects or node.name.value == "__schema"
        if introspects and node.alias is not None:
            raise LimitExceeded("introspection takes no aliases", node)
        inner = self._measure_selection_set(node.selection_set, introspects or node.name.value == "__type")
        self._check_values([argument.value for argument in node.arguments or ()], node)
        return Measure(inner.depth + 1, inner.fields + 1)

    def _measure_fragment(self, name: str) -> Measure:
        if name not in self._fragment_measures:
            # Validation refuses cycles and unknown fragments, which count as empty here.
            self._fragment_measures[name] = Measure()
            fragment = self._fragments.get(name)
            if fragment is not None:
                introspects = _is_on_schema(fragment.type_condition)
                self._fragment_measures[name] = self._measure_selection_set(fragment.selection_set, introspects)
        return self._fragment_measures[name]

    def _check_values(self, values: Iterable[ValueNode | None], node: Node) -> None:
        if sum(_count_values(value) for value in values) > self._limits.values:
            raise LimitExceeded(f"more than {self._limits.values} values in one place; send them as variables", node)


def _is_on_schema(condition: NamedTypeNode | None) -> bool:
    return condition is not None and condition.name.value.startswith("__")


def _count_values(value: ValueNode | None) -> int:
    """Return the number of values in a literal, itself and nested values included."""
    if isinstance(value, ListValueNode):
        return 1 + sum(_count_values(item) for item in value.values)
    if isinstance(value, ObjectValueNode):
        return 1 + sum(_count_values(member.value) for member in value.fields)
    return 0 if value is None else 1
