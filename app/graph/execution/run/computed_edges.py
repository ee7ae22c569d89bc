"""Edges to computed values: by a batch function for all objects at once, or by a coroutine for each object."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from app.graph.dsl import declarations
from app.graph.execution.fallback import FallBack
from app.graph.execution.run.arguments import Arguments
from app.graph.execution.run.edges import Getter
from app.graph.execution.run.existing_objects import ObjectSelection
from app.graph.execution.run.plan import EdgeProgram, LevelInstance, PlanEdge, Run
from app.lists.listings import ChildListing, Lookup


@dataclass(slots=True)
class BatchEdge(PlanEdge):
    """An edge to what a batch function computes for the keys of all objects."""

    declaration: declarations.EdgeDeclaration
    key: Getter
    """Reads the key off an object's row."""
    arguments: Arguments
    argument_names: tuple[str, ...]
    """The arguments in the order of the batch function's parameters."""
    output: Getter | ObjectSelection
    """Serializes a leaf value, or selects from objects."""

    def resolve(self, run: Run, instance: LevelInstance) -> EdgeProgram:
        """Compute the values of all keys by one call."""
        declaration = self.declaration
        try:
            values = self.arguments.values(run)
            actor = run.context.permitted_actor(declaration.scope, own=declaration.own)
        except Exception as error:
            return self.fail(run, instance, error)
        keys = [self.key(row) for row in instance.rows]
        distinct_keys = list(dict.fromkeys(key for key in keys if key is not None))
        if not distinct_keys:
            return ()
        batch = declaration.batch
        assert not isinstance(batch, Lookup | ChildListing)
        if batch is None:
            return self._fill_values(run, instance, keys, {})
        arguments = [values.get(name) for name in self.argument_names]
        [computed] = yield [partial(run.context.run_query, batch, actor, distinct_keys, *arguments)]
        if isinstance(computed, Exception):
            run.add_error(instance, [index for index, key in enumerate(keys) if key is not None], self, computed)
            return ()
        return self._fill_values(run, instance, keys, computed)

    def _fill_values(
        self, run: Run, instance: LevelInstance, keys: list[Any], computed: dict[Any, Any]
    ) -> Sequence[LevelInstance]:
        derive, output = self.declaration.value, self.output
        rows = instance.views if derive is not None else instance.rows
        values: list[Any] = []
        for index, (key, row) in enumerate(zip(keys, rows, strict=True)):
            try:
                value = None if key is None else computed.get(key)
                if key is not None and derive is not None:
                    value = derive(row, value, run.context)
                values.append(value if isinstance(output, ObjectSelection) else output(value))
            except Exception as error:
                values.append(None)
                run.add_error(instance, [index], self, error)
        if not isinstance(output, ObjectSelection):
            self.fill(instance.objects, values)
            return ()
        objects, reached = output.build(instance, values, list(self.names))
        self.fill(instance.objects, objects)
        return reached


@dataclass(slots=True)
class AsyncValueEdge(PlanEdge):
    """A field whose objects a coroutine returns for each object."""

    get: Callable[[Any], Any]
    selection: ObjectSelection

    def resolve(self, _run: Run, instance: LevelInstance) -> EdgeProgram:
        """Await the coroutine of each object."""
        values = yield [partial(self.get, view) for view in instance.views]
        if any(isinstance(value, Exception) for value in values):
            raise FallBack("a value that failed")
        objects, reached = self.selection.build(instance, values, list(self.names))
        self.fill(instance.objects, objects)
        return reached
