"""Locations of a level's objects in the response.

Only errors need paths. A level therefore keeps the steps back to its parents, and paths are made when an edge fails.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

ResponsePath = list[str | int]
ParentSteps = Callable[[int], Iterable[tuple[int, ResponsePath]]]
"""Index of an object → (index of a parent that leads to it, path from that parent), for each such parent."""


class Location(Protocol):
    """The location of a level's objects in the response."""

    def paths(self, index: int) -> Iterator[ResponsePath]:
        """Yield the paths of the object at an index. An object to which several parents lead has several paths."""


class RootLocation:
    """The location of the whole response."""

    def paths(self, _index: int) -> Iterator[ResponsePath]:
        """Yield the empty path."""
        yield []


@dataclass(frozen=True, slots=True)
class ChildLocation:
    """The location of objects to which the objects of a parent level lead."""

    parent: Location
    steps: ParentSteps

    def paths(self, index: int) -> Iterator[ResponsePath]:
        """Yield the paths of an object."""
        for parent_index, steps in self.steps(index):
            for path in self.parent.paths(parent_index):
                yield path + steps


def steps_by_key(keys: Sequence[Any], row_keys: Sequence[Any], names: Sequence[str]) -> ParentSteps:
    """Return the steps from rows to the parents whose key a row has; `keys` holds one key for each parent."""

    def steps(index: int) -> list[tuple[int, ResponsePath]]:
        return [(parent, [*names]) for parent, key in enumerate(keys) if key == row_keys[index]]

    return steps


def steps_by_key_list(
    key_lists: Sequence[Sequence[Any] | None], row_keys: Sequence[Any], names: Sequence[str]
) -> ParentSteps:
    """Return the steps from rows to the parents whose list holds a row's key."""

    def steps(index: int) -> list[tuple[int, ResponsePath]]:
        return [
            (parent, [*names, position])
            for parent, keys in enumerate(key_lists)
            for position, key in enumerate(keys or ())
            if key == row_keys[index]
        ]

    return steps


def steps_by_range(ranges: Sequence[tuple[int, int]], list_path: ResponsePath, node_path: ResponsePath) -> ParentSteps:
    """Return the steps from items to the parents that own them, each the items from one index to another.

    The path leads along `list_path` to the parent's list, to the item's index in it, and along `node_path` to the node.
    """

    def steps(index: int) -> Iterable[tuple[int, ResponsePath]]:
        parent = bisect_right(ranges, index, key=lambda pair: pair[0]) - 1
        return [(parent, [*list_path, index - ranges[parent][0], *node_path])]

    return steps
