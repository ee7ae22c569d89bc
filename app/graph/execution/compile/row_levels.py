"""The two kinds of levels: of rows as the database returns them, and of Python objects."""

from collections.abc import Callable, Sequence
from operator import attrgetter, itemgetter
from typing import Any

from graphql import GraphQLObjectType
from sqlalchemy import Dialect

from app.db.prepared_statements import result_converter
from app.graph.execution.compile.codegen import compile_expression, row_view_class
from app.graph.execution.compile.edge_targets import LevelFactory, SelectedField
from app.graph.execution.compile.leaf_output import column_serializer, leaf_serializer
from app.graph.execution.compile.level_compiler import LevelCompiler
from app.graph.execution.fallback import Unsupported
from app.graph.execution.run.plan import PlanLevel
from app.graph.execution.selection import Selections


class SelectedColumns:
    """The columns that are read of a table's rows, in the order of their first use."""

    def __init__(self, table: Any) -> None:
        self.table = table
        self.names: list[str] = []

    def index(self, name: str) -> int:
        """Return the index of a column in a row, which is added if it is new."""
        if name not in self.table.__table__.columns:
            raise Unsupported(f"{self.table.__name__} has no column {name}")
        if name not in self.names:
            self.names.append(name)
        return self.names.index(name)

    def column(self, name: str) -> Any:
        """Return a column of the table, which is added if it is new."""
        self.index(name)
        return self.table.__table__.columns[name]

    def all_names(self) -> Sequence[str]:
        """Return the names of all columns of the table."""
        return [column.key for column in self.table.__table__.columns]


class RowLevelCompiler(LevelCompiler):
    """Compiles a level of rows. In the generated source, `r` is a row and `v` is its view."""

    def __init__(
        self,
        levels: LevelFactory,
        selections: Selections,
        object_type: GraphQLObjectType | None,
        columns: SelectedColumns,
        dialect: Dialect,
    ) -> None:
        if object_type is not None and levels.type_names.get(columns.table) != object_type.name:
            raise Unsupported(f"{object_type.name} of {columns.table.__name__}")
        super().__init__(levels, selections, object_type)
        self.columns, self._dialect = columns, dialect

    def use_columns(self, names: Sequence[str] | None) -> None:
        if self._view_columns is not None:
            self._view_columns = None if names is None else list(dict.fromkeys([*self._view_columns, *names]))

    def finish(self, body: str) -> PlanLevel:
        names = self.columns.all_names() if self._view_columns is None else self._view_columns
        parts = []
        for name in names:
            convert = result_converter(self.columns.column(name).type, self._dialect)
            cell = f"r[{self.columns.index(name)}]"
            parts.append(cell if convert is None else f"{self._constants.add(convert)}({cell})")
        self._constants["view"] = row_view_class(self.columns.table, tuple(names))
        to_views = compile_expression(f"lambda rows: [view({', '.join(parts)}) for r in rows]", self._constants)
        loop = "for r, v in zip(rows, to_views(rows))" if self._needs_views else "for r in rows"
        self._constants["to_views"] = to_views
        build = compile_expression(f"lambda rows: [{body} {loop}]", self._constants)
        return PlanLevel(build, to_views, tuple(self.columns.names))

    def _leaf(self, column: str, selected: SelectedField) -> str:
        serialize = column_serializer(selected.field.type, self.columns.column(column), self._dialect)
        cell = f"r[{self.columns.index(column)}]"
        if serialize is None:
            return cell
        name = self._constants.add(serialize)
        return f"{name}[{cell}]" if isinstance(serialize, dict) else f"{name}({cell})"

    def _getter(self, column: str) -> Callable[[Any], Any]:
        return itemgetter(self.columns.index(column))

    def _column_index(self, column: str) -> int:
        return self.columns.index(column)


class ObjectLevelCompiler(LevelCompiler):
    """Compiles a level of Python objects, such as the payload of a mutation. In the generated source, `v` is one."""

    def finish(self, body: str) -> PlanLevel:
        return PlanLevel(compile_expression(f"lambda rows: [{body} for v in rows]", self._constants))

    def _leaf(self, column: str, selected: SelectedField) -> str:
        return f"{self._constants.add(leaf_serializer(selected.field.type))}(v.{column})"

    def _getter(self, column: str) -> Callable[[Any], Any]:
        return attrgetter(column)
