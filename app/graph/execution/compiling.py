"""From a valid operation to its plan: what each level reads, how its objects are made, and where its edges lead.

The making of a level's objects is one function, written here as source and compiled: a loop whose body is an
expression. What the compiler does not know makes it give up (`Unknown`); the operation is then graphql-core's.
"""

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter, itemgetter
from typing import Any

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLList,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
)
from sqlalchemy import Dialect

from app.core.pages import Children, Listing, Lookup
from app.graph import fields
from app.graph.declared import WORD, AnyEdge, Edge, Mutation, Query
from app.graph.execution import edges, finding, roots, several, working
from app.graph.execution.asking import Arguments
from app.graph.execution.connecting import Pages
from app.graph.execution.connections import Connecting
from app.graph.execution.generating import Fill, Names, compiled, filler, structure, viewing
from app.graph.execution.giving import Given
from app.graph.execution.inputs import Inputs
from app.graph.execution.leaves import completed, python_value, shown
from app.graph.execution.selecting import DEFINITION, Selections, Unknown
from app.graph.execution.walking import Level, Plan
from app.graph.values import VALUE, Awaited, Column, Derived, Part, Permission

Common = tuple[Names, list[FieldNode], Fill]


class Columns:
    """What is read of the rows of a table, in the order in which it was asked for."""

    def __init__(self, table: Any, dialect: Dialect) -> None:
        self.table, self.dialect = table, dialect
        self.names: list[str] = []

    def at(self, name: str) -> int:
        """The place of a column in a row."""
        if name not in self.table.__table__.columns:
            raise Unknown(f"{self.table.__name__} has no column {name}")
        if name not in self.names:
            self.names.append(name)
        return self.names.index(name)

    def column(self, name: str) -> Any:
        """A column."""
        self.at(name)
        return self.table.__table__.columns[name]

    def all(self) -> Sequence[str]:
        """The names of all columns of the table."""
        return [column.key for column in self.table.__table__.columns]


class Compiler:
    """Compiles the operations of one schema for one kind of database."""

    def __init__(self, schema: GraphQLSchema, dialect: Dialect, registry: Any, config: Any) -> None:
        self.schema, self.dialect = schema, dialect
        self.inputs = Inputs(registry, config)
        self.tables = {node.by_id.table: node.type.__name__ for node in fields.nodes.values()}

    def plan(self, selections: Selections, operation: OperationDefinitionNode) -> Plan:
        """The plan of an operation."""
        kind = self.schema.get_root_type(operation.operation)
        assert kind is not None
        if operation.directives:
            raise Unknown("directives of an operation")
        root = _Objects(self, selections, kind).level([operation.selection_set])
        if operation.operation is not OperationType.MUTATION:
            return Plan(root, [root.edges])
        return Plan(root, [[edge] for edge in root.edges])


