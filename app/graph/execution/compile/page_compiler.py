"""The compiling of connections: what is selected of a page, of its items, and of where it lies in its list."""

from collections.abc import Callable, Mapping
from typing import Any

from graphql import FieldNode, get_named_type

from app.graph.dsl import connections
from app.graph.execution.run.arguments import Arguments
from app.graph.execution.run.codegen import Constants, compiled
from app.graph.execution.run.executor import Level
from app.graph.execution.run.page_runtime import Pages, View
from app.graph.execution.selection import DEFINITION, Selections, Unknown
from app.lists.listings import COUNTED_EXACTLY


class Connecting:
    """The connection of a list, while it is compiled."""

    def __init__(
        self,
        selections: Selections,
        kind: Any,
        nodes: list[FieldNode],
        asked: Arguments,
        columns: list[str],
        level: Callable[[Any, list[FieldNode]], Level],
    ) -> None:
        definition = kind.extensions[DEFINITION]
        if definition.concrete_of is None or definition.concrete_of.origin is not connections.Connection:
            raise Unknown(f"{kind.name} for a list")
        self.selections, self.kind, self.nodes, self.level = selections, kind, nodes, level
        self.found = Pages(columns, asked)
        self.constants = Constants()

    def pages(self) -> Pages:
        """All that the executor needs of it."""
        body = self._object(self.kind, self.selections.below(self.kind, self.nodes), self._member)
        items = "".join(f", p{index}" for index in range(len(self.found.views)))
        told, each = ("m, (a, b)", "zip(more, bounds)") if self.found.told else ("(a, b)", "bounds")
        if self.found.counts:
            told, each = "n, m, (a, b)", "zip(counts, more, bounds)"
        source = f"lambda bounds, more, inside, backwards, counts, cursor{items}: [{body} for {told} in {each}]"
        self.found.make = compiled(source, self.constants)
        return self.found

    def _object(self, kind: Any, found: Mapping[str, list[FieldNode]], member: Any, *more: Any) -> str:
        parts = []
        for name, nodes in found.items():
            called = nodes[0].name.value
            parts.append(repr(kind.name) if called == "__typename" else member(kind, name, called, nodes, *more))
        return self.constants.object(tuple(found), parts)

    def _member(self, kind: Any, name: str, called: str, nodes: list[FieldNode]) -> str:
        match called:
            case "nodes":
                return f"{self._view(kind, called, nodes, [name], [])}[a:b]"
            case "edges":
                edge = get_named_type(kind.fields[called].type)
                body = self._object(edge, self.selections.below(edge, nodes), self._edge, name)
                return f"[{body} for i in range(a, b)]"
            case "pageInfo":
                info = get_named_type(kind.fields[called].type)
                return self._object(info, self.selections.below(info, nodes), self._info)
            case "totalCount":
                self.found.counts = True
                total = get_named_type(kind.fields[called].type)
                return self._object(total, self.selections.below(total, nodes), self._total)
        raise Unknown(f"{kind.name}.{called}")

    def _view(self, kind: Any, called: str, nodes: list[FieldNode], before: list[Any], after: list[Any]) -> str:
        item = get_named_type(kind.fields[called].type)
        level = self.level(item, nodes)
        self.found.views.append(View(level, before, after))
        return f"p{len(self.found.views) - 1}"

    def _edge(self, kind: Any, name: str, called: str, nodes: list[FieldNode], edges_name: str) -> str:
        match called:
            case "cursor":
                self.found.cursors = True
                return "cursor(i)"
            case "node":
                return f"{self._view(kind, called, nodes, [edges_name], [name])}[i]"
        raise Unknown(f"{kind.name}.{called}")

    def _info(self, kind: Any, _name: str, called: str, _nodes: list[FieldNode]) -> str:
        match called:
            case "hasNextPage":
                self.found.told = True
                return "(inside if backwards else m)"
            case "hasPreviousPage":
                self.found.told = True
                return "(m if backwards else inside)"
            case "startCursor":
                self.found.cursors = True
                return "cursor(a) if b > a else None"
            case "endCursor":
                self.found.cursors = True
                return "cursor(b - 1) if b > a else None"
        raise Unknown(f"{kind.name}.{called}")

    def _total(self, kind: Any, _name: str, called: str, _nodes: list[FieldNode]) -> str:
        match called:
            case "count":
                return f"min(n, {COUNTED_EXACTLY})"
            case "precision":
                return f"'AT_LEAST' if n > {COUNTED_EXACTLY} else 'EXACT'"
        raise Unknown(f"{kind.name}.{called}")
