"""Edges of the roots: whole lists, queries with a resolver, and mutations."""

from collections.abc import Generator
from dataclasses import dataclass

from app.access import Actor
from app.db import read_executor
from app.db.read_batch import dependents_of
from app.graph.dsl import declarations
from app.graph.execution.fallback import FallBack
from app.graph.execution.run.arguments import Arguments
from app.graph.execution.run.existing_objects import ObjectSelection
from app.graph.execution.run.locations import ChildLocation, ParentSteps, steps_by_key, steps_by_key_list
from app.graph.execution.run.node_edges import build_nodes, read_nodes, require_scope
from app.graph.execution.run.page_runtime import ConnectionPlan
from app.graph.execution.run.plan import EdgeProgram, LevelInstance, PlanEdge, PlanLevel, Run
from app.graph.execution.run.prefetch import level_prefetch


@dataclass(slots=True)
class RootListEdge(PlanEdge):
    """A field of the query root that is a whole list."""

    declaration: declarations.QueryDeclaration
    connection: ConnectionPlan

    def resolve(self, run: Run, instance: LevelInstance) -> EdgeProgram:
        """Read the page, and count the list if the selection asks for its count."""
        connection, listing = self.connection, self.declaration.listing
        assert listing is not None
        try:
            actor, request, resolved = yield from connection.prepare_request(
                run, listing, self.declaration.scope, self.declaration.own
            )
            columns = connection.columns(listing, request, sorted_here=False)
            rows, counts = yield from connection.read(
                run.reads.page(listing, actor, resolved, columns).with_dependents(
                    level_prefetch(run, *connection.levels)
                ),
                lambda: run.reads.count(listing, actor, resolved),
            )
        except FallBack:
            raise
        except Exception as error:
            return self.fail(run, instance, error)
        count = [counts[0][0]] if counts else ()
        outputs, reached = connection.build_connections(
            run, instance, self.names, [rows], count, listing, request, actor, dependents_of(rows)
        )
        self.fill(instance.objects, outputs)
        return reached


@dataclass(slots=True)
class QueryEdge(PlanEdge):
    """A field of the query root whose resolver returns one value, or names rows by their keys."""

    declaration: declarations.QueryDeclaration
    arguments: Arguments
    selection: ObjectSelection
    levels: dict[str, PlanLevel]
    """Id prefix → the level of rows of its type."""

    def resolve(self, run: Run, instance: LevelInstance) -> EdgeProgram:
        """Call the resolver, and look up the rows that it names."""
        declaration = self.declaration
        assert declaration.resolve is not None
        try:
            arguments = self.arguments.values(run)
            actor = run.context.permitted_actor(declaration.scope, own=declaration.own)
            result = declaration.resolve(run.context, actor, **arguments)
            if isinstance(result, list):
                return (yield from self._find_nodes(run, instance, result, many=True))
            if isinstance(result, declarations.DeferredLoad):
                if result.batch is None:
                    return (yield from self._find_nodes(run, instance, [result], many=False))
                return (yield from self._find_row(run, instance, actor, result))
            if isinstance(result, Generator):
                value = yield from result
            else:
                [value] = read_executor.raise_first_error((yield [lambda: result]))
        except FallBack:
            raise
        except Exception as error:
            return self.fail(run, instance, error)
        outputs, reached = self.selection.build(instance, [value], list(self.names))
        self.fill(instance.objects, outputs)
        return reached

    def _find_nodes(
        self, run: Run, instance: LevelInstance, loads: list[declarations.DeferredLoad], *, many: bool
    ) -> EdgeProgram:
        """Look up rows by ids of any types: a list of them if `many`, else the only one."""
        if any(load.batch is not None for load in loads):
            raise FallBack("a list of loads by a key of their table")
        keys = [load.key for load in loads]
        for key in keys:
            require_scope(run, key)
        nodes, failed = yield from read_nodes(run, self.levels, keys)
        for error in failed.values():
            raise error

        def steps(row_keys: list[str]) -> ParentSteps:
            return steps_by_key_list([keys], row_keys, self.names) if many else steps_by_key(keys, row_keys, self.names)

        objects, reached = build_nodes(instance, nodes, steps)
        values = [objects.get(key) for key in keys]
        self.fill(instance.objects, [values if many else values[0]])
        return reached

    def _find_row(
        self, run: Run, instance: LevelInstance, actor: Actor, load: declarations.DeferredLoad
    ) -> EdgeProgram:
        """Look up a row by a key of its table."""
        assert load.batch is not None
        level = self.levels[load.batch.table.prefix]
        read = run.reads.rows(load.batch, actor, [load.key], level.columns)
        [rows] = yield [read.with_dependents(level_prefetch(run, level))]
        if isinstance(rows, Exception):
            raise rows
        location = ChildLocation(instance.location, lambda _index: [(0, list(self.names))])
        reached = LevelInstance(level, rows[-1:], location, dependents_of(rows))
        self.fill(instance.objects, [reached.objects[0] if rows else None])
        return [reached] if rows else ()


@dataclass(slots=True)
class MutationEdge(PlanEdge):
    """A field of the mutation root."""

    declaration: declarations.MutationDeclaration
    arguments: Arguments
    selection: ObjectSelection

    def resolve(self, run: Run, instance: LevelInstance) -> EdgeProgram:
        """Perform the mutation, and select from its payload. It runs once, even if graphql-core takes over."""
        try:
            arguments = self.arguments.values(run)
        except Exception as error:
            return self.fail(run, instance, error)
        perform = self.declaration.perform
        [payload] = yield [lambda: run.context.run_once(self.names[0], perform, *arguments.values())]
        if isinstance(payload, Exception):
            return self.fail(run, instance, payload)
        outputs, reached = self.selection.build(instance, [payload], list(self.names))
        self.fill(instance.objects, outputs)
        return reached
