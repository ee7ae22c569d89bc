"""Objects that are there already, put into the response: results of mutations, refusals, whatever a resolver gave."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLList, GraphQLNonNull, GraphQLOutputType

from app.db.records import Record
from app.graph.execution.run.executor import Anew, Below, Here, Level, Path

Owner = tuple[int, int | None]
"""The index of the object that has a value, and the value's place where it is one of a list."""
Items = tuple[Sequence[Any], list[Owner]]


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
        kind, never_null = _bare(self.kind)
        parts: list[Any] = [None] * len(values)
        if not isinstance(kind, GraphQLList):
            found = self._sorted(values, [(index, None) for index in range(len(values))], never_null)
        else:
            of, item_never_null = _bare(kind.of_type)
            if isinstance(of, GraphQLList):
                raise Anew("a list of lists")
            items: list[Any] = []
            owners: list[Owner] = []
            for index, value in enumerate(values):
                if not _is_null(value, never_null):
                    mine = list(value)
                    parts[index] = [None] * len(mine)
                    items += mine
                    owners += [(index, place) for place in range(len(mine))]
            found = self._sorted(items, owners, item_never_null)
        return parts, [self._make(here, self.levels[name], *mine, names, parts) for name, mine in found.items()]

    def alone(self) -> Callable[[Any], Any] | None:
        """Makes what stands in the response for one value; None where more may follow from its objects."""
        if self.single is None or self.levels[self.single].edges:
            return None
        make, (kind, never_null) = self.levels[self.single].make, _bare(self.kind)
        if not isinstance(kind, GraphQLList):
            return lambda value: None if _is_null(value, never_null) else make((value,))[0]
        if isinstance(_bare(kind.of_type)[0], GraphQLList):
            return None

        def several(value: Any) -> Any:
            if _is_null(value, never_null):
                return None
            items = list(value)
            for item in items:
                # A null in a list is rare, and graphql-core's to tell of.
                _is_null(item, True)
            return make(items)

        return several

    def _sorted(self, values: Sequence[Any], owners: list[Owner], never_null: bool) -> dict[str, Items]:
        """The objects by their types."""
        there = [index for index, value in enumerate(values) if not _is_null(value, never_null)]
        if self.single is not None and len(there) == len(values):
            return {self.single: (values, owners)} if there else {}
        found: dict[str, tuple[list[Any], list[Owner]]] = {}
        for index in there:
            name = self.single or self._name(type(values[index]))
            if name not in self.levels:
                raise Anew("an object of an unknown type")
            objects, theirs = found.setdefault(name, ([], []))
            objects.append(values[index])
            theirs.append(owners[index])
        return dict(found)

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
    def _make(
        here: Here, level: Level, objects: Sequence[Any], owners: list[Owner], names: Path, parts: list[Any]
    ) -> Here:
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


def _is_null(value: Any, never: bool) -> bool:
    if isinstance(value, Exception):
        raise Anew("an exception for a value")
    if value is None and never:
        raise Anew("null where there has to be an object")
    return value is None


def _bare(kind: GraphQLOutputType) -> tuple[GraphQLOutputType, bool]:
    return (kind.of_type, True) if isinstance(kind, GraphQLNonNull) else (kind, False)
