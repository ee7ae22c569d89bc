"""The making of one level, while it is compiled: an expression for each of its objects, and its edges."""

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLList,
    GraphQLObjectType,
    SelectionSetNode,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
)

from app.graph.dsl.declarations import WORD, AnyEdge, Edge, Mutation, Query
from app.graph.dsl.value_declarations import VALUE, Awaited, Column, Derived, Part, Permission
from app.graph.execution.compile.edge_targets import Levels, Targets
from app.graph.execution.compile.leaf_output import completed
from app.graph.execution.run import computed_edges, edges, list_edges, node_edges, root_fields
from app.graph.execution.run.codegen import Constants, Fill, Names, filler
from app.graph.execution.run.executor import Level
from app.graph.execution.selection import DEFINITION, Selections, Unknown
from app.lists.listings import Children, Lookup

Common = tuple[Names, list[FieldNode], Fill]


class Making:
    """The level of one type at one place, while it is compiled."""

    def __init__(self, compiler: Levels, selections: Selections, kind: GraphQLObjectType | None) -> None:
        self.targets, self.selections, self.kind = Targets(compiler, selections), selections, kind
        self.constants = Constants()
        self.edges: list[Any] = []
        self.viewed: list[str] | None = []
        """The columns that functions look at; None when it may be any."""
        self.views = False

    def level(self, sets: Sequence[SelectionSetNode]) -> Level:
        """The level of some selections."""
        assert self.kind is not None
        body = self.object(self.kind, self.selections.fields(self.kind, sets), (), ())
        level = self.finish(body)
        level.edges = self.edges
        return level

    def finish(self, body: str) -> Level:
        """The level, now that all of it is known."""
        raise NotImplementedError

    def object(self, kind: GraphQLObjectType, found: Mapping[str, list[FieldNode]], at: Names, path: Names) -> str:
        """The expression of an object: `at` is where it lies in what the level makes, `path` in the response."""
        parts = [
            self.field(kind, nodes, (*at, f"f{index}"), (*path, name))
            for index, (name, nodes) in enumerate(found.items())
        ]
        return self.constants.object(tuple(found), parts)

    def field(self, kind: GraphQLObjectType, nodes: list[FieldNode], at: Names, path: Names) -> str:
        """The expression of a field's value; null for what is filled in later."""
        name = nodes[0].name.value
        if name == "__typename":
            return repr(kind.name)
        field = kind.fields.get(name)
        definition = field.extensions.get(DEFINITION) if field is not None else None
        if definition is None:
            raise Unknown(name if name.startswith("__") else f"{kind.name}.{name}")
        word, value = definition.metadata.get(WORD), definition.metadata.get(VALUE)
        if word is not None:
            self.edges.append(self.edge(word, field, definition, nodes, at, path))
            return "None"
        if isinstance(value, Part):
            inner: Any = get_named_type(field.type)
            return self.object(inner, self.selections.below(inner, nodes), at, path)
        if isinstance(value, Permission):
            self.look(value.reads)
            common = self.common(nodes, at, path)
            self.edges.append(edges.Permitted(*common, value, self.get("id")))
            return "None"
        if isinstance(value, Awaited):
            self.look(None)
            common = self.common(nodes, at, path)
            self.edges.append(computed_edges.Awaited(*common, value.function, self.targets.given(field.type, nodes)))
            return "None"
        return self.value(definition, value, field, nodes, at, path)

    def value(
        self, definition: Any, value: Any, field: GraphQLField, nodes: list[FieldNode], at: Names, path: Names
    ) -> str:
        """The expression of a value of the row itself."""
        if field.args or (value is None and definition.base_resolver is not None):
            raise Unknown(f"the resolver of {definition.name}")
        column = value.name if isinstance(value, Column) else definition.python_name
        if isinstance(value, Derived):
            self.look(value.reads)
        if not is_leaf_type(get_named_type(field.type)):
            get = value.function if isinstance(value, Derived) else attrgetter(column)
            if not isinstance(value, Derived):
                self.look((column,))
            given = self.targets.given(field.type, nodes)
            give = given.alone()
            if give is not None:
                self.views = True
                return f"{self.constants.name(give)}({self.constants.name(get)}(v))"
            self.edges.append(edges.Inside(*self.common(nodes, at, path), get, given))
            return "None"
        if isinstance(value, Derived):
            self.views = True
            function = self.constants.name(value.function)
            return f"{self.constants.name(completed(field.type))}({function}(v))"
        return self.leaf(column, field)

    def leaf(self, column: str, field: GraphQLField) -> str:
        """The expression of a value of a leaf type."""
        raise NotImplementedError

    def look(self, names: Sequence[str] | None) -> None:
        """Functions look at columns of the row."""

    def get(self, name: str) -> Callable[[Any], Any]:
        """Reads a key off a row."""
        raise NotImplementedError

    def place(self, name: str) -> int | None:
        """The place of a key in a row, for objects that are rows as the database gives them."""
        return None

    def common(self, nodes: list[FieldNode], at: Names, path: Names) -> Common:
        """What all edges have."""
        return path, nodes, filler(at)

    def edge(
        self, word: Any, field: GraphQLField, definition: Any, nodes: list[FieldNode], at: Names, path: Names
    ) -> Any:
        """The edge of a declared field."""
        common = self.common(nodes, at, path)
        if isinstance(word, Edge) and isinstance(word.batch, Lookup) and gives_list(field):
            return self.to_several(word, word.batch, field, nodes, common)
        if isinstance(word, Edge) and isinstance(word.batch, Lookup):
            return self.to_one(word, word.batch, field, nodes, common)
        if isinstance(word, Edge) and isinstance(word.batch, Children):
            place = self.place(word.key) if word.key == "id" else None
            pages = self.targets.pages(word.batch.listing, field, definition, nodes)
            return edges.ToMany(*common, word, self.get(word.key), pages, place)
        if isinstance(word, Edge):
            return self.worked(word, field, definition, nodes, common)
        if isinstance(word, AnyEdge) and gives_list(field):
            self.look((word.key,))
            return list_edges.Anythings(*common, attrgetter(word.key), self.targets.any_row(field, nodes))
        if isinstance(word, AnyEdge):
            return node_edges.Anything(*common, self.get(word.key), self.targets.any_row(field, nodes))
        if isinstance(word, Query) and word.listing is not None and word.resolve is None:
            return root_fields.RootList(*common, word, self.targets.pages(word.listing, field, definition, nodes))
        if isinstance(word, Query) and word.resolve is not None:
            asked = self.targets.arguments(field, definition, nodes)
            return root_fields.Asked(
                *common, word, asked, self.targets.given(field.type, nodes), self.targets.any_row(field, nodes)
            )
        if isinstance(word, Mutation):
            asked = self.targets.arguments(field, definition, nodes)
            return root_fields.Changed(*common, word, asked, self.targets.given(field.type, nodes))
        raise Unknown(f"{type(word).__name__} {nodes[0].name.value}")

    def to_one(
        self, word: Edge, batch: Lookup[Any], field: GraphQLField, nodes: list[FieldNode], common: Common
    ) -> edges.ToOne:
        """The edge to a row of a table, or to what is made of it."""
        if field.args:
            raise Unknown(f"the arguments of {nodes[0].name.value}")
        key = self.get(word.key)
        named = get_named_type(field.type)
        if word.value is None:
            if not isinstance(named, GraphQLObjectType):
                raise Unknown(f"an edge to {named.name}")
            return edges.ToOne(*common, word, key, *self.targets.row(batch, named, nodes), self.place(word.key))
        if not is_leaf_type(named):
            raise Unknown(f"a value of type {named.name}")
        self.look(word.reads)
        target = self.targets.view(batch, word.of)
        return edges.ToOne(*common, word, key, *target, self.place(word.key), completed(field.type))

    def to_several(
        self, word: Edge, batch: Lookup[Any], field: GraphQLField, nodes: list[FieldNode], common: Common
    ) -> list_edges.ToSeveral:
        """The edge to the rows of a list of keys."""
        named = get_named_type(field.type)
        if field.args or word.value is not None or not isinstance(named, GraphQLObjectType):
            raise Unknown(f"an edge to several {named.name}")
        self.look((word.key,))
        return list_edges.ToSeveral(*common, word, attrgetter(word.key), *self.targets.row(batch, named, nodes))

    def worked(
        self, word: Edge, field: GraphQLField, definition: Any, nodes: list[FieldNode], common: Common
    ) -> computed_edges.Worked:
        """The edge to what a batch works out."""
        key = self.get(word.key)
        if word.value is not None:
            self.look(word.reads)
        asked = self.targets.arguments(field, definition, nodes)
        leaf = is_leaf_type(get_named_type(field.type))
        give = completed(field.type) if leaf else self.targets.given(field.type, nodes)
        names = tuple(argument.python_name for argument in definition.arguments)
        return computed_edges.Worked(*common, word, key, asked, names, give)


def gives_list(field: GraphQLField) -> bool:
    """Whether a field gives several."""
    return isinstance(get_nullable_type(field.type), GraphQLList)
