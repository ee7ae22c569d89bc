"""How a plan is walked: level by level, each edge asked once for all the objects that have it.

A level is the objects of one type at one place of the response. Its edges are generators: each yields what it needs to
know, and ends with the levels that it leads to. All edges that wait are answered together.
"""

from bisect import bisect_right
from collections.abc import Callable, Generator, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import msgspec
from graphql import FieldNode, GraphQLError
from graphql.error import located_error

from app.access import Actor
from app.db.read_batch import NOTHING, Follow, Read
from app.db.read_executor import Call, Needs, Reading
from app.graph.dsl.context import Context
from app.graph.execution.run.column_reads import Reader

_encode = msgspec.json.Encoder().encode

Path = list[str | int]
Steps = Callable[[int], Iterable[tuple[int, Path]]]
"""The way back from an object: the index of each object that led to it, and the path from there."""
Leading = Generator[Sequence[Read | Call], list[Any], Sequence["Here"]]


class Anew(Exception):
    """The operation has to be completed by graphql-core after all; the text says why."""


class Place(Protocol):
    """Where the objects of a level lie in the response."""

    def paths(self, index: int) -> Iterator[Path]:
        """The paths of one of them: several, where several fields led to it."""


class Root:
    """Where the whole response lies."""

    def paths(self, _index: int) -> Iterator[Path]:
        """The path of all."""
        yield []


@dataclass(frozen=True, slots=True)
class Below:
    """Where objects lie that one object each led to, or several."""

    here: "Here"
    steps: Steps

    def paths(self, index: int) -> Iterator[Path]:
        """The paths of an object."""
        for above, steps in self.steps(index):
            for path in self.here.place.paths(above):
                yield path + steps


@dataclass(slots=True)
class Run:
    """One operation while it runs."""

    context: Context
    reader: Reader
    variables: Any
    """The variables' values as graphql-core has them."""
    errors: list[GraphQLError] = field(default_factory=list)

    def fail(self, here: "Here", indexes: Iterable[int], edge: "Edge", error: Exception) -> None:
        """Note that an edge failed for some objects."""
        names: Path = [*edge.names]
        for index in indexes:
            for path in here.place.paths(index):
                self.errors.append(located_error(error, edge.nodes, path + names))


@dataclass(slots=True)
class Level:
    """How the objects of one type at one place are made."""

    make: Callable[[Sequence[Any]], list[Any]]
    """The parts of the response that rows, or objects, stand for."""
    view: Callable[[Sequence[Any]], Sequence[Any]] = lambda rows: rows
    """The rows as functions of the domain know them: with attributes."""
    columns: tuple[str, ...] = ()
    """What is read of each row; nothing of objects, which are there."""
    edges: list["Edge"] = field(default_factory=list)
    follows: dict[Actor, tuple[Follow, ...]] = field(default_factory=dict)
    """What may be read with its rows, for each of those who asked lately (see `ahead`)."""

    @property
    def lasts(self) -> bool:
        """Whether that is the same each time, for the same caller."""
        return all(edge.lasts for edge in self.edges)


@dataclass(frozen=True, slots=True)
class Plan:
    """How an operation is run: its root, and the edges of it that are followed together, one group after the other."""

    root: Level
    steps: list[list["Edge"]]

    def reading(self, run: Run) -> Reading[bytes]:
        """Run it; gives the response's data as JSON."""
        here = Here(self.root, [None], Root())
        for edges in self.steps:
            yield from walk(run, here, edges)
        return _encode(here.parts[0])


class Here:
    """The objects of a level while an operation runs."""

    __slots__ = ("__dict__", "ahead", "level", "parts", "place", "rows")

    def __init__(
        self, level: Level, rows: Sequence[Any], place: Place, ahead: Mapping[Hashable, Any] = NOTHING
    ) -> None:
        self.level, self.rows, self.place = level, rows, place
        self.ahead = ahead
        """The rows that edges lead to, where they were read with these."""
        try:
            self.parts = level.make(rows)
        except Exception:
            raise Anew("a value that failed") from None

    @cached_property
    def views(self) -> Sequence[Any]:
        """The rows with attributes."""
        return self.level.view(self.rows)


class Edge(Protocol):
    """A field that is filled in once its level is made."""

    names: tuple[str, ...]
    """Its path from the object."""
    nodes: list[FieldNode]

    def follow(self, run: Run, here: Here) -> Leading:
        """Fill it in for all objects; gives the levels that it leads to."""

    def ahead(self, run: Run) -> Sequence[Follow]:
        """What can be read for it together with the rows of its level."""

    @property
    def lasts(self) -> bool:
        """Whether that is the same each time, for the same caller."""


def walk(run: Run, start: Here, edges: Sequence[Edge]) -> Reading[None]:
    """Fill in what some edges of an object lead to, and everything below."""
    waiting: list[tuple[Leading, Sequence[Read | Call]]] = []
    reached: list[Here] = []
    for edge in edges:
        _advance(edge.follow(run, start), None, waiting, reached)
    _begin(run, reached, waiting)
    while waiting:
        answers = yield [need for _, needs in waiting for need in needs]
        asked, waiting, at = waiting, [], 0
        reached = []
        for leading, needs in asked:
            share, at = answers[at : at + len(needs)], at + len(needs)
            _advance(leading, share, waiting, reached)
        _begin(run, reached, waiting)


def _begin(run: Run, reached: list[Here], waiting: list[tuple[Leading, Needs]]) -> None:
    while reached:
        further: list[Here] = []
        for here in reached:
            for edge in here.level.edges:
                _advance(edge.follow(run, here), None, waiting, further)
        reached = further


def _advance(edge: Leading, share: list[Any] | None, waiting: list[tuple[Leading, Needs]], reached: list[Here]) -> None:
    try:
        needs = next(edge) if share is None else edge.send(share)
    except StopIteration as done:
        reached.extend(done.value)
    else:
        waiting.append((edge, needs))


def of_keys(keys: Sequence[Any], found: Sequence[Any], names: Sequence[str]) -> Steps:
    """The way back from each of what was found, as its key says, to the objects that each led to one by its key."""

    def steps(index: int) -> list[tuple[int, Path]]:
        return [(above, [*names]) for above, key in enumerate(keys) if key == found[index]]

    return steps


def of_lists(lists: Sequence[Sequence[Any] | None], found: Sequence[Any], names: Sequence[str]) -> Steps:
    """The way back from each of what was found, as its key says, to the objects whose lists hold the key."""

    def steps(index: int) -> list[tuple[int, Path]]:
        return [
            (above, [*names, place])
            for above, keys in enumerate(lists)
            for place, key in enumerate(keys or ())
            if key == found[index]
        ]

    return steps


def of_bounds(bounds: Sequence[tuple[int, int]], before: Path, after: Path) -> Steps:
    """The way back from an item to its owner, where each owner has the items from one index to another."""

    def steps(index: int) -> Iterable[tuple[int, Path]]:
        owner = bisect_right(bounds, index, key=lambda pair: pair[0]) - 1
        return [(owner, [*before, index - bounds[owner][0], *after])]

    return steps
