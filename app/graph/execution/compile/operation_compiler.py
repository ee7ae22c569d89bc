"""From a valid operation to its plan: what each level reads, how its objects are made, and where its edges lead.

The making of a level's objects is one function, written here as source and compiled: a loop whose body is an
expression. What the compiler does not know makes it give up (`Unknown`); the operation is then graphql-core's.
"""

from collections.abc import Callable, Sequence
from operator import attrgetter, itemgetter
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
)
from sqlalchemy import Dialect

from app.db.prepared_statements import python_value
from app.graph.dsl import node_types
from app.graph.execution.compile.leaf_output import completed, shown
from app.graph.execution.compile.level_compiler import Making
from app.graph.execution.run.codegen import compiled, viewing
from app.graph.execution.run.executor import Level, Plan
from app.graph.execution.run.input_coercion import Inputs
from app.graph.execution.selection import Selections, Unknown


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

    def __init__(self, schema: GraphQLSchema, dialect: Dialect, registry: Any) -> None:
        self.schema, self.dialect = schema, dialect
        self.inputs = Inputs(registry)
        self.tables = {node.by_id.table: node.type.__name__ for node in node_types.nodes.values()}

    def rows(
        self, selections: Selections, kind: GraphQLObjectType | None, table: Any, columns: Columns | None = None
    ) -> "Rows":
        """A level of rows of a table, of which some columns are read, perhaps for other levels too."""
        return Rows(self, selections, kind, columns or self.columns(table))

    def objects(self, selections: Selections, kind: GraphQLObjectType) -> "Objects":
        """A level of objects that are there already."""
        return Objects(self, selections, kind)

    def columns(self, table: Any) -> Columns:
        """Columns of a table; none yet."""
        return Columns(table, self.dialect)

    def plan(self, selections: Selections, operation: OperationDefinitionNode) -> Plan:
        """The plan of an operation."""
        kind = self.schema.get_root_type(operation.operation)
        assert kind is not None
        if operation.directives:
            raise Unknown("directives of an operation")
        root = self.objects(selections, kind).level([operation.selection_set])
        if operation.operation is not OperationType.MUTATION:
            return Plan(root, [root.edges])
        return Plan(root, [[edge] for edge in root.edges])


class Rows(Making):
    """A level of rows as the database gives them: of some columns, by place."""

    def __init__(
        self, compiler: Compiler, selections: Selections, kind: GraphQLObjectType | None, columns: Columns
    ) -> None:
        if kind is not None and compiler.tables.get(columns.table) != kind.name:
            raise Unknown(f"{kind.name} of {columns.table.__name__}")
        super().__init__(compiler, selections, kind)
        self.columns, self.dialect = columns, compiler.dialect

    def leaf(self, column: str, field: GraphQLField) -> str:
        give = shown(field.type, self.columns.column(column), self.dialect)
        place = f"r[{self.columns.at(column)}]"
        if give is None:
            return place
        if isinstance(give, dict):
            return f"{self.constants.name(give)}[{place}]"
        return f"{self.constants.name(give)}({place})"

    def look(self, names: Sequence[str] | None) -> None:
        if self.viewed is not None:
            self.viewed = None if names is None else list(dict.fromkeys([*self.viewed, *names]))

    def get(self, name: str) -> Callable[[Any], Any]:
        return itemgetter(self.columns.at(name))

    def place(self, name: str) -> int:
        return self.columns.at(name)

    def finish(self, body: str) -> Level:
        table = self.columns.table
        names = self.columns.all() if self.viewed is None else self.viewed
        parts = []
        for name in names:
            value = python_value(self.columns.column(name).type, self.dialect)
            place = f"r[{self.columns.at(name)}]"
            parts.append(place if value is None else f"{self.constants.name(value)}({place})")
        self.constants["view"] = viewing(table, tuple(names))
        view = compiled(f"lambda rows: [view({', '.join(parts)}) for r in rows]", self.constants)
        loop = "for r, v in zip(rows, look(rows))" if self.views else "for r in rows"
        self.constants["look"] = view
        make = compiled(f"lambda rows: [{body} {loop}]", self.constants)
        return Level(make, view, tuple(self.columns.names))


class Objects(Making):
    """A level of objects that are there already: what a resolver or an action gave."""

    def leaf(self, column: str, field: GraphQLField) -> str:
        return f"{self.constants.name(completed(field.type))}(v.{column})"

    def get(self, name: str) -> Callable[[Any], Any]:
        return attrgetter(name)

    def finish(self, body: str) -> Level:
        return Level(compiled(f"lambda rows: [{body} for v in rows]", self.constants))
