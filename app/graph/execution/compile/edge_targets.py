"""The targets of a level's edges: arguments, connections, and the levels to which the edges lead."""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Protocol

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLList,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
)

from app.graph.dsl import node_types
from app.graph.execution.compile.argument_compiler import ArgumentCompiler
from app.graph.execution.compile.codegen import MemberNames, compile_fill
from app.graph.execution.compile.page_compiler import ConnectionCompiler
from app.graph.execution.fallback import Unsupported
from app.graph.execution.run.arguments import Arguments
from app.graph.execution.run.edges import Getter
from app.graph.execution.run.existing_objects import ObjectSelection
from app.graph.execution.run.page_runtime import ConnectionPlan
from app.graph.execution.run.plan import Fill, PlanLevel
from app.graph.execution.selection import Selections, selection_sets
from app.lists.listings import Listing, Lookup


@dataclass(frozen=True)
class SelectedField:
    """A field that an operation selects of a level's objects."""

    field: GraphQLField
    definition: Any
    """The field as Strawberry declares it."""
    nodes: list[FieldNode]
    attributes: MemberNames
    """The path to the field's attribute in the generated response object, such as ("f2", "f0")."""
    names: MemberNames
    """The path to the field in the response, from the level's object."""

    @property
    def name(self) -> str:
        """The name in the schema."""
        return self.nodes[0].name.value

    @property
    def named_type(self) -> Any:
        """The type without list and non-null."""
        return get_named_type(self.field.type)

    @property
    def is_leaf(self) -> bool:
        """True if its values have no fields of their own."""
        return is_leaf_type(self.named_type)

    @property
    def is_list(self) -> bool:
        """True if its value is a list."""
        return isinstance(get_nullable_type(self.field.type), GraphQLList)

    @property
    def edge_base(self) -> tuple[MemberNames, list[FieldNode], Fill]:
        """The first arguments of every edge."""
        return self.names, self.nodes, compile_fill(self.attributes)


class LevelFactory(Protocol):
    """The part of the operation's compiler that makes the compilers of levels."""

    schema: GraphQLSchema
    arguments: ArgumentCompiler
    type_names: dict[Any, str]

    def row_level(
        self, selections: Selections, object_type: GraphQLObjectType | None, table: Any, columns: Any = None
    ) -> Any: ...
    def object_level(self, selections: Selections, object_type: GraphQLObjectType) -> Any: ...
    def selected_columns(self, table: Any) -> Any: ...


class EdgeTargets:
    """Compiles the targets of the fields that an operation selects."""

    def __init__(self, levels: LevelFactory, selections: Selections) -> None:
        self._levels, self._selections = levels, selections

    def arguments(self, selected: SelectedField) -> Arguments:
        """Return the arguments of a field."""
        return self._levels.arguments.compile(selected.field, selected.definition, selected.nodes[0])

    def rows(self, batch: Lookup[Any], selected: SelectedField) -> tuple[PlanLevel, Getter]:
        """Return the level of the rows that a lookup finds, and the getter of their key."""
        level = self._levels.row_level(self._selections, selected.named_type, batch.table)
        key_index = level.columns.index(batch.column.key)
        return level.compile(selection_sets(selected.nodes)), itemgetter(key_index)

    def row_views(self, batch: Lookup[Any], columns: Sequence[str] | None) -> tuple[PlanLevel, Getter]:
        """Return the same for rows that are read for a function, which uses some of their columns; None means all."""
        level = self._levels.row_level(self._selections, None, batch.table)
        key_index = level.columns.index(batch.column.key)
        level.use_columns(columns)
        return level.finish("None"), itemgetter(key_index)

    def any_nodes(self, selected: SelectedField) -> dict[str, PlanLevel]:
        """Return id prefix → the level of its rows, for the types to which a field can lead."""
        possible_types = {possible.name: possible for possible in self._possible_types(selected.named_type)}
        levels: dict[str, PlanLevel] = {}
        for prefix, node in node_types.nodes_by_prefix.items():
            object_type = possible_types.get(node.type.__name__)
            if isinstance(object_type, GraphQLObjectType):
                level = self._levels.row_level(self._selections, object_type, node.by_id.table)
                level.columns.index("id")
                levels[prefix] = level.compile(selection_sets(selected.nodes))
        return levels

    def objects(self, selected: SelectedField) -> ObjectSelection:
        """Return the selection of a field whose values are Python objects."""
        named_type = selected.named_type
        if selected.is_leaf:
            raise Unsupported(f"a resolver of the leaf type {named_type.name}")
        levels = {
            possible.name: self._levels.object_level(self._selections, possible).compile(selection_sets(selected.nodes))
            for possible in self._possible_types(named_type)
        }
        only_type = None if is_abstract_type(named_type) else named_type.name
        return ObjectSelection(selected.field.type, levels, only_type, dict(self._levels.type_names))

    def connection(self, listing: Listing[Any], selected: SelectedField) -> ConnectionPlan:
        """Return the selection of a connection."""
        # All selections of a page's items read the same rows, and so share the indexes of the columns.
        columns = self._levels.selected_columns(listing.table)

        def item_level(object_type: Any, nodes: list[FieldNode]) -> PlanLevel:
            compiler = self._levels.row_level(self._selections, object_type, listing.table, columns)
            level: PlanLevel = compiler.compile(selection_sets(nodes))
            return level

        plan = ConnectionPlan(columns.names, self.arguments(selected))
        return ConnectionCompiler(self._selections, plan, item_level).compile(selected.named_type, selected.nodes)

    def _possible_types(self, named_type: Any) -> list[Any]:
        return [*self._levels.schema.get_possible_types(named_type)] if is_abstract_type(named_type) else [named_type]
