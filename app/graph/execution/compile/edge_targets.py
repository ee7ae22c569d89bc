"""What the fields of a level lead to, while it is compiled: their arguments, and the levels that come next."""

from operator import itemgetter
from typing import Any, Protocol

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
)

from app.graph.dsl import node_types
from app.graph.execution.compile.page_compiler import Connecting
from app.graph.execution.run.arguments import Arguments
from app.graph.execution.run.edges import Get
from app.graph.execution.run.executor import Level
from app.graph.execution.run.existing_objects import Given
from app.graph.execution.run.input_coercion import Inputs
from app.graph.execution.run.page_runtime import Pages
from app.graph.execution.selection import Selections, Unknown, sets_of
from app.lists.listings import Listing, Lookup


class Levels(Protocol):
    """What makes the levels that a level leads to."""

    schema: GraphQLSchema
    inputs: Inputs
    tables: dict[Any, str]

    def rows(self, selections: Selections, kind: GraphQLObjectType | None, table: Any, columns: Any = None) -> Any: ...
    def objects(self, selections: Selections, kind: GraphQLObjectType) -> Any: ...
    def columns(self, table: Any) -> Any: ...


class Targets:
    """What the fields that an operation selects lead to."""

    def __init__(self, compiler: Levels, selections: Selections) -> None:
        self.compiler, self.selections = compiler, selections

    def arguments(self, field: GraphQLField, definition: Any, nodes: list[FieldNode]) -> Arguments:
        """The arguments of a field."""
        return Arguments(field, nodes[0], definition, self.compiler.inputs)

    def row(self, batch: Lookup[Any], kind: GraphQLObjectType, nodes: list[FieldNode]) -> tuple[Level, Get]:
        """How the rows that a batch finds are made, and how the key is read off one."""
        making = self.compiler.rows(self.selections, kind, batch.table)
        at = making.columns.at(batch.column.key)
        return making.level(sets_of(nodes)), itemgetter(at)

    def view(self, batch: Lookup[Any], names: tuple[str, ...] | None) -> tuple[Level, Get]:
        """The same where nothing is made of the rows, and a function looks at columns of them."""
        making = self.compiler.rows(self.selections, None, batch.table)
        at = making.columns.at(batch.column.key)
        making.look(names)
        return making.finish("None"), itemgetter(at)

    def any_row(self, field: GraphQLField, nodes: list[FieldNode]) -> dict[str, Level]:
        """How rows of the kinds that a field can lead to are made, by the prefix of their ids."""
        possible = {kind.name: kind for kind in self._possible(get_named_type(field.type))}
        found = {}
        for prefix, node in node_types.nodes.items():
            kind = possible.get(node.type.__name__)
            if isinstance(kind, GraphQLObjectType):
                making = self.compiler.rows(self.selections, kind, node.by_id.table)
                making.columns.at("id")
                found[prefix] = making.level(sets_of(nodes))
        return found

    def given(self, kind: Any, nodes: list[FieldNode]) -> Given:
        """The selection of objects that are there already."""
        named = get_named_type(kind)
        if is_leaf_type(named):
            raise Unknown(f"a resolver that gives {named.name}")
        sets = sets_of(nodes)
        levels = {each.name: self.compiler.objects(self.selections, each).level(sets) for each in self._possible(named)}
        names: dict[type, str] = dict(self.compiler.tables)
        return Given(kind, levels, None if is_abstract_type(named) else named.name, names)

    def pages(self, listing: Listing[Any], field: GraphQLField, definition: Any, nodes: list[FieldNode]) -> Pages:
        """The selection of a connection."""
        columns = self.compiler.columns(listing.table)

        def level(item: Any, nodes: list[FieldNode]) -> Level:
            making = self.compiler.rows(self.selections, item, listing.table, columns)
            found: Level = making.level(sets_of(nodes))
            return found

        kind, asked = get_named_type(field.type), self.arguments(field, definition, nodes)
        return Connecting(self.selections, kind, nodes, asked, columns.names, level).pages()

    def _possible(self, kind: Any) -> list[Any]:
        return [*self.compiler.schema.get_possible_types(kind)] if is_abstract_type(kind) else [kind]