class _Making:
    """The level of one type at one place, while it is compiled."""

    def __init__(self, compiler: Compiler, selections: Selections, kind: GraphQLObjectType) -> None:
        self.compiler, self.selections, self.kind = compiler, selections, kind
        self.constants: dict[str, Any] = {}
        self.edges: list[Any] = []
        self.viewed: list[str] | None = []
        """The columns that functions look at; None when it may be any."""
        self.views = False

    def level(self, sets: Sequence[SelectionSetNode]) -> Level:
        """The level of some selections."""
        body = self.object(self.kind, self.selections.fields(self.kind, sets), (), ())
        level = self.finish(body)
        level.edges = self.edges
        return level

    def finish(self, body: str) -> Level:
        """The level, now that all of it is known."""
        raise NotImplementedError

    def constant(self, value: Any) -> str:
        """The name of a value in the source."""
        name = f"k{len(self.constants)}"
        self.constants[name] = value
        return name

    def object(self, kind: GraphQLObjectType, found: Mapping[str, list[FieldNode]], at: Names, path: Names) -> str:
        """The expression of an object: `at` is where it lies in what the level makes, `path` in the response."""
        parts = [
            self.field(kind, nodes, (*at, f"f{index}"), (*path, name))
            for index, (name, nodes) in enumerate(found.items())
        ]
        return f"{self.constant(structure(tuple(found)))}({', '.join(parts)})"

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
            self.edges.append(working.Awaited(*common, value.function, self.given(field.type, nodes)))
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
            self.edges.append(edges.Inside(*self.common(nodes, at, path), get, self.given(field.type, nodes)))
            return "None"
        if isinstance(value, Derived):
            self.views = True
            return f"{self.constant(completed(field.type))}({self.constant(value.function)}(v))"
        return self.leaf(column, field)

    def leaf(self, column: str, field: GraphQLField) -> str:
        """The expression of a value of a leaf type."""
        raise NotImplementedError

    def look(self, names: Sequence[str] | None) -> None:
        """Functions look at columns of the row."""

    def get(self, name: str) -> Callable[[Any], Any]:
        """Reads a key off a row."""
        raise NotImplementedError

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
            key = self.get(word.key)
            asked = self.arguments(field, definition, nodes)
            return edges.ToMany(*common, word, key, asked, self.pages(word.batch.listing, field, nodes, asked))
        if isinstance(word, Edge):
            return self.worked(word, field, definition, nodes, common)
        if isinstance(word, AnyEdge) and gives_list(field):
            self.look((word.key,))
            return several.Anythings(*common, attrgetter(word.key), self.any_row(field, nodes))
        if isinstance(word, AnyEdge):
            return finding.Anything(*common, self.get(word.key), self.any_row(field, nodes))
        if isinstance(word, Query) and isinstance(word.listing, Listing) and word.plain:
            asked = self.arguments(field, definition, nodes)
            return roots.RootList(*common, word, asked, self.pages(word.listing, field, nodes, asked))
        if isinstance(word, Query) and word.resolve is not None:
            asked = self.arguments(field, definition, nodes)
            return roots.Asked(*common, word, asked, self.given(field.type, nodes), self.any_row(field, nodes))
        if isinstance(word, Mutation):
            asked = self.arguments(field, definition, nodes)
            return roots.Changed(*common, word, asked, self.given(field.type, nodes))
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
            making = _Rows(self.compiler, self.selections, named, batch.table)
            at = making.columns.at(batch.column.key)
            level = making.level([node.selection_set for node in nodes if node.selection_set])
            return edges.ToOne(*common, word, key, level, itemgetter(at))
        if not is_leaf_type(named):
            raise Unknown(f"a value of type {named.name}")
        self.look(word.reads)
        nothing = _Rows(self.compiler, self.selections, None, batch.table)
        at = nothing.columns.at(batch.column.key)
        nothing.look(word.of)
        return edges.ToOne(*common, word, key, nothing.finish("None"), itemgetter(at), completed(field.type))

    def to_several(
        self, word: Edge, batch: Lookup[Any], field: GraphQLField, nodes: list[FieldNode], common: Common
    ) -> several.ToSeveral:
        """The edge to the rows of a list of keys."""
        named = get_named_type(field.type)
        if field.args or word.value is not None or not isinstance(named, GraphQLObjectType):
            raise Unknown(f"an edge to several {named.name}")
        self.look((word.key,))
        making = _Rows(self.compiler, self.selections, named, batch.table)
        at = making.columns.at(batch.column.key)
        level = making.level([node.selection_set for node in nodes if node.selection_set])
        return several.ToSeveral(*common, word, attrgetter(word.key), level, itemgetter(at))

    def worked(
        self, word: Edge, field: GraphQLField, definition: Any, nodes: list[FieldNode], common: Common
    ) -> working.Worked:
        """The edge to what a batch works out."""
        key = self.get(word.key)
        if word.value is not None:
            self.look(word.reads)
        asked = self.arguments(field, definition, nodes)
        leaf = is_leaf_type(get_named_type(field.type))
        give = completed(field.type) if leaf else self.given(field.type, nodes)
        names = tuple(argument.python_name for argument in definition.arguments)
        return working.Worked(*common, word, key, asked, names, give)

    def arguments(self, field: GraphQLField, definition: Any, nodes: list[FieldNode]) -> Arguments:
        """The arguments of a field."""
        return Arguments(field, nodes[0], definition, self.compiler.inputs)

    def given(self, kind: Any, nodes: list[FieldNode]) -> Given:
        """The selection of objects that are there already."""
        named = get_named_type(kind)
        if is_leaf_type(named):
            raise Unknown(f"a resolver that gives {named.name}")
        possible = self.compiler.schema.get_possible_types(named) if is_abstract_type(named) else [named]
        sets = [node.selection_set for node in nodes if node.selection_set]
        levels = {each.name: _Objects(self.compiler, self.selections, each).level(sets) for each in possible}
        names: dict[type, str] = dict(self.compiler.tables)
        return Given(kind, levels, None if is_abstract_type(named) else named.name, names)

    def any_row(self, field: GraphQLField, nodes: list[FieldNode]) -> dict[str, Level]:
        """How rows of the kinds that a field can lead to are made, by the prefix of their ids."""
        named = get_named_type(field.type)
        possible = self.compiler.schema.get_possible_types(named) if is_abstract_type(named) else [named]
        sets = [node.selection_set for node in nodes if node.selection_set]
        found = {}
        for prefix, node in fields.nodes.items():
            kind = next((kind for kind in possible if kind.name == node.type.__name__), None)
            if isinstance(kind, GraphQLObjectType):
                making = _Rows(self.compiler, self.selections, kind, node.by_id.table)
                making.columns.at("id")
                found[prefix] = making.level(sets)
        return found

    def pages(self, listing: Listing[Any], field: GraphQLField, nodes: list[FieldNode], asked: Arguments) -> Pages:
        """The selection of a connection."""
        columns = Columns(listing.table, self.compiler.dialect)

        def level(item: Any, nodes: list[FieldNode]) -> Level:
            making = _Rows(self.compiler, self.selections, item, listing.table, columns)
            return making.level([node.selection_set for node in nodes if node.selection_set])

        kind = get_named_type(field.type)
        return Connecting(self.selections, kind, nodes, asked, columns.names, level).pages()


