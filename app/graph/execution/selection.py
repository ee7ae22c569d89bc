"""What an operation selects of a type: fields by their names in the response, fragments and conditions resolved."""

from collections.abc import Iterable, Mapping, Sequence

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    is_abstract_type,
)

DEFINITION = "strawberry-definition"
"""Under what an object of the schema keeps what Strawberry knows of it."""

Truths = Mapping[str, bool]
"""Variable → its value, for those that conditions ask for."""


class Unknown(Exception):
    """The compiler does not know how to do this; the text says what."""


class Selections:
    """The selections of a document, under some truths of its conditions."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, truths: Truths) -> None:
        self._schema, self._truths = schema, truths
        self._fragments = fragments(document)

    def fields(self, kind: GraphQLObjectType, sets: Iterable[SelectionSetNode]) -> dict[str, list[FieldNode]]:
        """Name in the response → the nodes that select it, of a type that is known."""
        found: dict[str, list[FieldNode]] = {}
        seen: set[str] = set()
        for selections in sets:
            self._collect(kind, selections, found, seen)
        return found

    def below(self, kind: GraphQLObjectType, nodes: Sequence[FieldNode]) -> dict[str, list[FieldNode]]:
        """What some nodes select of the type of their field."""
        return self.fields(kind, sets_of(nodes))

    def _collect(
        self, kind: GraphQLObjectType, selections: SelectionSetNode, found: dict[str, list[FieldNode]], seen: set[str]
    ) -> None:
        for node in selections.selections:
            if not self._included(node):
                continue
            if isinstance(node, FieldNode):
                found.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
            elif isinstance(node, InlineFragmentNode):
                if self._fits(kind, node):
                    self._collect(kind, node.selection_set, found, seen)
            elif isinstance(node, FragmentSpreadNode):
                name = node.name.value
                if name not in seen and self._fits(kind, self._fragments[name]):
                    seen.add(name)
                    self._collect(kind, self._fragments[name].selection_set, found, seen)

    def _fits(self, kind: GraphQLObjectType, fragment: InlineFragmentNode | FragmentDefinitionNode) -> bool:
        if fragment.type_condition is None:
            return True
        condition = self._schema.get_type(fragment.type_condition.name.value)
        return condition is kind or (is_abstract_type(condition) and self._schema.is_sub_type(condition, kind))

    def _included(self, node: SelectionNode) -> bool:
        included = True
        for directive in node.directives or ():
            included = included and self._truth(directive) is (directive.name.value == "include")
        return included

    def _truth(self, directive: DirectiveNode) -> bool:
        if directive.name.value not in ("include", "skip"):
            raise Unknown(f"@{directive.name.value}")
        [argument] = directive.arguments or ()
        value = argument.value
        if isinstance(value, VariableNode):
            return self._truths[value.name.value]
        assert isinstance(value, BooleanValueNode)
        return value.value


def sets_of(nodes: Iterable[FieldNode]) -> list[SelectionSetNode]:
    """What some nodes select of what their field gives."""
    return [node.selection_set for node in nodes if node.selection_set]


def fragments(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    """The fragments of a document by name."""
    return {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}


def conditions(document: DocumentNode, operation: OperationDefinitionNode) -> tuple[str, ...]:
    """The variables that the conditions of an operation ask for."""
    known, seen, names = fragments(document), set[str](), set[str]()
    pending = [operation.selection_set]
    while pending:
        for node in pending.pop().selections:
            values = [argument.value for each in node.directives or () for argument in each.arguments or ()]
            names.update(value.name.value for value in values if isinstance(value, VariableNode))
            if isinstance(node, FragmentSpreadNode):
                if node.name.value not in seen:
                    seen.add(node.name.value)
                    pending.append(known[node.name.value].selection_set)
            elif isinstance(node, FieldNode | InlineFragmentNode) and node.selection_set is not None:
                pending.append(node.selection_set)
    return tuple(sorted(names))
