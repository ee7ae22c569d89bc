"""The compiler of one level: an expression for its objects, and the edges that lead on from them.

A field whose value lies in the object's row becomes a part of the expression. Any other field is null in it, and an
edge fills it in later. `row_levels.py` has the two kinds of levels.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Any

from graphql import FieldNode, GraphQLObjectType, SelectionSetNode, get_named_type

from app.graph.compat import definition_of
from app.graph.dsl.declarations import (
    DECLARATION,
    VALUE_DECLARATION,
    AnyNodeDeclaration,
    AsyncValue,
    ColumnValue,
    DerivedValue,
    EdgeDeclaration,
    EmbeddedValue,
    MutationDeclaration,
    PermissionValue,
    QueryDeclaration,
)
from app.graph.execution.compile.codegen import Constants, MemberNames
from app.graph.execution.compile.edge_targets import EdgeTargets, LevelFactory, SelectedField
from app.graph.execution.compile.leaf_output import leaf_serializer
from app.graph.execution.fallback import Unsupported
from app.graph.execution.run.computed_edges import AsyncValueEdge, BatchEdge
from app.graph.execution.run.edges import EmbeddedEdge, PermissionEdge, ToManyEdge, ToOneEdge
from app.graph.execution.run.list_edges import AnyNodeListEdge, KeyListEdge
from app.graph.execution.run.node_edges import AnyNodeEdge
from app.graph.execution.run.plan import PlanEdge, PlanLevel
from app.graph.execution.run.root_fields import MutationEdge, QueryEdge, RootListEdge
from app.graph.execution.selection import FieldGroups, Selections
from app.lists.listings import ChildListing, Lookup


class LevelCompiler:
    """Compiles the level of one type at one place in the response."""

    def __init__(self, levels: LevelFactory, selections: Selections, object_type: GraphQLObjectType | None) -> None:
        self._targets, self._selections, self._object_type = EdgeTargets(levels, selections), selections, object_type
        self._constants = Constants()
        self._edges: list[PlanEdge] = []
        self._view_columns: list[str] | None = []
        """The columns that the domain's functions use; None if they may use any."""
        self._needs_views = False
        """True if the expression passes row views to functions."""

    def compile(self, sets: Sequence[SelectionSetNode]) -> PlanLevel:
        """Return the level for some selection sets."""
        assert self._object_type is not None
        body = self._object(self._object_type, self._selections.fields(self._object_type, sets), (), ())
        level = self.finish(body)
        level.edges = self._edges
        return level

    def finish(self, body: str) -> PlanLevel:
        """Return the level whose objects are made by an expression, once all columns are known."""
        raise NotImplementedError

    def use_columns(self, names: Sequence[str] | None) -> None:
        """Note that a function uses some columns of the row; None means all of them."""

    def _leaf(self, column: str, selected: SelectedField) -> str:
        """Return the expression of a column's value in the response."""
        raise NotImplementedError

    def _getter(self, column: str) -> Callable[[Any], Any]:
        """Return the function that reads a column off a row."""
        raise NotImplementedError

    def _column_index(self, _column: str) -> int | None:
        """Return the index of a column in a row; None if the objects are not rows of the database."""
        return None

    def _object(
        self, object_type: GraphQLObjectType, fields: FieldGroups, attributes: MemberNames, names: MemberNames
    ) -> str:
        """Return the expression of an object at a path, given as for `SelectedField`."""
        parts = [
            self._field(object_type, nodes, (*attributes, f"f{index}"), (*names, name))
            for index, (name, nodes) in enumerate(fields.items())
        ]
        return self._constants.object(tuple(fields), parts)

    def _field(
        self, object_type: GraphQLObjectType, nodes: list[FieldNode], attributes: MemberNames, names: MemberNames
    ) -> str:
        """Return the expression of a field's value; None for a value that an edge fills in."""
        name = nodes[0].name.value
        if name == "__typename":
            return repr(object_type.name)
        field = object_type.fields.get(name)
        definition = definition_of(field) if field is not None else None
        if field is None or definition is None:
            raise Unsupported(name if name.startswith("__") else f"{object_type.name}.{name}")
        value = definition.metadata.get(VALUE_DECLARATION)
        if isinstance(value, EmbeddedValue):
            inner_type: Any = get_named_type(field.type)
            return self._object(inner_type, self._selections.subfields(inner_type, nodes), attributes, names)
        selected = SelectedField(field, definition, nodes, attributes, names)
        declaration = definition.metadata.get(DECLARATION)
        if declaration is not None:
            self._edges.append(self._declared_edge(declaration, selected))
            return "None"
        return self._value(value, selected)

    def _value(self, value: Any, selected: SelectedField) -> str:
        """Return the expression of a value that the field's declaration reads off the row or derives from it."""
        if isinstance(value, PermissionValue):
            self.use_columns(value.reads)
            self._edges.append(PermissionEdge(*selected.edge_base, value, self._getter("id")))
            return "None"
        if isinstance(value, AsyncValue):
            self.use_columns(None)
            edge = AsyncValueEdge(*selected.edge_base, value.function, self._targets.objects(selected))
            self._edges.append(edge)
            return "None"
        definition = selected.definition
        if selected.field.args or (value is None and definition.base_resolver is not None):
            raise Unsupported(f"the resolver of {definition.name}")
        if isinstance(value, DerivedValue):
            self.use_columns(value.reads)
            if not selected.is_leaf:
                return self._embedded_objects(value.function, selected)
            self._needs_views = True
            serialize = self._constants.add(leaf_serializer(selected.field.type))
            return f"{serialize}({self._constants.add(value.function)}(v))"
        column = value.name if isinstance(value, ColumnValue) else definition.python_name
        if not selected.is_leaf:
            self.use_columns((column,))
            return self._embedded_objects(attrgetter(column), selected)
        return self._leaf(column, selected)

    def _embedded_objects(self, get: Callable[[Any], Any], selected: SelectedField) -> str:
        """Return the expression of objects within a value; an edge if they have edges of their own."""
        selection = self._targets.objects(selected)
        build = selection.inline_builder()
        if build is None:
            self._edges.append(EmbeddedEdge(*selected.edge_base, get, selection))
            return "None"
        self._needs_views = True
        return f"{self._constants.add(build)}({self._constants.add(get)}(v))"

    def _declared_edge(self, declaration: Any, selected: SelectedField) -> PlanEdge:
        """Return the edge of a field that leads to other rows, or is a field of a root."""
        base, targets = selected.edge_base, self._targets
        if isinstance(declaration, EdgeDeclaration):
            return self._edge(declaration, selected)
        if isinstance(declaration, AnyNodeDeclaration):
            if not selected.is_list:
                return AnyNodeEdge(*base, self._getter(declaration.key), targets.any_nodes(selected))
            self.use_columns((declaration.key,))
            return AnyNodeListEdge(*base, attrgetter(declaration.key), targets.any_nodes(selected))
        if isinstance(declaration, QueryDeclaration) and declaration.resolve is not None:
            arguments, objects = targets.arguments(selected), targets.objects(selected)
            return QueryEdge(*base, declaration, arguments, objects, targets.any_nodes(selected))
        if isinstance(declaration, QueryDeclaration) and declaration.listing is not None:
            return RootListEdge(*base, declaration, targets.connection(declaration.listing, selected))
        if isinstance(declaration, MutationDeclaration):
            return MutationEdge(*base, declaration, targets.arguments(selected), targets.objects(selected))
        raise Unsupported(f"{type(declaration).__name__} {selected.name}")

    def _edge(self, declaration: EdgeDeclaration, selected: SelectedField) -> PlanEdge:
        batch = declaration.batch
        if declaration.with_arguments is not None and selected.nodes[0].arguments:
            return self._batch_edge(replace(declaration, batch=declaration.with_arguments, key="id"), selected)
        if isinstance(batch, Lookup) and selected.is_list:
            return self._key_list_edge(declaration, batch, selected)
        if isinstance(batch, Lookup):
            return self._to_one_edge(declaration, batch, selected)
        if isinstance(batch, ChildListing):
            key_index = self._column_index(declaration.key) if declaration.key == "id" else None
            connection = self._targets.connection(batch.listing, selected)
            return ToManyEdge(*selected.edge_base, declaration, self._getter(declaration.key), connection, key_index)
        return self._batch_edge(declaration, selected)

    def _to_one_edge(self, declaration: EdgeDeclaration, batch: Lookup[Any], selected: SelectedField) -> ToOneEdge:
        """Return the edge to a row, or to a value that is derived from both rows."""
        if selected.field.args and declaration.with_arguments is None:
            raise Unsupported(f"the arguments of {selected.name}")
        named_type = selected.named_type
        key, base = self._getter(declaration.key), selected.edge_base
        if declaration.value is None:
            if not isinstance(named_type, GraphQLObjectType):
                raise Unsupported(f"an edge to {named_type.name}")
            target = self._targets.rows(batch, selected)
            return ToOneEdge(*base, declaration, key, *target, self._column_index(declaration.key))
        if not selected.is_leaf:
            raise Unsupported(f"a value of type {named_type.name}")
        self.use_columns(declaration.reads)
        target = self._targets.row_views(batch, declaration.target_reads)
        serialize = leaf_serializer(selected.field.type)
        return ToOneEdge(*base, declaration, key, *target, self._column_index(declaration.key), serialize)

    def _key_list_edge(self, declaration: EdgeDeclaration, batch: Lookup[Any], selected: SelectedField) -> KeyListEdge:
        named_type = selected.named_type
        if selected.field.args or declaration.value is not None or not isinstance(named_type, GraphQLObjectType):
            raise Unsupported(f"an edge to several {named_type.name}")
        self.use_columns((declaration.key,))
        target = self._targets.rows(batch, selected)
        return KeyListEdge(*selected.edge_base, declaration, attrgetter(declaration.key), *target)

    def _batch_edge(self, declaration: EdgeDeclaration, selected: SelectedField) -> BatchEdge:
        key = self._getter(declaration.key)
        if declaration.value is not None:
            self.use_columns(declaration.reads)
        arguments = self._targets.arguments(selected)
        output = leaf_serializer(selected.field.type) if selected.is_leaf else self._targets.objects(selected)
        names = tuple([argument.python_name for argument in selected.definition.arguments])
        return BatchEdge(*selected.edge_base, declaration, key, arguments, names, output)