class _Rows(_Making):
    """A level of rows as the database gives them: of some columns, by place."""

    def __init__(
        self,
        compiler: Compiler,
        selections: Selections,
        kind: GraphQLObjectType | None,
        table: Any,
        columns: Columns | None = None,
    ) -> None:
        if kind is not None and compiler.tables.get(table) != kind.name:
            raise Unknown(f"{kind.name} of {table.__name__}")
        super().__init__(compiler, selections, kind)  # type: ignore[arg-type]
        self.columns = columns or Columns(table, compiler.dialect)

    def leaf(self, column: str, field: GraphQLField) -> str:
        give = shown(field.type, self.columns.column(column), self.compiler.dialect)
        place = f"r[{self.columns.at(column)}]"
        if give is None:
            return place
        if isinstance(give, dict):
            return f"{self.constant(give)}[{place}]"
        return f"{self.constant(give)}({place})"

    def look(self, names: Sequence[str] | None) -> None:
        if self.viewed is not None:
            self.viewed = None if names is None else list(dict.fromkeys([*self.viewed, *names]))

    def get(self, name: str) -> Callable[[Any], Any]:
        return itemgetter(self.columns.at(name))

    def finish(self, body: str) -> Level:
        table = self.columns.table
        names = self.columns.all() if self.viewed is None else self.viewed
        parts = []
        for name in names:
            value = python_value(self.columns.column(name).type, self.compiler.dialect)
            place = f"r[{self.columns.at(name)}]"
            parts.append(place if value is None else f"{self.constant(value)}({place})")
        self.constants["view"] = viewing(table, tuple(names))
        view = compiled(f"lambda rows: [view({', '.join(parts)}) for r in rows]", self.constants)
        loop = "for r, v in zip(rows, look(rows))" if self.views else "for r in rows"
        self.constants["look"] = view
        make = compiled(f"lambda rows: [{body} {loop}]", self.constants)
        return Level(make, view, tuple(self.columns.names))


def gives_list(field: GraphQLField) -> bool:
    """Whether a field gives several."""
    return isinstance(get_nullable_type(field.type), GraphQLList)


class _Objects(_Making):
    """A level of objects that are there already: what a resolver or an action gave."""

    def leaf(self, column: str, field: GraphQLField) -> str:
        return f"{self.constant(completed(field.type))}(v.{column})"

    def get(self, name: str) -> Callable[[Any], Any]:
        return attrgetter(name)

    def finish(self, body: str) -> Level:
        return Level(compiled(f"lambda rows: [{body} for v in rows]", self.constants))
