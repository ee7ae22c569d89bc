"""The compiler of connections: the selections of a page's items, of `pageInfo` and of `totalCount`.

It generates one expression for all pages of a level. See README.md for an example.
"""

from collections.abc import Callable
from typing import Any

from graphql import FieldNode, get_named_type

from app.graph.compat import definition_of
from app.graph.dsl import connections
from app.graph.execution.compile.codegen import Constants, compile_expression
from app.graph.execution.fallback import Unsupported
from app.graph.execution.run.page_runtime import ConnectionPlan, ItemSelection
from app.graph.execution.run.plan import PlanLevel
from app.graph.execution.selection import FieldGroups, Selections
from app.lists.listings import MAX_EXACT_COUNT

ItemLevel = Callable[[Any, list[FieldNode]], PlanLevel]
"""Compiles the level of a type's rows for some field nodes."""
MemberExpression = Callable[..., str]
"""Makes the expression of one member: of (type, response name, field name, nodes)."""


class ConnectionCompiler:
    """Compiles the connection of one list."""

    def __init__(self, selections: Selections, plan: ConnectionPlan, item_level: ItemLevel) -> None:
        self._selections, self._plan, self._item_level = selections, plan, item_level
        self._constants = Constants()

    def compile(self, connection_type: Any, nodes: list[FieldNode]) -> ConnectionPlan:
        """Complete the plan for the fields that some nodes select of a connection."""
        definition, plan = definition_of(connection_type), self._plan
        if definition.concrete_of is None or definition.concrete_of.origin is not connections.Connection:
            raise Unsupported(f"{connection_type.name} for a list")
        body = self._object(connection_type, self._selections.subfields(connection_type, nodes), self._member)
        items = "".join(f", p{index}" for index in range(len(plan.item_selections)))
        # The arguments are those of the call in `ConnectionPlan.build_connections`.
        if plan.needs_count:
            loop = "for n, m, (a, b) in zip(counts, has_more, ranges)"
        elif plan.needs_page_info:
            loop = "for m, (a, b) in zip(has_more, ranges)"
        else:
            loop = "for (a, b) in ranges"
        parameters = f"ranges, has_more, starts_inside, backwards, counts, cursor{items}"
        plan.build = compile_expression(f"lambda {parameters}: [{body} {loop}]", self._constants)
        return plan

    def _object(self, object_type: Any, fields: FieldGroups, member: MemberExpression, *extra: Any) -> str:
        parts = []
        for response_name, nodes in fields.items():
            name = nodes[0].name.value
            if name == "__typename":
                parts.append(repr(object_type.name))
            else:
                parts.append(member(object_type, response_name, name, nodes, *extra))
        return self._constants.object(tuple(fields), parts)

    def _member(self, object_type: Any, response_name: str, name: str, nodes: list[FieldNode]) -> str:
        match name:
            case "nodes":
                return f"{self._items(object_type, name, nodes, [response_name], [])}[a:b]"
            case "edges":
                edge_type = get_named_type(object_type.fields[name].type)
                fields = self._selections.subfields(edge_type, nodes)
                return f"[{self._object(edge_type, fields, self._edge, response_name)} for i in range(a, b)]"
            case "pageInfo":
                info_type = get_named_type(object_type.fields[name].type)
                return self._object(info_type, self._selections.subfields(info_type, nodes), self._page_info)
            case "totalCount":
                self._plan.needs_count = True
                count_type = get_named_type(object_type.fields[name].type)
                return self._object(count_type, self._selections.subfields(count_type, nodes), self._total_count)
        raise Unsupported(f"{object_type.name}.{name}")

    def _items(
        self, object_type: Any, name: str, nodes: list[FieldNode], list_path: list[Any], node_path: list[Any]
    ) -> str:
        """Add a selection of the page's items; return the name of their list in the expression."""
        level = self._item_level(get_named_type(object_type.fields[name].type), nodes)
        self._plan.item_selections.append(ItemSelection(level, list_path, node_path))
        return f"p{len(self._plan.item_selections) - 1}"

    def _edge(self, object_type: Any, response_name: str, name: str, nodes: list[FieldNode], edges_name: str) -> str:
        match name:
            case "cursor":
                self._plan.needs_cursors = True
                return "cursor(i)"
            case "node":
                return f"{self._items(object_type, name, nodes, [edges_name], [response_name])}[i]"
        raise Unsupported(f"{object_type.name}.{name}")

    def _page_info(self, object_type: Any, _response_name: str, name: str, _nodes: list[FieldNode]) -> str:
        match name:
            case "hasNextPage":
                self._plan.needs_page_info = True
                return "(starts_inside if backwards else m)"
            case "hasPreviousPage":
                self._plan.needs_page_info = True
                return "(m if backwards else starts_inside)"
            case "startCursor":
                self._plan.needs_cursors = True
                return "cursor(a) if b > a else None"
            case "endCursor":
                self._plan.needs_cursors = True
                return "cursor(b - 1) if b > a else None"
        raise Unsupported(f"{object_type.name}.{name}")

    def _total_count(self, object_type: Any, _response_name: str, name: str, _nodes: list[FieldNode]) -> str:
        match name:
            case "count":
                return f"min(n, {MAX_EXACT_COUNT})"
            case "precision":
                return f"'AT_LEAST' if n > {MAX_EXACT_COUNT} else 'EXACT'"
        raise Unsupported(f"{object_type.name}.{name}")
