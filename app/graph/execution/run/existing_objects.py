"""Objects that exist before their selection is known: results of mutations, refusals, values of resolvers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLList, GraphQLNonNull, GraphQLOutputType
from strawberry.types import get_object_definition

from app.db.records import Record
from app.graph.execution.fallback import FallBack
from app.graph.execution.run.locations import ChildLocation, ResponsePath
from app.graph.execution.run.plan import LevelInstance, PlanLevel

ItemOwner = tuple[int, int | None]
"""The index of the level's object that has a value, and the value's index in the object's list, if it has a list."""
OwnedObjects = tuple[Sequence[Any], list[ItemOwner]]


@dataclass(slots=True)
class ObjectSelection:
    """The selection of a field whose values are objects: one object, or a list of them."""

    field_type: GraphQLOutputType
    levels: dict[str, PlanLevel]
    """Type name → the level of its objects."""
    only_type: str | None
    """The name of the objects' type; None if the field's type is abstract."""
    type_names: dict[type, str]
    """Python class → type name. Classes that are seen are added."""

    def build(
        self, instance: LevelInstance, values: Sequence[Any], names: ResponsePath
    ) -> tuple[list[Any], list[LevelInstance]]:
        """Return the response's value for each object of a level, and the level instances of the objects in them."""
        nullable_type, non_null = _unwrap_non_null(self.field_type)
        outputs: list[Any] = [None] * len(values)
        if not isinstance(nullable_type, GraphQLList):
            groups = self._group_by_type(values, [(index, None) for index in range(len(values))], non_null)
        else:
            item_type, item_non_null = _unwrap_non_null(nullable_type.of_type)
            if isinstance(item_type, GraphQLList):
                raise FallBack("a list of lists")
            all_items: list[Any] = []
            owners: list[ItemOwner] = []
            for index, value in enumerate(values):
                if not _is_null(value, non_null):
                    items = list(value)
                    outputs[index] = [None] * len(items)
                    all_items += items
                    owners += [(index, position) for position in range(len(items))]
            groups = self._group_by_type(all_items, owners, item_non_null)
        return outputs, [
            _build_group(instance, self.levels[name], objects, owners, names, outputs)
            for name, (objects, owners) in groups.items()
        ]

    def inline_builder(self) -> Callable[[Any], Any] | None:
        """Return a function that makes the response's value of one value; None if the objects have edges."""
        if self.only_type is None or self.levels[self.only_type].edges:
            return None
        build, (nullable_type, non_null) = self.levels[self.only_type].build, _unwrap_non_null(self.field_type)
        if not isinstance(nullable_type, GraphQLList):
            return lambda value: None if _is_null(value, non_null) else build((value,))[0]
        if isinstance(_unwrap_non_null(nullable_type.of_type)[0], GraphQLList):
            return None

        def build_list(value: Any) -> Any:
            if _is_null(value, non_null):
                return None
            items = list(value)
            for item in items:
                # A null in a list is rare. graphql-core works out its consequence.
                _is_null(item, True)
            return build(items)

        return build_list

    def _group_by_type(self, values: Sequence[Any], owners: list[ItemOwner], non_null: bool) -> dict[str, OwnedObjects]:
        """Return the objects that are not null, with their owners, by type name."""
        present = [index for index, value in enumerate(values) if not _is_null(value, non_null)]
        if self.only_type is not None and len(present) == len(values):
            return {self.only_type: (values, owners)} if present else {}
        groups: dict[str, tuple[list[Any], list[ItemOwner]]] = {}
        for index in present:
            name = self.only_type or self._type_name(type(values[index]))
            if name not in self.levels:
                raise FallBack("an object of an unknown type")
            group_objects, group_owners = groups.setdefault(name, ([], []))
            group_objects.append(values[index])
            group_owners.append(owners[index])
        return dict(groups)

    def _type_name(self, cls: type) -> str:
        name = self.type_names.get(cls)
        if name is None:
            if issubclass(cls, Record):
                raise FallBack("a row of an unknown type")
            definition = get_object_definition(cls)
            name = definition.name if definition is not None else ""
            self.type_names[cls] = name
        return name


def _build_group(
    instance: LevelInstance,
    level: PlanLevel,
    objects: Sequence[Any],
    owners: list[ItemOwner],
    names: ResponsePath,
    outputs: list[Any],
) -> LevelInstance:
    """Build the response's objects of one type, and put each into its owner's output."""

    def steps(index: int) -> list[tuple[int, ResponsePath]]:
        parent, position = owners[index]
        return [(parent, names if position is None else [*names, position])]

    reached = LevelInstance(level, objects, ChildLocation(instance.location, steps))
    for output, (index, position) in zip(reached.objects, owners, strict=True):
        if position is None:
            outputs[index] = output
        else:
            outputs[index][position] = output
    return reached


def _is_null(value: Any, non_null: bool) -> bool:
    if isinstance(value, Exception):
        raise FallBack("an exception for a value")
    if value is None and non_null:
        raise FallBack("null where there has to be an object")
    return value is None


def _unwrap_non_null(field_type: GraphQLOutputType) -> tuple[GraphQLOutputType, bool]:
    return (field_type.of_type, True) if isinstance(field_type, GraphQLNonNull) else (field_type, False)
