"""Edges to rows by one key, to a page of rows, to permissions, and to objects within a value."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.access import Actor
from app.core.errors import MissingScope
from app.db.read_batch import DependentRead, Read, dependents_of
from app.graph.dsl import declarations
from app.graph.execution.fallback import FallBack
from app.graph.execution.run.existing_objects import ObjectSelection
from app.graph.execution.run.locations import ChildLocation, steps_by_key
from app.graph.execution.run.page_runtime import ConnectionPlan
from app.graph.execution.run.plan import EdgeProgram, LevelInstance, PlanEdge, PlanLevel, Run
from app.graph.execution.run.prefetch import PausedRead, level_prefetch
from app.lists.listings import ChildListing, Lookup

Getter = Callable[[Any], Any]


@dataclass(slots=True)
class ToOneEdge(PlanEdge):
    """An edge to the row of a key."""

    declaration: declarations.EdgeDeclaration
    key: Getter
    """Reads the key off an object's row."""
    level: PlanLevel
    row_key: Getter
    """Reads the key off a row to which the edge leads."""
    key_index: int | None
    """The index of the key in an object's row; None if the object is not a row of the database."""
    serialize: Getter | None = None
    """Makes the response's value, if the declaration derives a value from both rows."""

    def resolve(self, run: Run, instance: LevelInstance) -> EdgeProgram:
        """Look up the rows of all keys."""
        declaration = self.declaration
        try:
            actor = run.context.permitted_actor(declaration.scope, own=declaration.own)
        except Exception as error:
            return self.fail(run, instance, error)
        keys = [self.key(row) for row in instance.rows]
        distinct_keys = list(dict.fromkeys(key for key in keys if key is not None))
        if not distinct_keys:
            return ()
        rows, prefetched = yield from self._read(run, instance, actor, distinct_keys)
        if isinstance(rows, Exception):
            run.add_error(instance, [index for index, key in enumerate(keys) if key is not None], self, rows)
            return ()
        row_keys = [self.row_key(row) for row in rows]
        if declaration.value is not None:
            views = dict(zip(row_keys, self.level.to_views(rows), strict=True))
            self._fill_derived(run, instance, keys, views)
            return ()
        return self._fill_objects(instance, keys, row_keys, rows, prefetched)

    def prefetch(self, run: Run) -> Sequence[DependentRead]:
        """Return the read of the rows of all keys."""
        declaration, level = self.declaration, self.level
        if self.key_index is None or not isinstance(declaration.batch, Lookup):
            return ()
        try:
            actor = run.context.permitted_actor(declaration.scope, own=declaration.own)
        except MissingScope:
            return ()  # `resolve` records the error
        read = run.reads.rows(declaration.batch, actor, (), level.columns)
        return [DependentRead(id(self), self.key_index, read.with_dependents(level_prefetch(run, level)))]

    @property
    def is_stable(self) -> bool:
        """True if these reads are the same each time for the same actor."""
        return self.level.is_stable

    def _read(self, run: Run, instance: LevelInstance, actor: Actor, keys: list[Any]) -> Any:
        """Return the rows of some keys, or the exception of their read, and the rows that were read with them."""
        rows = instance.prefetched.get(id(self))
        if rows is not None:
            # The prefetch followed every row that was read. The level may show fewer: a page reads one row more.
            wanted = set(keys)
            return [row for row in rows if self.row_key(row) in wanted], dependents_of(rows)
        batch = self.declaration.batch
        assert isinstance(batch, Lookup)
        read = run.reads.rows(batch, actor, keys, self.level.columns)
        [rows] = yield [read.with_dependents(level_prefetch(run, self.level))]
        return rows, dependents_of(rows)

    def _fill_objects(
        self,
        instance: LevelInstance,
        keys: list[Any],
        row_keys: list[Any],
        rows: Sequence[Any],
        prefetched: Mapping[Hashable, Any],
    ) -> Sequence[LevelInstance]:
        location = ChildLocation(instance.location, steps_by_key(keys, row_keys, self.names))
        reached = LevelInstance(self.level, rows, location, prefetched)
        objects = dict(zip(row_keys, reached.objects, strict=True))
        self.fill(instance.objects, [objects.get(key) for key in keys])
        return [reached] if rows else ()

    def _fill_derived(self, run: Run, instance: LevelInstance, keys: list[Any], views: dict[Any, Any]) -> None:
        """Fill in the value that the declaration derives from each object's row and the row of its key."""
        derive, serialize, context = self.declaration.value, self.serialize, run.context
        assert derive is not None
        assert serialize is not None
        values: list[Any] = []
        for index, (key, row) in enumerate(zip(keys, instance.views, strict=True)):
            try:
                values.append(None if key is None else serialize(derive(row, views.get(key), context)))
            except Exception as error:
                values.append(None)
                run.add_error(instance, [index], self, error)
        self.fill(instance.objects, values)


