"""Selections of an operation: the fields of a type by response name, with fragments and conditions resolved."""

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

from app.graph.execution.fallback import Unsupported

FieldGroups = dict[str, list[FieldNode]]
"""Response name → the field nodes that are merged under it."""
ConditionValues = Mapping[str, bool]
"""Variable name → its value, for the variables of `@include` and `@skip`."""


class Selections:
    """The selections of a document for given values of its conditions."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, conditions: ConditionValues) -> None:
        self._schema, self._conditions = schema, conditions
        self._fragments = fragments(document)

    def fields(self, object_type: GraphQLObjectType, selection_sets: Iterable[SelectionSetNode]) -> FieldGroups:
        """Return the fields that some selection sets select of a type, in the order of the response."""
        groups: FieldGroups = {}
        seen: set[str] = set()
        for selection_set in selection_sets:
            self._collect(object_type, selection_set, groups, seen)
        return groups

    def subfields(self, object_type: GraphQLObjectType, nodes: Sequence[FieldNode]) -> FieldGroups:
        """Return the fields that some field nodes select of the type of their field."""
        return self.fields(object_type, selection_sets(nodes))

    def _collect(
        self, object_type: GraphQLObjectType, selection_set: SelectionSetNode, groups: FieldGroups, seen: set[str]
    ) -> None:
        for node in selection_set.selections:
            if not self._is_included(node):
                continue
            if isinstance(node, FieldNode):
                groups.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
            elif isinstance(node, InlineFragmentNode):
                if self._applies(node, object_type):
                    self._collect(object_type, node.selection_set, groups, seen)
            elif isinstance(node, FragmentSpreadNode):
                name = node.name.value
                if name not in seen and self._applies(self._fragments[name], object_type):
                    seen.add(name)
                    self._collect(object_type, self._fragments[name].selection_set, groups, seen)

    def _applies(self, fragment: InlineFragmentNode | FragmentDefinitionNode, object_type: GraphQLObjectType) -> bool:
        if fragment.type_condition is None:
            return True
        condition = self._schema.get_type(fragment.type_condition.name.value)
        return condition is object_type or (
            is_abstract_type(condition) and self._schema.is_sub_type(condition, object_type)
        )

    def _is_included(self, node: SelectionNode) -> bool:
        included = True
        for directive in node.directives or ():
            included = included and self._condition(directive) is (directive.name.value == "include")
        return included

    def _condition(self, directive: DirectiveNode) -> bool:
        if directive.name.value not in ("include", "skip"):
            raise Unsupported(f"@{directive.name.value}")
        [argument] = directive.arguments or ()
        value = argument.value
        if isinstance(value, VariableNode):
            return self._conditions[value.name.value]
        assert isinstance(value, BooleanValueNode)
        return value.value


def selection_sets(nodes: Iterable[FieldNode]) -> list[SelectionSetNode]:
    """Return the selection sets of some field nodes."""
    return [node.selection_set for node in nodes if node.selection_set]


def fragments(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    """Return the fragments of a document by name."""
    return {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}


def condition_variables(document: DocumentNode, operation: OperationDefinitionNode) -> tuple[str, ...]:
    """Return the sorted names of the variables that the directives of an operation's selections use."""
    definitions, seen, names = fragments(document), set[str](), set[str]()
    pending = [operation.selection_set]
    while pending:
        for node in pending.pop().selections:
            arguments = [argument for directive in node.directives or () for argument in directive.arguments or ()]
            names.update(
                argument.value.name.value for argument in arguments if isinstance(argument.value, VariableNode)
            )
            if isinstance(node, FragmentSpreadNode):
                if node.name.value not in seen:
                    seen.add(node.name.value)
                    pending.append(definitions[node.name.value].selection_set)
            elif isinstance(node, FieldNode | InlineFragmentNode) and node.selection_set is not None:
                pending.append(node.selection_set)
    return tuple(sorted(names))
