"""Objects that are there already, put into the response: results of mutations, refusals, whatever a resolver gave."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLList, GraphQLNonNull, GraphQLOutputType

from app.core.records import Record
from app.graph.execution.walking import Anew, Below, Here, Level, Path

Owner = tuple[int, int | None]
"""The index of the object that has a value, and the value's place where it is one of a list."""


@dataclass(slots=True)
class Given:
    """The selection of a field that gives objects: one, or a list."""

    kind: GraphQLOutputType
    levels: dict[str, Level]
    """How the objects of each type are made."""
    single: str | None
    """The type, where there is just one."""
    names: dict[type, str]
    """The types that rows are the values of."""

    def give(self, here: Here, values: Sequence[Any], names: Path) -> tuple[list[Any], list[Here]]:
        """What stands in the response for a value of each object, and the levels of the objects in them."""
        items: dict[str, tuple[list[Any], list[Owner]]] = {}
        kind, never_null = _bare(self.kind)
        if isinstance(kind, GraphQLList):
            of, item_never_null = _bare(kind.of_type)
            if isinstance(of, GraphQLList):
                raise Anew("a list of lists")
            parts: list[Any] = []
            for index, value in enumerate(values):
                if self._is_null(value, never_null):
                    parts.append(None)
                    continue
                listed = list(value)
                parts.append([None] * len(listed))
                for place, item in enumerate(listed):
                    if not self._is_null(item, item_never_null):
                        self._sort(items, item, (index, place))
        else:
            parts = [None] * len(values)
            for index, value in enumerate(values):
                if not self._is_null(value, never_null):
                    self._sort(items, value, (index, None))
        return parts, [self._make(here, self.levels[name], *found, names, parts) for name, found in items.items()]

    @staticmethod
    def _is_null(value: Any, never: bool) -> bool:
        if isinstance(value, Exception):
            raise Anew("an exception for a value")
        if value is None and never:
            raise Anew("null where there has to be an object")
        return value is None

    def _sort(self, items: dict[str, tuple[list[Any], list[Owner]]], value: Any, owner: Owner) -> None:
        name = self.single or self._name(type(value))
        if name not in self.levels:
            raise Anew("an object of an unknown type")
        found = items.setdefault(name, ([], []))
        found[0].append(value)
        found[1].append(owner)

    def _name(self, cls: type) -> str:
        name = self.names.get(cls)
        if name is None:
            if issubclass(cls, Record):
                raise Anew("a row of an unknown type")
            definition: Any = getattr(cls, "__strawberry_definition__", None)
            name = definition.name if definition is not None else ""
            self.names[cls] = name
        return name

    @staticmethod
    def _make(here: Here, level: Level, objects: list[Any], owners: list[Owner], names: Path, parts: list[Any]) -> Here:
        def steps(index: int) -> list[tuple[int, Path]]:
            above, place = owners[index]
            return [(above, names if place is None else [*names, place])]

        reached = Here(level, objects, Below(here, steps))
        for part, (index, place) in zip(reached.parts, owners, strict=True):
            if place is None:
                parts[index] = part
            else:
                parts[index][place] = part
        return reached


def _bare(kind: GraphQLOutputType) -> tuple[GraphQLOutputType, bool]:
    return (kind.of_type, True) if isinstance(kind, GraphQLNonNull) else (kind, False)
