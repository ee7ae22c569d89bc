"""What a document may ask: measured before validation, whose cost grows with the square of some documents.

Fragments are measured once each, however often they are spread, so measuring takes time linear in the text.
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
from graphql.validation.rules import overlapping_fields_can_be_merged

from app.graph.execution.selection import fragments

COMPARISONS = 25_000
"""How much work comparing fields of the same name may take; validation gives up beyond it."""

# graphql-core reads it from here each time, and takes it from nowhere else.
overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = COMPARISONS


@dataclass(frozen=True)
class Limits:
    """The most that one operation may ask."""

    tokens: int = 4_000
    depth: int = 20
    siblings: int = 100
    """Selections side by side in one set."""
    fields: int = 1_000
    """Fields of an operation, those of fragments counted at every spread."""
    cost: int = 50_000
    """Records that an operation could give at most, as its page sizes say."""
    cost_fields: int = 250_000
    """Fields of all those records together."""
    characters: int = 50_000
    """Length of the text; what is longer belongs into variables."""
    values: int = 500
    """Values written into one field's arguments or one variable's default."""
    errors: int = 10
    """Errors that validation finds before it stops: each quotes the document."""


@dataclass(frozen=True)
class Measure:
    """How much a selection asks."""

    depth: int = 0
    fields: int = 0


class TooMuch(Exception):
    """What is too much, and where."""

    def __init__(self, message: str, node: Node | None = None) -> None:
        super().__init__(message)
        self.message, self.node = message, node

    def described(self) -> GraphQLError:
        """The refusal as GraphQL tells it."""
        return GraphQLError(
            f"The document asks too much: {self.message}.",
            nodes=self.node,
            extensions={"code": "TOO_COMPLEX"},
        )


def check(document: DocumentNode, limits: Limits) -> GraphQLError | None:
    """Why a document is too much to validate, if it is."""
    try:
        _Measuring(document, limits).measure()
    except TooMuch as error:
        return error.described()
    except RecursionError:
        return TooMuch("nested too deeply").described()
    return None


class _Measuring:
    """One document on the scale."""

    def __init__(self, document: DocumentNode, limits: Limits) -> None:
        self._document = document
        self._limits = limits
        self._fragments = fragments(document)
        self._known: dict[str, Measure] = {}

    def measure(self) -> None:
        """Raises TooMuch."""
        for definition in self._document.definitions:
            if isinstance(definition, OperationDefinitionNode):
                for variable in definition.variable_definitions or ():
                    self._check_values([variable.default_value], variable)
                self._of_set(definition.selection_set, schema=False)
            elif isinstance(definition, FragmentDefinitionNode):
                self._of_fragment(definition.name.value)

    def _of_set(self, selections: SelectionSetNode | None, schema: bool) -> Measure:
        """A selection's measure. `schema`: it lies within the schema's description of itself."""
        if selections is None:
            return Measure()
        limits = self._limits
        if len(selections.selections) > limits.siblings:
            raise TooMuch(f"more than {limits.siblings} selections side by side", selections)
        depth = fields = 0
        for node in selections.selections:
            found = self._of_selection(node, schema)
            depth, fields = max(depth, found.depth), fields + found.fields
            if depth > limits.depth:
                raise TooMuch(f"deeper than {limits.depth} levels", node)
            if fields > limits.fields:
                raise TooMuch(f"more than {limits.fields} fields", node)
        return Measure(depth, fields)

    def _of_selection(self, node: Node, schema: bool) -> Measure:
        if isinstance(node, FragmentSpreadNode):
            return self._of_fragment(node.name.value)
        assert isinstance(node, FieldNode | InlineFragmentNode)
        if isinstance(node, InlineFragmentNode):
            return self._of_set(node.selection_set, schema or _of_schema(node.type_condition))
        # Without aliases the same field twice is one, and so the schema bounds what can be asked of it.
        schema = schema or node.name.value == "__schema"
        if schema and node.alias is not None:
            raise TooMuch("the schema's description takes no aliases", node)
        inner = self._of_set(node.selection_set, schema or node.name.value == "__type")
        self._check_values([argument.value for argument in node.arguments or ()], node)
        return Measure(inner.depth + 1, inner.fields + 1)

    def _of_fragment(self, name: str) -> Measure:
        if name not in self._known:
            # A fragment within itself, or one that is not there, counts nothing; validation refuses it.
            self._known[name] = Measure()
            fragment = self._fragments.get(name)
            if fragment is not None:
                self._known[name] = self._of_set(fragment.selection_set, _of_schema(fragment.type_condition))
        return self._known[name]

    def _check_values(self, values: Iterable[ValueNode | None], node: Node) -> None:
        if sum(_count(value) for value in values) > self._limits.values:
            raise TooMuch(f"more than {self._limits.values} values in one place; send them as variables", node)


def _of_schema(condition: NamedTypeNode | None) -> bool:
    return condition is not None and condition.name.value.startswith("__")


def _count(value: ValueNode | None) -> int:
    """How many values are written there, those within others counted too."""
    if isinstance(value, ListValueNode):
        return 1 + sum(_count(item) for item in value.values)
    if isinstance(value, ObjectValueNode):
        return 1 + sum(_count(member.value) for member in value.fields)
    return 0 if value is None else 1
