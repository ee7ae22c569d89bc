"""Plans and their parts: levels, edges between levels, and the state of one run.

A level is the objects of one type at one place in the response. An edge leads from all objects of a level to other
levels, with one read for all of them.
"""

from collections.abc import Callable, Generator, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from graphql import FieldNode, GraphQLError, VariableValues, located_error

from app.access import Actor
from app.db.read_batch import NO_DEPENDENTS, DependentRead
from app.db.read_executor import Requests
from app.graph.dsl.context import Context
from app.graph.execution.fallback import FallBack
from app.graph.execution.run.column_reads import ColumnReads
from app.graph.execution.run.locations import Location, ResponsePath

Fill = Callable[[Sequence[Any], Sequence[Any]], None]
"""Sets the same member of each object of the response: `fill(objects, values)`."""
EdgeProgram = Generator[Requests, list[Any], Sequence["LevelInstance"]]
"""A read program that ends with the level instances to which an edge leads."""


@dataclass(slots=True)
class Run:
    """The state of one operation while it runs."""

    context: Context
    reads: ColumnReads
    variables: Mapping[str, Any]
    """The coerced values of the variables."""
    core_variables: Callable[[], VariableValues]
    """Returns them in the form that graphql-core's functions take."""
    errors: list[GraphQLError] = field(default_factory=list)

    def add_error(self, instance: "LevelInstance", indexes: Iterable[int], edge: "PlanEdge", error: Exception) -> None:
        """Record that an edge failed for the objects at some indexes of a level."""
        names: ResponsePath = [*edge.names]
        for index in indexes:
            for path in instance.location.paths(index):
                self.errors.append(located_error(error, edge.nodes, path + names))


@dataclass(slots=True)
class PlanLevel:
    """The objects of one type at one place in the response."""

    build: Callable[[Sequence[Any]], list[Any]]
    """Makes the objects of the response from rows, or from Python objects."""
    to_views: Callable[[Sequence[Any]], Sequence[Any]] = lambda rows: rows
    """Makes row views, objects with a row's columns as attributes, for the domain's functions."""
    columns: tuple[str, ...] = ()
    """The columns that are read of each row; empty for Python objects."""
    edges: list["PlanEdge"] = field(default_factory=list)
    dependent_reads: dict[Actor, tuple[DependentRead, ...]] = field(default_factory=dict)
    """Actor → the reads that are made together with the level's rows, for recent actors (see `prefetch`)."""

    @property
    def is_stable(self) -> bool:
        """True if the dependent reads are the same each time for the same actor."""
        return all(edge.is_stable for edge in self.edges)


@dataclass(frozen=True, slots=True)
class Plan:
    """An operation compiled to levels and edges."""

    root: PlanLevel
    steps: list[list["PlanEdge"]]
    """The root's edges: those of one step run together, the steps one after the other, as mutations demand."""


class LevelInstance:
    """The objects of a level in one run."""

    __slots__ = ("__dict__", "level", "location", "objects", "prefetched", "rows")

    def __init__(
        self,
        level: PlanLevel,
        rows: Sequence[Any],
        location: Location,
        prefetched: Mapping[Hashable, Any] = NO_DEPENDENTS,
    ) -> None:
        self.level, self.rows, self.location = level, rows, location
        self.prefetched = prefetched
        """Name of a dependent read → its rows, if they were read together with these."""
        try:
            self.objects = level.build(rows)
            """The objects of the response, one for each row."""
        except Exception:
            raise FallBack("a value that failed") from None

    @cached_property
    def views(self) -> Sequence[Any]:
        """The views of the rows."""
        return self.level.to_views(self.rows)


@dataclass(slots=True)
class PlanEdge:
    """A field whose values are filled in once the objects of its level exist."""

    names: tuple[str, ...]
    """The path to the field from the level's object."""
    nodes: list[FieldNode]
    fill: Fill

    def resolve(self, run: Run, instance: LevelInstance) -> EdgeProgram:
        """Fill in the field for all objects of a level; return the level instances to which it leads."""
        raise NotImplementedError

    def prefetch(self, _run: Run) -> Sequence[DependentRead]:
        """Return the reads that can be made together with the rows of the edge's level."""
        return ()

    @property
    def is_stable(self) -> bool:
        """True if these reads are the same each time for the same actor."""
        return True

    def fail(self, run: Run, instance: LevelInstance, error: Exception) -> Sequence[LevelInstance]:
        """Record that the edge failed for all objects, which keep null there."""
        run.add_error(instance, range(len(instance.rows)), self, error)
        return ()
