"""The compiler of operations. It raises Unsupported for an operation that graphql-core has to execute."""

from typing import Any

from graphql import GraphQLObjectType, GraphQLSchema, OperationDefinitionNode, OperationType
from sqlalchemy import Dialect

from app.graph.dsl import node_types
from app.graph.execution.compile.argument_compiler import ArgumentCompiler
from app.graph.execution.compile.input_converters import InputConverters
from app.graph.execution.compile.row_levels import ObjectLevelCompiler, RowLevelCompiler, SelectedColumns
from app.graph.execution.fallback import Unsupported
from app.graph.execution.run.plan import Plan
from app.graph.execution.selection import Selections


class OperationCompiler:
    """Compiles the operations of one schema for one dialect."""

    def __init__(self, schema: GraphQLSchema, dialect: Dialect, scalar_registry: Any) -> None:
        self.schema, self._dialect = schema, dialect
        self.arguments = ArgumentCompiler(InputConverters(scalar_registry))
        self.type_names: dict[Any, str] = {
            node.by_id.table: node.type.__name__ for node in node_types.nodes_by_prefix.values()
        }
        """Table → the type of its rows."""

    def compile(self, selections: Selections, operation: OperationDefinitionNode) -> Plan:
        """Return the plan of an operation."""
        root_type = self.schema.get_root_type(operation.operation)
        assert root_type is not None
        if operation.directives:
            raise Unsupported("directives of an operation")
        root = self.object_level(selections, root_type).compile([operation.selection_set])
        if operation.operation is not OperationType.MUTATION:
            return Plan(root, [root.edges])
        return Plan(root, [[edge] for edge in root.edges])

    def row_level(
        self,
        selections: Selections,
        object_type: GraphQLObjectType | None,
        table: Any,
        columns: SelectedColumns | None = None,
    ) -> RowLevelCompiler:
        """Return the compiler of a level of rows; levels that share `columns` are made of the same rows."""
        columns = columns or self.selected_columns(table)
        return RowLevelCompiler(self, selections, object_type, columns, self._dialect)

    def object_level(self, selections: Selections, object_type: GraphQLObjectType) -> ObjectLevelCompiler:
        """Return the compiler of a level of Python objects."""
        return ObjectLevelCompiler(self, selections, object_type)

    def selected_columns(self, table: Any) -> SelectedColumns:
        """Return an empty selection of a table's columns."""
        return SelectedColumns(table)