@dataclass(slots=True)
class ToManyEdge(PlanEdge):
    """An edge to a page of rows for each object."""

    declaration: declarations.EdgeDeclaration
    key: Getter
    """Reads the parent's key off an object's row."""
    connection: ConnectionPlan
    key_index: int | None
    """The index of the key in an object's row; None if the object is not a row, or the key is not its id."""

    def resolve(self, run: Run, instance: LevelInstance) -> EdgeProgram:
        """Read the pages of all objects, and count their lists if the selection asks for counts."""
        batch = self.declaration.batch
        assert isinstance(batch, ChildListing)
        keys = [self.key(row) for row in instance.rows]
        read = PausedRead(self._read(run, list(dict.fromkeys(keys))))
        prefetched = [instance.prefetched.get((id(self), number)) for number in range(len(read.requests or ()))]
        if prefetched and None not in prefetched:
            read.resume(prefetched)
        try:
            actor, request, rows, counts = yield from read.finish()
        except FallBack:
            raise
        except Exception as error:
            return self.fail(run, instance, error)
        count_by_key = dict(map(tuple, counts or ()))
        rows_by_key = self.connection.rows_by_parent(batch.listing, request, rows)
        pages: list[Any] = [rows_by_key.get(key, ()) for key in keys]
        totals = [count_by_key.get(key, 0) for key in keys]
        connections, reached = self.connection.build_connections(
            run, instance, self.names, pages, totals, batch.listing, request, actor, dependents_of(rows)
        )
        self.fill(instance.objects, connections)
        return reached

    def prefetch(self, run: Run) -> Sequence[DependentRead]:
        """Return the reads of all rows' pages and counts, unless they depend on something else that is read."""
        if self.key_index is None:
            return ()
        requests = PausedRead(self._read(run, [])).requests or ()
        reads = [request for request in requests if isinstance(request, Read)]
        if len(reads) < len(requests):
            return ()
        return [DependentRead((id(self), number), self.key_index, read) for number, read in enumerate(reads)]

    @property
    def is_stable(self) -> bool:
        """True if these reads are the same each time for the same actor."""
        return self.connection.is_stable and all(level.is_stable for level in self.connection.levels)

    def _read(self, run: Run, keys: list[Any]) -> Any:
        """Return the actor, the page request, the rows of some keys' pages, and their counts.

        Raises the error that refuses the request, or that the read of the rows raised.
        """
        batch = self.declaration.batch
        assert isinstance(batch, ChildListing)
        connection = self.connection
        actor, request, resolved = yield from connection.prepare_request(
            run, batch.listing, self.declaration.scope, self.declaration.own
        )
        columns = connection.columns(batch.listing, request)
        rows, counts = yield from connection.read(
            run.reads.children(batch, actor, keys, resolved, columns).with_dependents(
                level_prefetch(run, *connection.levels)
            ),
            lambda: run.reads.child_counts(batch, actor, keys, resolved),
        )
        return actor, request, rows, counts


@dataclass(slots=True)
class PermissionEdge(PlanEdge):
    """A flag for each row: the caller may do something to it now."""

    permission: declarations.PermissionValue
    key: Getter

    def resolve(self, run: Run, instance: LevelInstance) -> EdgeProgram:
        """Ask the rule for each row. Under a narrower scope, look up first which rows the scope covers."""
        permission, context = self.permission, run.context
        covered: Any = None
        try:
            actor = context.permitted_actor(permission.scope, own=permission.own, contractors=permission.contractors)
        except MissingScope:
            self.fill(instance.objects, [False] * len(instance.rows))
            return ()
        keys = [self.key(row) for row in instance.rows]
        if actor is not context.actor:
            [rows] = yield [run.reads.rows(permission.by_id, actor, list(dict.fromkeys(keys)), ("id",))]
            if isinstance(rows, Exception):
                raise FallBack("a permission that failed")
            covered = {row[0] for row in rows}
        try:
            flags = [
                (covered is None or key in covered) and permission.allows(row, actor)
                for key, row in zip(keys, instance.views, strict=True)
            ]
        except Exception:
            raise FallBack("a permission that failed") from None
        self.fill(instance.objects, flags)
        return ()


@dataclass(slots=True)
class EmbeddedEdge(PlanEdge):
    """A field whose objects lie in a value of the row."""

    get: Getter
    selection: ObjectSelection

    def resolve(self, _run: Run, instance: LevelInstance) -> EdgeProgram:
        """Build the response's objects from each row's value."""
        try:
            values = [self.get(view) for view in instance.views]
        except Exception:
            raise FallBack("a value that failed") from None
        objects, reached = self.selection.build(instance, values, list(self.names))
        self.fill(instance.objects, objects)
        yield from ()
        return reached
